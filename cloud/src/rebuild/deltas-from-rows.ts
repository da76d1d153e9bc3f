import { isStream, type StreamName, type TableName } from "@roadstream/shared";
import { partitionOf } from "@roadstream/shared/event-log";
import { LedgerDelta } from "../ledger/ledger-delta.ts";
import { MAX_DEAD_LETTER_IDS } from "../ledger/ledger-limits.ts";
import type { LiveFile } from "../ports.ts";
import type { LakeRows } from "../verify/ports.ts";
import type { LedgerRows } from "./ports.ts";

export interface TableRows {
  readonly table: TableName;
  readonly files: readonly LiveFile[];
  readonly rows: Pick<LakeRows, "islands">;
  readonly ledgerRows: LedgerRows;
  /** Of the log that feeds the table. */
  readonly partitionCount: number;
}

export type PartitionDeltas = ReadonlyMap<number, LedgerDelta>;

/**
 * What the ledgers of these log partitions would hold if the table's rows had all come with one commit. Rows do not
 * tell how often a record came, nor the log's ends at a checkpoint: both are left out, `verify` then waits for the next.
 */
export const deltasFromRows = async (
  from: TableRows,
  partitions: readonly number[],
): Promise<PartitionDeltas> => {
  const deltas = new Map(partitions.map((partition) => [partition, new LedgerDelta()]));
  if (isStream(from.table)) await addReadings(from, from.table, deltas);
  else await addLetters(from, deltas);
  return deltas;
};

/**
 * Records are judged in their vehicle's partition and refused in another, so that is where they are looked for; what a
 * row of another engine says of its partition need not be so.
 */
const addReadings = async (from: TableRows, stream: StreamName, deltas: PartitionDeltas): Promise<void> => {
  const deltaOf = (vehicleId: string): LedgerDelta | undefined =>
    deltas.get(partitionOf(vehicleId, from.partitionCount));
  for await (const islands of from.rows.islands(stream, from.files, null)) {
    for (const { vehicleId, bootId, from: first, to } of islands)
      deltaOf(vehicleId)?.of({ vehicleId, bootId, stream }).landed.add(first, to);
  }
  for await (const times of from.ledgerRows.lastAppended(stream, from.files)) {
    for (const { vehicleId, bootId, appendedAt } of times) {
      const series = deltaOf(vehicleId)?.of({ vehicleId, bootId, stream });
      if (series !== undefined) series.lastAppendedAt = appendedAt;
    }
  }
  for (const { series, counts } of deltas.values()) {
    for (const { landed } of series.values()) counts.landed += landed.size;
    counts.received = counts.landed;
  }
};

/** A letter may have no vehicle: its own partition is the only one that there is. */
const addLetters = async (from: TableRows, deltas: PartitionDeltas): Promise<void> => {
  const { files, ledgerRows } = from;
  for (const [partition, rows] of await ledgerRows.letterCounts(files)) {
    const counts = deltas.get(partition)?.counts;
    if (counts !== undefined) counts.received = counts.landed = rows;
  }
  for await (const claims of ledgerRows.letterClaims(files)) {
    for (const claim of claims) {
      const delta = deltas.get(claim.partition);
      if (delta === undefined) continue;
      delta.reject(claim, claim.from, claim.to);
      const series = delta.of(claim);
      series.lastAppendedAt = Math.max(series.lastAppendedAt, claim.landedAt);
    }
  }
  for await (const ids of ledgerRows.letterIds(files, MAX_DEAD_LETTER_IDS)) {
    for (const { partition, id } of ids) deltas.get(partition)?.deadLetterIds.push(id);
  }
};
