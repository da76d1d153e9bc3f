import { spawn, type ChildProcess } from "node:child_process";
import { createInterface, type Interface } from "node:readline";

interface Answer {
  readonly ok?: unknown;
  readonly error?: string;
}

const LAST_LINES = 40;

/** A program that answers each line of JSON with one line of JSON: `{"ok": …}` or `{"error": …}`. */
export class LineDialogue implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #reader: Interface;
  #stderr: string[] = [];

  constructor(program: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env) {
    this.#child = spawn(program, [...args], { stdio: ["pipe", "pipe", "pipe"], env });
    if (this.#child.stdout === null || this.#child.stderr === null) throw new Error("no pipes");
    this.#reader = createInterface({ input: this.#child.stdout });
    this.#lines = this.#reader[Symbol.asyncIterator]();
    this.#child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr = [...this.#stderr, ...text.split("\n")].slice(-LAST_LINES);
    });
  }

  async ask<T>(request: unknown): Promise<T> {
    this.#child.stdin?.write(`${JSON.stringify(request)}\n`);
    for (;;) {
      const { value, done } = await this.#lines.next();
      if (done === true) throw new Error(`the reader ended:\n${this.#stderr.join("\n")}`);
      if (!value.startsWith("{")) continue;
      const answer = JSON.parse(value) as Answer;
      if (answer.error !== undefined) throw new Error(answer.error);
      return answer.ok as T;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const ended = new Promise<void>((resolve) => void this.#child.once("exit", () => resolve()));
    this.#child.stdin?.end();
    this.#reader.close();
    this.#child.kill("SIGTERM");
    await ended;
  }
}
