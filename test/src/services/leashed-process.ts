import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/**
 * A program that cannot outlive this process, however that ends: a shell holds the other end of a pipe and kills the
 * program when the pipe closes.
 */
const LEASH = `"$@" & child=$!; echo "leashed $child"; cat >/dev/null; kill -9 $child 2>/dev/null; wait $child`;
const TAIL_CHARACTERS = 4000;

export interface LeashedProcess {
  readonly pid: number;
  /** The end of what it printed, for a person. */
  output(): string;
  /** SIGKILL, and waits until it is gone. */
  kill9(): Promise<void>;
  signal(name: "SIGSTOP" | "SIGCONT" | "SIGTERM"): void;
}

export const leash = async (
  program: string,
  args: readonly string[],
  options: { cwd?: string; env?: Readonly<Record<string, string>> } = {},
): Promise<LeashedProcess> => {
  const shell = spawn("sh", ["-c", LEASH, "leash", program, ...args], {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const gone = new Promise<void>((resolve) => {
    shell.on("close", () => resolve());
    shell.on("error", () => resolve());
  });
  let tail = "";
  const pid = await new Promise<number>((resolve, reject) => {
    void gone.then(() => reject(new Error(`${program} did not start: ${tail}`)));
    createInterface({ input: shell.stdout }).on("line", (line) => {
      const told = /^leashed (\d+)$/.exec(line);
      if (told !== null) resolve(Number(told[1]));
      else tail = `${tail}${line}\n`.slice(-TAIL_CHARACTERS);
    });
    shell.stderr.on("data", (chunk: Buffer) => {
      tail = (tail + chunk.toString("utf8")).slice(-TAIL_CHARACTERS);
    });
  });
  return {
    pid,
    output: () => tail,
    kill9: async () => {
      shell.stdin.end();
      await gone;
    },
    signal: (name) => void process.kill(pid, name),
  };
};
