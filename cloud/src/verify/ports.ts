import type { StreamName } from "@roadstream/shared";
import type { LiveFile } from "../ports.ts";

/** Consecutive numbers of one series as some of the table's current files have them; islands of others may overlap. */
export interface RowIsland {
  readonly vehicleId: string;
  readonly bootId: string;
  readonly from: number;
  readonly to: number;
  /** Rows beyond the first of each identity in these files. */
  readonly doubled: number;
}

/** A checkpoint, or a part of one. */
export interface CheckpointRow {
  readonly vehicleId: string;
  /** As JSON. */
  readonly detail: string;
  /** When it was made, Unix milliseconds. */
  readonly eventAt: number;
  /** When the log took it, Unix milliseconds. */
  readonly appendedAt: number;
}

/** A declared gap: a `dropped` event. */
export interface DroppedRow {
  readonly vehicleId: string;
  readonly bootId: string;
  readonly stream: string;
  readonly from: number;
  readonly to: number;
}

export interface RowCounts {
  readonly rows: number;
  /** Of dead letters: ids; of a stream: not asked here, islands tell. */
  readonly distinct: number;
}

/** The second way of knowing: SQL over the current rows. Null as vehicle means all. */
export interface LakeRows {
  /** Rows whose identity is not sound (another engine's) are in {@link count} only. */
  islands(
    stream: StreamName,
    files: readonly LiveFile[],
    vehicle: string | null,
  ): AsyncIterable<readonly RowIsland[]>;
  count(stream: StreamName, files: readonly LiveFile[], vehicle: string | null): Promise<number>;
  /** Ids of records that stand more than once, the first few. */
  doubledIds(
    stream: StreamName,
    files: readonly LiveFile[],
    vehicle: string | null,
    limit: number,
  ): Promise<readonly string[]>;
  /** Of each boot what the newest checkpoint of each sending boot says. */
  checkpoints(files: readonly LiveFile[], vehicle: string | null): AsyncIterable<readonly CheckpointRow[]>;
  /** The newest few checkpoint rows of each of these vehicles, as they are; sorted by vehicle. */
  recentCheckpoints(
    files: readonly LiveFile[],
    vehicles: readonly string[],
    limit: number,
  ): AsyncIterable<readonly CheckpointRow[]>;
  dropped(files: readonly LiveFile[], vehicle: string | null): AsyncIterable<readonly DroppedRow[]>;
  deadLetters(files: readonly LiveFile[]): Promise<RowCounts>;
}
