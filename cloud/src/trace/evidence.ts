import type { Checkpoint, RecordId, UnixMillis } from "@roadstream/shared";
import type { LogPosition } from "@roadstream/shared/event-log";
import type { Cell } from "../sql/query-result.ts";

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

export interface CheckpointEvidence {
  readonly checkpoint: Checkpoint;
  /** The record that held it. */
  readonly seq: number;
  /** Whether the record's table and the dead letters have passed everything that the log held when it landed. */
  readonly isPassed: boolean;
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
  /** The newest checkpoint that speaks of its boot. */
  readonly checkpoint: CheckpointEvidence | null;
  /** `unread`: no log was named · null: looked for, not there. */
  readonly logged: LoggedRecord | null | "unread";
}
