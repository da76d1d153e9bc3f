import type { Checkpoint, TableName, Sha256 } from "@roadstream/shared";
import type { Refusal } from "../dead-letters/refusal.ts";
import { LedgerDelta } from "../ledger/ledger-delta.ts";
import type { PartitionLedger } from "../ledger/partition-ledger.ts";
import type { SeriesRanges } from "../ledger/series-ranges.ts";
import type { PictureObject } from "../pictures/store-pictures.ts";
import { LandingRows } from "./landing-rows.ts";
import type { RawBatch } from "./raw-batch.ts";

/** What one log partition gives to a commit. */
export interface StagedPartition {
  readonly delta: LedgerDelta;
  /** Where the table's share of the log begins after this commit. */
  next: number;
  /** The value of the record before that. */
  lastValue: string;
}

export interface LandedCheckpoint {
  readonly partition: number;
  readonly vehicleId: string;
  readonly bootId: string;
  readonly seq: number;
  readonly logOffset: number;
  readonly checkpoint: Checkpoint;
}

/** A batch after judgement and before any I/O: what lands, what is refused, what the ledger gains. */
export interface StagedBatch {
  readonly table: TableName;
  /** For the database. */
  readonly rows: LandingRows;
  readonly partitions: Map<number, StagedPartition>;
  readonly refusals: Refusal[];
  readonly pictures: PictureObject[];
  readonly checkpoints: LandedCheckpoint[];
  /** Retired series that spoke again, and the archives to load before this batch can be staged. */
  readonly recalls: Map<string, string>;
  /** Dead letters that may have landed longer ago than the ledger remembers: the table is asked for them. */
  readonly lettersToFind: Set<string>;
}

export interface StageOptions {
  readonly raw: RawBatch;
  readonly ledgers: ReadonlyMap<number, PartitionLedger>;
  readonly partitionCount: number;
  /** `fast` leaves limits and dates to the database; `slow` judges every record here. */
  readonly lane: "fast" | "slow";
  /** Positions that the database reads otherwise than the contract does. */
  readonly quarantined: ReadonlySet<string>;
  readonly recalled: ReadonlyMap<string, SeriesRanges>;
  /** Of the letters to find, those that are in the table, as far as it was asked. */
  readonly lettersFound: ReadonlySet<string>;
  readonly uuid: () => string;
  readonly sha256: Sha256;
}

export const positionText = (partition: number, offset: number): string => `${partition}:${offset}`;

export const emptyStage = (table: TableName): StagedBatch => ({
  table,
  rows: new LandingRows(),
  partitions: new Map(),
  refusals: [],
  pictures: [],
  checkpoints: [],
  recalls: new Map(),
  lettersToFind: new Set(),
});

export const stagedPartition = (staged: StagedBatch, partition: number): StagedPartition => {
  const found = staged.partitions.get(partition);
  if (found !== undefined) return found;
  const made: StagedPartition = { delta: new LedgerDelta(), next: 0, lastValue: "" };
  staged.partitions.set(partition, made);
  return made;
};
