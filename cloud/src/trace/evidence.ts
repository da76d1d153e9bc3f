import type { RecordId, UnixMillis } from "@roadstream/shared";
import type { LogPosition, TopicPartition } from "@roadstream/shared/event-log";
import type { Cell } from "../sql/query-result.ts";
import type { SeriesStatement } from "../verify/series-statement.ts";

export type CellRow = Readonly<Record<string, Cell>>;

/** A row of the record in its stream's table. */
export interface LandedRow {
  readonly values: CellRow;
  /** Where the file lies that holds it now. */
  readonly file: string;
  /** The snapshot that brought this file; null when it has expired. */
  readonly snapshot: FileSnapshot | null;
}

export interface FileSnapshot {
  readonly id: bigint;
  readonly sequenceNumber: number;
  readonly committedAt: UnixMillis;
  /** `append` by ingest; `replace` when compaction wrote the row again. */
  readonly operation: string;
  /** UUID of our commit; null of another engine's. */
  readonly commit: string | null;
}

export interface LoggedRecord extends LogPosition {
  /** The record itself, or a dead letter that stands for it. */
  readonly kind: "record" | "dead_letter";
  readonly topic: string;
  readonly appendedAt: UnixMillis;
  /** From capture to sending by the car's own monotonic clock; null where that cannot be said. */
  readonly ageAtSendingMs: number | null;
}

/** What all checkpoints together say of the record's series. */
export interface CheckpointEvidence {
  readonly statement: SeriesStatement;
  /** The boot is over: it gave no further number. */
  readonly closed: boolean;
  /** Why the car dropped the record, if it did. */
  readonly droppedBecause: string | null;
  /** The vehicle uses another outbox by now. */
  readonly isReplaced: boolean;
  /** Whether all tables have passed what the log held of this vehicle when its newest checkpoint landed. */
  readonly isPassed: boolean;
}

/** A partition of the log that was not searched through: further ahead of the table than is read, or cut before it. */
export interface UnsearchedLog extends TopicPartition {
  /** Offsets from here up to, not including, `to` were looked at; the table would read on at `wanted`, the log ends at `end`. */
  readonly from: number;
  readonly to: number;
  readonly wanted: number;
  readonly end: number;
}

/** All that lake and log know of one record. */
export interface Evidence {
  readonly id: RecordId;
  readonly landed: readonly LandedRow[];
  readonly deadLetters: readonly CellRow[];
  /** Rows of agent_events that declare it dropped. */
  readonly gaps: readonly CellRow[];
  /** What the ledger of its table says; `erased`: with its vehicle; null: nothing. */
  readonly ledger: "landed" | "rejected" | "erased" | null;
  /** Whether rows of its table went by retention, an erasure or another engine. */
  readonly hasRemovals: boolean;
  /** Whether a ledger that might have known it was rebuilt, and forgot rows or letters that had been removed. */
  readonly hasForgotten: boolean;
  /** Null when no checkpoint speaks of its series. */
  readonly checkpoint: CheckpointEvidence | null;
  /** `unread`: no log was named · null: looked for, not there. */
  readonly logged: LoggedRecord | null | "unread";
  /** Where it was not found and not everything that waits was looked at. */
  readonly unsearched: readonly UnsearchedLog[];
}
