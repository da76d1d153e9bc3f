import type { UnixMillis, UptimeMillis } from "@roadstream/shared";
import type { LandingRows } from "./landing-rows.ts";
import type { LiveFile, NewDataFile, TableDefinition } from "../ports.ts";

/** Rows of one batch. */
export interface RowBatch {
  readonly table: TableDefinition;
  readonly rows: LandingRows;
  readonly landedAt: UnixMillis;
  /** The machine boot of this process: rows of the same one have an exact capture-to-queryable latency. */
  readonly machineBoot: string;
  /** Its monotonic clock. */
  readonly uptime: UptimeMillis;
}

/** How many readings were captured about when (10 ms steps of this machine's monotonic clock); only those that can tell. */
export interface CapturedAt {
  readonly uptimeMs: number;
  readonly rows: number;
}

export type WriteOutcome =
  | {
      readonly kind: "written";
      readonly files: readonly NewDataFile[];
      readonly captured: readonly CapturedAt[];
    }
  /** The database does not read these rows as the contract does: nothing was written. */
  | { readonly kind: "refused"; readonly reason: string }
  /** More UTC days than one commit may have files. */
  | { readonly kind: "too_many_days"; readonly days: number };

/** Turns rows into Parquet files, one per UTC day, under names never used before. */
export interface RowWriter extends AsyncDisposable {
  write(batch: RowBatch, maxDays: number): Promise<WriteOutcome>;
  /** Whether the database reads these rows as the contract does; writes nothing. */
  accepts(batch: RowBatch): Promise<boolean>;
}

/** Of letters, by id, those that data files of dead_letters hold. Throws `storage` where a file is gone. */
export type LettersIn = (
  files: readonly Pick<LiveFile, "key">[],
  ids: ReadonlySet<string>,
) => Promise<readonly string[]>;
