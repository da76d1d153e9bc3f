import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { measureInChild, megabytes } from "./child.ts";
import type { DayCompaction } from "./scale/compact-day.ts";
import type { IslandsRead } from "./scale/read-islands.ts";

export interface BigDayBench {
  readonly name: "big-day";
  readonly unit: "megabytes of peak memory";
  readonly rows: number;
  readonly compaction: Omit<DayCompaction, "peakBytes"> & {
    readonly rowsPerCpuSecond: number;
    readonly peakMegabytes: number;
  };
  /** Going through all rows for `cloud verify`, after compaction: a few very large files. */
  readonly verification: Omit<IslandsRead, "peakBytes"> & {
    readonly rowsPerCpuSecond: number;
    readonly peakMegabytes: number;
  };
  readonly target: number;
  readonly ok: boolean;
}

const ROWS = 20_000_000;
const FILES = 100;
const MAX_FILE_BYTES = 256 * 1024 * 1024;
/** DuckDB's own limit is 1 GB, in each of the two engines of the compacting process; Node comes on top. */
const TARGET = 2000;

const script = (name: string): URL => new URL(`scale/${name}.ts`, import.meta.url);

/** A day of twenty million rows: compacted beside a worker that commits, then verified. */
export const benchBigDay = async (): Promise<BigDayBench> => {
  const folder = await mkdtemp(join(tmpdir(), "bench-big-day-"));
  try {
    await measureInChild(script("make-day"), [folder, String(ROWS), String(FILES)]);
    const { peakBytes: compacting, ...compacted } = await measureInChild<DayCompaction>(
      script("compact-day"),
      [folder],
    );
    const { peakBytes: verifying, ...verified } = await measureInChild<IslandsRead>(script("read-islands"), [
      folder,
    ]);
    const compaction = {
      ...compacted,
      rowsPerCpuSecond: Math.round(compacted.rows / compacted.cpuSeconds),
      peakMegabytes: megabytes(compacting),
    };
    const verification = {
      ...verified,
      rowsPerCpuSecond: Math.round(verified.rows / verified.cpuSeconds),
      peakMegabytes: megabytes(verifying),
    };
    const isWhole = compacted.rows === ROWS && compacted.rowsOfOlderSnapshot === ROWS;
    const isSorted = compacted.sharedVehicles < compacted.fileBytes.length;
    const isSmall = compacted.fileBytes.every((bytes) => bytes <= MAX_FILE_BYTES);
    const isBounded = Math.max(compaction.peakMegabytes, verification.peakMegabytes) <= TARGET;
    return {
      name: "big-day",
      unit: "megabytes of peak memory",
      rows: ROWS,
      compaction,
      verification,
      target: TARGET,
      ok: isWhole && isSorted && isSmall && isBounded,
    };
  } finally {
    await rm(folder, { recursive: true });
  }
};
