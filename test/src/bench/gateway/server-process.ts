import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";

/** A broker under test in a process of its own. */
export class ServerProcess implements AsyncDisposable {
  readonly port: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
  }

  static async start(main: URL, args: readonly string[]): Promise<ServerProcess> {
    const child = spawn(
      process.execPath,
      ["--conditions=source", "--disable-warning=ExperimentalWarning", main.pathname, ...args],
      {
        stdio: ["ignore", "ignore", "pipe"],
      },
    );
    for await (const line of createInterface({ input: child.stderr })) {
      if (!line.startsWith(`{"event":"ready"`)) continue;
      const { listen } = JSON.parse(line) as { listen: string };
      // Whatever it says from here on must not fill the pipe.
      child.stderr.resume();
      return new ServerProcess(child, Number(new URL(listen).port));
    }
    throw new Error(`${main.pathname} ended before it was ready`);
  }

  /**
   * Time on a CPU of all its threads so far, in seconds. The kernel counts it in nanoseconds in schedstat (proc(5)); in
   * stat it has ticks of 10 ms, too coarse for what a short round takes.
   */
  cpuSeconds(): number {
    const tasks = `/proc/${this.#child.pid}/task`;
    const ofThread = (id: string): number =>
      Number(readFileSync(`${tasks}/${id}/schedstat`, "utf8").split(" ")[0]);
    return readdirSync(tasks).reduce((sum, id) => sum + ofThread(id), 0) / 1e9;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGTERM");
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, "exit");
  }
}
