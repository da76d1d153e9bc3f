import { spawn } from "node:child_process";
import { constants } from "node:os";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { OutputLines } from "./output-lines.ts";

/**
 * A program that cannot outlive this process, however that ends: a shell holds the other end of a pipe (descriptor 3)
 * and kills the program when the pipe closes. The program's id goes out on descriptor 4, so that standard input and
 * output are the program's alone.
 */
const LEASH = `
exec 5<&0
"$@" <&5 3<&- 4>&- 5<&- & child=$!
exec 0</dev/null 5<&- 2>/dev/null
echo "$child" >&4
(read -r never <&3; kill -9 "$child") & watch=$!
wait "$child"; code=$?
kill "$watch"
exit "$code"`;

/** A shell's way to say that a program was ended by a signal. */
const SIGNAL_BASE = 128;
const SIGNAL_NAMES = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name]));

export interface ProcessEnd {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly signal: string | null;
}

export interface LeashedProcess extends AsyncDisposable {
  readonly pid: number;
  readonly stdin: Writable;
  readonly stdout: OutputLines;
  readonly stderr: OutputLines;
  /** Settles once it has ended and everything that it printed is there. */
  readonly exit: Promise<ProcessEnd>;
  /** The end of what it printed, for a person. */
  output(): string;
  /** SIGKILL, and waits until it is gone. */
  kill9(): Promise<void>;
  /** Nothing happens to a process that has ended. */
  signal(name: NodeJS.Signals): void;
}

const endOf = (code: number | null): ProcessEnd => {
  const signal = code === null ? "SIGKILL" : (SIGNAL_NAMES.get(code - SIGNAL_BASE) ?? null);
  return { code: signal === null ? code : null, signal };
};

export const leash = async (
  program: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<LeashedProcess> => {
  const shell = spawn("sh", ["-c", LEASH, "leash", program, ...args], {
    cwd: options.cwd,
    env: options.env ?? process.env,
    stdio: ["pipe", "pipe", "pipe", "pipe", "pipe"],
  });
  const stdout = new OutputLines(shell.stdout);
  const stderr = new OutputLines(shell.stderr);
  const output = (): string => [stdout.tail(), stderr.tail()].filter((text) => text !== "").join("\n");
  // A program that has ended reads no more; that is no failure of who writes to it.
  for (const pipe of [shell.stdin, shell.stdio[3] as Writable]) pipe.on("error", () => undefined);
  let isGone = false;
  const exit = new Promise<ProcessEnd>((resolve, reject) => {
    shell.on("error", reject);
    shell.on("close", (code) => {
      isGone = true;
      resolve(endOf(code));
    });
  });
  const pid = await Promise.race([
    new Promise<number>((resolve) => {
      createInterface({ input: shell.stdio[4] as Readable }).once("line", (line) => resolve(Number(line)));
    }),
    exit.then(() => Promise.reject(new Error(`${program} did not start: ${output()}`))),
  ]);
  const signal = (name: NodeJS.Signals): void => {
    try {
      if (!isGone) process.kill(pid, name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  };
  const kill9 = async (): Promise<void> => {
    signal("SIGKILL");
    await exit;
  };
  return {
    pid,
    stdin: shell.stdin,
    stdout,
    stderr,
    exit,
    output,
    kill9,
    signal,
    [Symbol.asyncDispose]: kill9,
  };
};
