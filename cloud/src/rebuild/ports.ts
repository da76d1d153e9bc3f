import type { StreamName } from "@roadstream/shared";
import type { LiveFile } from "../ports.ts";

export interface SeriesTime {
  readonly vehicleId: string;
  readonly bootId: string;
  /** When the log took its newest record, Unix milliseconds. */
  readonly appendedAt: number;
}

/** What a dead letter stands for. */
export interface LetterClaim {
  readonly partition: number;
  readonly vehicleId: string;
  readonly bootId: string;
  readonly stream: string;
  readonly from: number;
  readonly to: number;
  /** Unix milliseconds; the table does not keep the log's own time of a letter. */
  readonly landedAt: number;
}

export interface LetterId {
  readonly partition: number;
  readonly id: string;
}

/** What a ledger is made of, beyond the numbers themselves, as the rows of a table tell it. */
export interface LedgerRows {
  /** Of series with sound identities. */
  lastAppended(stream: StreamName, files: readonly LiveFile[]): AsyncIterable<readonly SeriesTime[]>;
  /** Rows of each log partition. */
  letterCounts(files: readonly LiveFile[]): Promise<ReadonlyMap<number, number>>;
  /** Of letters that say all of it. */
  letterClaims(files: readonly LiveFile[]): AsyncIterable<readonly LetterClaim[]>;
  /** The newest of each log partition, in log order. */
  letterIds(files: readonly LiveFile[], limit: number): AsyncIterable<readonly LetterId[]>;
}
