import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

/** USER_HZ, fixed at 100 in Linux's ABI for /proc (proc(5)). */
const TICKS_PER_SECOND = 100;

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

  /** User and system time of all its threads so far, in seconds. */
  cpuSeconds(): number {
    const stat = readFileSync(`/proc/${this.#child.pid}/stat`, "utf8");
    // The fields after the name, which may hold anything between its parentheses; utime and stime are fields 14 and 15.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGTERM");
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, "exit");
  }
}
