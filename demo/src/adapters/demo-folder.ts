import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { relative } from "node:path";
import { RoadstreamError, type Clock } from "@roadstream/shared";
import { z } from "zod";
import { demoBelongings, type DemoPaths } from "../plan/demo-paths.ts";
import type { RunEntry } from "../supervise/run-list.ts";
import { endProcess, isRunning } from "./foreign-process.ts";
import { writeFileAtomic } from "./write-file-atomic.ts";

const MARK = `${JSON.stringify({ made_by: "roadstream demo", layout: 1 })}\n`;
const LOCK = z.object({ pid: z.number(), argv: z.array(z.string()) });
const RUN = z.array(z.looseObject({ stage: z.string(), pid: z.number(), argv: z.array(z.string()) }));

export interface DemoFolder extends Disposable {
  writeRun(entries: readonly RunEntry[]): void;
  /** Vehicles that have an outbox here. */
  readonly vehicles: readonly string[];
}

const readJson = <T>(file: string, schema: z.ZodType<T>): T | null => {
  try {
    return schema.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch {
    return null;
  }
};

/**
 * Takes a folder for this demo alone: ends what an earlier demo left running, empties it where that is wished, and
 * never touches a folder or file that no demo made. Throws `usage` where it cannot be taken.
 */
export const openDemoFolder = async (options: {
  readonly paths: DemoPaths;
  readonly reset: boolean;
  readonly clock: Clock;
  readonly note: (text: string) => void;
}): Promise<DemoFolder> => {
  const { paths, reset } = options;
  refuseForeign(paths);
  mkdirSync(paths.folder, { recursive: true });
  takeLock(paths);
  try {
    await endLeftovers(options);
    if (reset) for (const path of demoBelongings(paths)) rmSync(path, { recursive: true, force: true });
    writeFileAtomic(paths.mark, MARK);
    for (const folder of [paths.agents, paths.output]) mkdirSync(folder, { recursive: true });
  } catch (error) {
    rmSync(paths.lock, { force: true });
    throw error;
  }
  return {
    vehicles: readdirSync(paths.agents).sort(),
    writeRun: (entries) => writeFileAtomic(paths.run, `${JSON.stringify(entries, null, 2)}\n`),
    [Symbol.dispose]: () => rmSync(paths.lock, { force: true }),
  };
};

const refuseForeign = (paths: DemoPaths): void => {
  if (existsSync(paths.mark)) return;
  const found = demoBelongings(paths).find((path) => existsSync(path));
  if (found === undefined) return;
  throw new RoadstreamError(
    "usage",
    `${paths.folder} is not a demo's folder, but holds ${relative(paths.folder, found)}`,
    {
      hint: "give another folder with --data",
    },
  );
};

const takeLock = (paths: DemoPaths): void => {
  const own = JSON.stringify({ pid: process.pid, argv: process.argv.slice(1) });
  const holder = readJson(paths.lock, LOCK);
  if (holder !== null && isRunning(holder.pid, holder.argv)) {
    throw new RoadstreamError(
      "usage",
      `a demo is already running in ${paths.folder} (process ${holder.pid})`,
      {
        hint: "end it with Ctrl-C, or give this one another folder with --data",
      },
    );
  }
  rmSync(paths.lock, { force: true });
  try {
    writeFileSync(paths.lock, own, { flag: "wx" });
  } catch (cause) {
    throw new RoadstreamError("usage", `cannot take ${paths.folder} for this demo`, { cause });
  }
};

/** Stages of a demo that was killed together with its warden. */
const endLeftovers = async (options: {
  readonly paths: DemoPaths;
  readonly clock: Clock;
  readonly note: (text: string) => void;
}): Promise<void> => {
  const { paths, clock, note } = options;
  for (const { stage, pid, argv } of readJson(paths.run, RUN) ?? []) {
    // The program's own name is a word here and a part of a path in the process table; the flags are the same in both.
    const endsWith = argv.slice(2);
    if (pid <= 0 || endsWith.length === 0 || !isRunning(pid, endsWith)) continue;
    note(`An earlier demo left its ${stage} running (process ${pid}): ending it first.`);
    await endProcess(clock, { pid, endsWith });
  }
};
