import { readFileSync } from "node:fs";
import { leash } from "../../processes/leashed-process.ts";

/** USER_HZ, fixed at 100 in Linux's ABI for /proc (proc(5)). */
const TICKS_PER_SECOND = 100;
/** Of the fields after the name: cutime and cstime, fields 16 and 17 in proc(5). */
const CHILDREN = [13, 14] as const;

/** User and system time of all children of this process that have ended, and of theirs. */
const endedChildrenSeconds = (): number => {
  const stat = readFileSync("/proc/self/stat", "utf8");
  // The name before may hold anything between its parentheses.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return CHILDREN.reduce((sum, i) => sum + Number(fields[i]), 0) / TICKS_PER_SECOND;
};

export interface MeasuredRun {
  /** Of the program and of everything that it started. */
  readonly cpuSeconds: number;
  /** The JSON object in the last line that it printed. */
  readonly said: Readonly<Record<string, unknown>>;
}

/** Runs a program to its end. Nothing else that this process started may end meanwhile: it would be counted. */
export const measuredRun = async (
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<MeasuredRun> => {
  const before = endedChildrenSeconds();
  await using running = await leash(program, args, { env: { ...process.env, ...env } });
  const { code, signal } = await running.exit;
  if (code !== 0) throw new Error(`${program} ended with ${signal ?? code}:\n${running.output()}`);
  const line = running.stdout.all().findLast((one) => one.startsWith("{"));
  if (line === undefined) throw new Error(`${program} said nothing:\n${running.output()}`);
  return {
    cpuSeconds: endedChildrenSeconds() - before,
    said: JSON.parse(line) as Readonly<Record<string, unknown>>,
  };
};
