import { readBatchSummary } from "../lake/batch-summary.ts";
import { columnNamed } from "../lake/iceberg-schema.ts";
import type { LiveEntry } from "../lake/live-files.ts";
import { millisOf } from "../lake/single-value.ts";
import { type Snapshot } from "../lake/table-metadata.ts";
import { SUMMARY } from "../lake/table-properties.ts";
import type { LiveFile, TableDefinition, TableHead } from "../ports.ts";
import type { CommitDurations } from "./ports.ts";

/** What the snapshots that are still there say of commits. */
export interface TableCommits {
  /** Our newest commit, Unix milliseconds; null before the first. */
  readonly lastAt: number | null;
  /** Our newest commit that brought rows. */
  readonly lastRowsAt: number | null;
  /** Of workers, within the window. */
  readonly commits: number;
  /** How often one of these found that another commit had come first, and went on top of it. */
  readonly overtaken: number;
  /** Batches that their workers dropped before one of these, since a partition or the table had moved. */
  readonly dropped: number;
  readonly durations: CommitDurations | null;
  readonly rows: number;
}

const isOurs = ({ summary }: Snapshot): boolean => summary[SUMMARY.commit] !== undefined;
/** Of a worker: what compaction, retention and erasure put instead is no append. */
const isBatch = (one: Snapshot): boolean => isOurs(one) && one.summary["operation"] === "append";
const newest = (snapshots: readonly Snapshot[]): number | null =>
  snapshots.reduce<number | null>((at, one) => Math.max(at ?? 0, one["timestamp-ms"]), null);

const addedRows = ({ summary }: Snapshot): number => {
  const rows = Number(summary["added-records"] ?? 0);
  return Number.isSafeInteger(rows) ? rows : 0;
};

/** The smallest value that `share` (0..1) of them do not exceed. */
const nearestRank = (ascending: readonly number[], share: number): number =>
  ascending[Math.max(0, Math.ceil(share * ascending.length) - 1)] ?? 0;

const durationsOf = (values: readonly number[]): CommitDurations | null => {
  if (values.length === 0) return null;
  const ascending = values.toSorted((a, b) => a - b);
  return { p50: nearestRank(ascending, 0.5), p99: nearestRank(ascending, 0.99) };
};

export const tableCommits = (head: TableHead, since: number): TableCommits => {
  const { snapshots } = head.stored.metadata;
  const batches = snapshots.filter(isBatch);
  const recent = batches.filter((one) => one["timestamp-ms"] >= since);
  const told = recent.map(({ summary }) => readBatchSummary(summary));
  return {
    lastAt: newest(snapshots.filter(isOurs)),
    lastRowsAt: newest(batches.filter((one) => addedRows(one) > 0)),
    commits: recent.length,
    overtaken: told.reduce((sum, { attempt }) => sum + attempt - 1, 0),
    dropped: told.reduce((sum, { dropped }) => sum + dropped, 0),
    durations: durationsOf(told.flatMap(({ commitMs }) => (commitMs === null ? [] : [commitMs]))),
    rows: recent.reduce((sum, one) => sum + addedRows(one), 0),
  };
};

/** Up to when rows of a file landed, by its own statistics; null where these do not say. */
const lastLandedAt = ({ entry }: LiveEntry, landedAt: number): number | null => {
  const bound = entry.data_file.upper_bounds?.find(({ key }) => key === landedAt)?.value;
  return bound === undefined ? null : millisOf(bound);
};

/**
 * The files that may hold rows landed since. Where a file's statistics do not tell (another engine's), those newer than
 * the newest snapshot before: all of them, when that was expired, as on a busy table it is within the hour.
 */
export const recentFiles = (
  definition: TableDefinition,
  head: TableHead,
  entries: readonly LiveEntry[],
  since: number,
): readonly LiveFile[] => {
  const before = head.stored.metadata.snapshots
    .filter((one) => one["timestamp-ms"] < since)
    .reduce((sequence, one) => Math.max(sequence, one["sequence-number"]), 0);
  const { id } = columnNamed(definition, "landed_at");
  return entries
    .filter((one) => {
      const last = lastLandedAt(one, id);
      return last === null ? one.file.sequenceNumber > before : last >= since;
    })
    .map(({ file }) => file);
};
