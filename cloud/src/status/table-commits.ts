import { readBatchSummary } from "../lake/batch-summary.ts";
import { type Snapshot } from "../lake/table-metadata.ts";
import { SUMMARY } from "../lake/table-properties.ts";
import type { TableHead } from "../ports.ts";
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
/** Of a worker, mostly: what compaction, retention and erasure put instead of files is no append. */
export const isBatch = (one: Snapshot): boolean => isOurs(one) && one.summary["operation"] === "append";
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
