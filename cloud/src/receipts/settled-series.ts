import type { SeqRanges, TableName } from "@roadstream/shared";
import type { LedgerDelta } from "../ledger/ledger-delta.ts";
import type { PartitionLedger } from "../ledger/partition-ledger.ts";
import { emptySeries, type SeriesKey, type SeriesRanges } from "../ledger/series-ranges.ts";
import type { Tombstone } from "../ledger/tombstones.ts";
import type { LandedCheckpoint } from "../ingest/staged-batch.ts";

/** What one partition's ledger of one table knows of one series; grows with each commit. */
export interface SettledSeries {
  readonly table: TableName;
  readonly series: SeriesRanges;
  /** What an erasure left of it: settled for good, the car may forget it. */
  readonly erased?: Tombstone | null;
}

/**
 * What of it may be forgotten by the car: what is in the lake. A stream's own ledger also knows what was refused, but
 * until a refusal's letter has landed too, only the log has its bytes: the dead_letters table's ledger tells of it then.
 */
export const settledRanges = ({ table, series, erased = null }: SettledSeries): SeqRanges => {
  const part = table === "dead_letters" ? "rejected" : "landed";
  if (erased === null) return series[part];
  const all = series[part].clone();
  all.addAll(erased[part]);
  return all;
};

const settledOf = (table: TableName, key: SeriesKey, ledger: PartitionLedger): SettledSeries | null => {
  const series = ledger.find(key);
  const erased = ledger.erased.find(key);
  return series === null && erased === null ? null : { table, series: series ?? emptySeries(key), erased };
};

export interface LedgerHolder {
  readonly table: TableName;
  readonly ledgers: Iterable<PartitionLedger>;
}

/** Every series that a commit had records of, doubles included: their sender has not heard yet. */
export function* touchedSeries(
  table: TableName,
  parts: Iterable<{ readonly delta: LedgerDelta; readonly ledger: PartitionLedger }>,
): Generator<SettledSeries> {
  for (const { delta, ledger } of parts) {
    for (const key of delta.series.values()) {
      const settled = settledOf(table, key, ledger);
      if (settled !== null) yield settled;
    }
  }
}

/**
 * Every series of which a car said that it still holds something, as far as this worker has its ledger. It has them all
 * where topics have as many partitions as each other, since one worker of a group holds the same numbers of all: a boot
 * that will never send again is told of as well. Where they have not, another worker tells of its part when it commits
 * records of it. Retired series are not in memory: a record of one, sent again, brings it back.
 */
export function* spokenOfSeries(
  checkpoints: Iterable<LandedCheckpoint>,
  holders: readonly LedgerHolder[],
): Generator<SettledSeries> {
  for (const { vehicleId, checkpoint } of checkpoints) {
    for (const { boot_id: bootId, streams } of checkpoint.boots) {
      for (const [stream, { held }] of Object.entries(streams)) {
        if (held.length > 0) yield* knownOf({ vehicleId, bootId, stream }, holders);
      }
    }
  }
}

function* knownOf(key: SeriesKey, holders: readonly LedgerHolder[]): Generator<SettledSeries> {
  for (const { table, ledgers } of holders) {
    if (table !== key.stream && table !== "dead_letters") continue;
    for (const ledger of ledgers) {
      const settled = settledOf(table, key, ledger);
      if (settled !== null) yield settled;
    }
  }
}
