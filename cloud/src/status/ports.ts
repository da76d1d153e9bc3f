import type { TableName } from "@roadstream/shared";
import type { TableDefinition } from "../ports.ts";

/** Upper bounds of the histogram's steps, in seconds; a last step has what is above. */
export const LATENCY_STEPS_S = [0.5, 1, 2, 5, 10, 30, 60, 300, 3600] as const;

export interface LatencyStatistics {
  readonly rows: number;
  readonly p50_ms: number;
  readonly p90_ms: number;
  readonly p99_ms: number;
  /** Rows of each step, those of the steps below not included; `le_s` null: above all bounds. */
  readonly histogram: readonly { readonly le_s: number | null; readonly rows: number }[];
}

/** What the rows say that can be queried since the window began. */
interface RecentRows {
  readonly rows: number;
  /** Unix milliseconds. */
  readonly newestEventAt: number | null;
  /** Of rows whose car had a clock that can be compared with ours, back-fill included. */
  readonly captureToQueryable: LatencyStatistics | null;
  /** From the gateway's acceptance: the path's own share, of all rows. */
  readonly receivedToQueryable: LatencyStatistics | null;
}

/** A data file, and since when its rows can be queried, Unix milliseconds; null: nobody knows any more, `landed_at` counts. */
export interface RecentFile {
  readonly key: string;
  readonly queryableAt: number | null;
}

interface RecentRowsQuestion {
  readonly definition: TableDefinition;
  readonly files: readonly RecentFile[];
  /** Unix milliseconds: rows that can be queried from then on. */
  readonly since: number;
}

export type AskRecentRows = (question: RecentRowsQuestion) => Promise<RecentRows>;

/** Milliseconds that commits took, from when the worker began with the batch until all but the metadata was put. */
export interface CommitDurations {
  readonly p50: number;
  readonly p99: number;
}

/** How far a table is behind one partition of its topic. */
export interface PartitionLag {
  readonly partition: number;
  /** The log's oldest record, and where its next one will stand. */
  readonly start: number;
  readonly end: number;
  /** Where the table will read on. */
  readonly next: number;
  /** Records not landed yet. */
  readonly records: number;
}

/**
 * Whether the log is the one that fed the table. `replaced`: it has another identity, ends before the place where the
 * table reads on, or has the topic no more · `absent`: it has no such topic, and the table was never fed.
 */
export type LogState = "same" | "replaced" | "absent";

interface TopicLag {
  readonly log: LogState;
  /** Null: the topic does not exist. */
  readonly lag: readonly PartitionLag[] | null;
}

export type MeasureLag = (table: TableName) => Promise<TopicLag>;
