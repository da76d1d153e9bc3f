import type { LogSlice } from "@roadstream/shared/event-log";
import { NO_CLAIM, rejection, RoadstreamError, type UnixMillis } from "@roadstream/shared";
import { readDeadLetter, type ReadDeadLetter } from "../dead-letters/read-dead-letter.ts";
import { refusalValue } from "../dead-letters/refusal.ts";
import type { PartitionLedger } from "../ledger/partition-ledger.ts";
import type { SeriesKey } from "../ledger/series-ranges.ts";
import { batchSeries } from "./batch-series.ts";
import {
  emptyStage,
  positionText,
  stagedPartition,
  type StagedBatch,
  type StageOptions,
} from "./staged-batch.ts";

export interface DeadLetterStageOptions extends StageOptions {
  readonly logIdentity: string;
  readonly now: UnixMillis;
}

/**
 * Judges the records of the dead-letter topic. One that is no dead letter itself lands as a letter about its own bytes:
 * sent to this topic once more it would go round for ever.
 */
export const stageDeadLetters = (options: DeadLetterStageOptions): StagedBatch => {
  const staged = emptyStage("dead_letters");
  const seen = new Map<number, Set<string>>();
  for (const slice of options.raw.slices) {
    const { partition: number } = slice;
    const partition = stagedPartition(staged, number);
    const ids = seen.get(number) ?? new Set<string>();
    seen.set(number, ids);
    for (let i = 0; i < slice.offsets.length; i += 1) {
      const letter = letterAt(slice, i, options);
      const ledger = options.ledgers.get(number);
      const claimed = seriesOf(letter);
      const series = claimed === null ? null : batchSeries(staged, options, number, claimed.key);
      if (ids.has(letter.id) || hasLanded(letter, ledger, options) || isErased(letter, ledger)) {
        // Its sender, who sent it again, has not heard that it is here: its series is among the batch's.
        partition.delta.counts.doubled += 1;
        continue;
      }
      if (ledger?.hasForgottenLetters === true) staged.lettersToFind.add(letter.id);
      ids.add(letter.id);
      const appendedAt = slice.appendedAt[i] ?? 0;
      partition.delta.deadLetterIds.push(letter.id);
      partition.delta.counts.landed += 1;
      staged.rows.add(letter.line, number, slice.offsets[i] ?? 0, appendedAt);
      if (claimed === null || series === null) continue;
      series.rejected.add(claimed.from, claimed.to);
      series.lastAppendedAt = Math.max(series.lastAppendedAt, appendedAt);
    }
    partition.delta.counts.received += slice.offsets.length;
    partition.next = (slice.offsets.at(-1) ?? 0) + 1;
    partition.lastValue = slice.values.at(-1) ?? "";
  }
  return staged;
};

const hasLanded = (
  { id }: ReadDeadLetter,
  ledger: PartitionLedger | undefined,
  { lettersFound }: DeadLetterStageOptions,
): boolean => ledger?.hasDeadLetter(id) === true || lettersFound.has(id);

/** Whether this letter, or one about the same numbers, was erased with its vehicle. */
const isErased = (letter: ReadDeadLetter, ledger: PartitionLedger | undefined): boolean => {
  if (ledger === undefined || ledger.erased.key === null) return false;
  if (ledger.erased.hasLetter(letter.id)) return true;
  const claimed = seriesOf(letter);
  const erased = claimed === null ? null : ledger.erased.find(claimed.key);
  return claimed !== null && erased !== null && erased.rejected.nextAbsent(claimed.from) > claimed.to;
};

const letterAt = (slice: LogSlice, i: number, options: DeadLetterStageOptions): ReadDeadLetter => {
  const value = slice.values[i] ?? "";
  const offset = slice.offsets[i] ?? 0;
  const isQuarantined = options.quarantined.has(positionText(slice.partition, offset));
  const read = readDeadLetter(value);
  if (read.kind === "letter" && !isQuarantined) return read;
  const why =
    read.kind === "letter" ? rejection("quarantined", "the database reads it otherwise") : read.rejection;
  const key = slice.keys[i] ?? null;
  const refusal = { partition: slice.partition, offset, key, value, rejection: why, claim: NO_CLAIM };
  const about = readDeadLetter(refusalValue(refusal, { ...options, topic: slice.topic }));
  if (about.kind === "letter") return about;
  throw new RoadstreamError("invariant", `a dead letter of ours is none: ${about.rejection.detail}`);
};

/** The numbers that a letter is about; null where the refused bytes did not tell. */
const seriesOf = ({ claim }: ReadDeadLetter): { key: SeriesKey; from: number; to: number } | null => {
  const { vehicleId, bootId, stream, seqFrom, seqTo } = claim;
  if (vehicleId === null || bootId === null || stream === null || seqFrom === null || seqTo === null)
    return null;
  return { key: { vehicleId, bootId, stream }, from: seqFrom, to: seqTo };
};
