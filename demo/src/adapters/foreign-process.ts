import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { millis, seconds, type Clock } from "@roadstream/shared";

/** The command line of a process with blanks between its words; null when there is none. */
const commandLine = (pid: number): string | null => {
  try {
    if (process.platform === "linux") {
      const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
      // A process that has ended but was not waited for has no words left.
      return words.length > 1 ? words.join(" ").trim() : null;
    }
    return execFileSync("ps", ["-o", "command=", "-p", String(pid)], { encoding: "utf8" }).trim();
  } catch {
    return null;
  }
};

/** Whether this process runs and its command line ends with these words: its number may be somebody else's by now. */
export const isRunning = (pid: number, endsWith: readonly string[]): boolean =>
  commandLine(pid)?.endsWith(endsWith.join(" ")) === true;

const GENTLE_LIMIT = seconds(10);
const LOOK_EVERY = millis(50);

/** SIGTERM, and SIGKILL to whoever does not heed it. */
export const endProcess = async (
  clock: Clock,
  found: { readonly pid: number; readonly endsWith: readonly string[] },
): Promise<void> => {
  const send = (signal: NodeJS.Signals): void => {
    try {
      process.kill(found.pid, signal);
    } catch {
      // Gone in the meantime.
    }
  };
  const isGone = (): boolean => !isRunning(found.pid, found.endsWith);
  const deadline = clock.uptime() + GENTLE_LIMIT;
  send("SIGTERM");
  while (!isGone()) {
    if (clock.uptime() >= deadline) send("SIGKILL");
    await clock.sleep(LOOK_EVERY);
  }
};
