import { MAX_RECORDS_PER_PUBLISH, SeqRanges } from "@roadstream/shared";
import type { SeriesStatement } from "./series-statement.ts";

/** All that is known of one series, from every side. */
export interface SeriesEvidence {
  /** The car's checkpoints; null when none speaks of this series. */
  readonly statement: SeriesStatement | null;
  /** The ledger: what our commits brought. */
  readonly landed: SeqRanges;
  /** SQL: what stands in the table now. */
  readonly rows: SeqRanges;
  /** Refused here or by the gateway. */
  readonly rejected: SeqRanges;
  /** Tombstones: had landed, and were erased with their vehicle. */
  readonly erased: SeqRanges;
  /** Declared by `dropped` events. */
  readonly dropped: SeqRanges;
  /** Found in the log beyond the table's offsets; null when nobody looked. */
  readonly inLog: SeqRanges | null;
  /** Found there as claims only: of refused headers, whose dead letters wait. */
  readonly claimed: SeqRanges;
  /** All tables have passed the ends that the log had when the newest checkpoint had landed. */
  readonly hasPassed: boolean;
  /** The vehicle uses another outbox by now. */
  readonly isReplaced: boolean;
  /** Retention, erasure and other engines are known to have removed as many rows as are missing. */
  readonly isRemovalKnown: boolean;
  /** The ledger was rebuilt and forgot at least as many removed rows as there are numbers of which only the car knows. */
  readonly isForgotten: boolean;
}

/** Each number 1..given is in exactly one of these; the first that holds, in this order. */
export interface SeriesVerdict {
  readonly given: number;
  /** A row stands in the table. */
  readonly landed: SeqRanges;
  /** It had landed, and retention, erasure or another engine removed the row. */
  readonly removed: SeqRanges;
  readonly rejected: SeqRanges;
  readonly declaredGap: SeqRanges;
  /** Seen in the log; or acknowledged, while the tables have not come so far that it must have landed. */
  readonly inLog: SeqRanges;
  /** The newest checkpoint says that the outbox holds it. */
  readonly inCar: SeqRanges;
  /**
   * Nobody can say: held by an outbox that was replaced; or beyond what any checkpoint speaks of (all of a series
   * without one) and below a number that was seen. Numbers have no gaps, so it was given; a later checkpoint will tell.
   * Or acknowledged, and the ledger that would have known it was rebuilt after rows had been removed.
   */
  readonly unknown: SeqRanges;
  /** All else. A defect. */
  readonly lost: SeqRanges;
  /** What the car calls acknowledged and nobody else knows of: lost, unless it is forgotten. */
  readonly vanished: SeqRanges;
  /** Of `inLog`, what the newest checkpoint calls acknowledged: until it lands, that checkpoint cannot be judged. */
  readonly awaited: SeqRanges;
}

/**
 * A refused header may claim any range. One publish holds at most so many numbers, so a claim that reaches further
 * beyond all that was seen is not believed.
 */
const believedLast = (claimedLast: number, seen: number): number =>
  Math.min(Math.max(claimedLast, seen), seen + MAX_RECORDS_PER_PUBLISH);

const givenOf = (evidence: SeriesEvidence): number => {
  const { statement, landed, erased, dropped, inLog, rejected, claimed } = evidence;
  const seen = Math.max(statement?.given ?? 0, landed.last, erased.last, dropped.last, inLog?.last ?? 0);
  return believedLast(Math.max(rejected.last, claimed.last), seen);
};

/** Pure: what became of every number of one series. */
export const judgeSeries = (evidence: SeriesEvidence): SeriesVerdict => {
  const { statement, landed, rows, erased, rejected, dropped, inLog, hasPassed, isReplaced } = evidence;
  const given = givenOf(evidence);
  let rest = SeqRanges.of(given === 0 ? [] : [[1, given]]);
  const take = (set: SeqRanges | null | undefined): SeqRanges => {
    if (set === null || set === undefined) return new SeqRanges();
    const taken = rest.intersect(set);
    rest = rest.minus(taken);
    return taken;
  };
  const standing = take(rows);
  const removed = take(erased);
  const gone = take(landed);
  const refused = take(rejected);
  const declaredGap = take(statement?.dropped);
  declaredGap.addAll(take(dropped));
  const waiting = take(inLog);
  waiting.addAll(take(evidence.claimed));
  const acknowledged = take(statement?.acknowledged);
  const held = take(statement?.held);
  const unknown = take(SeqRanges.of([[(statement?.given ?? 0) + 1, given]]));
  const lost = rest;
  (evidence.isRemovalKnown ? removed : lost).addAll(gone);
  const vanished = inLog === null && !hasPassed ? new SeqRanges() : acknowledged;
  waiting.addAll(acknowledged.minus(vanished));
  (evidence.isForgotten ? unknown : lost).addAll(vanished);
  if (isReplaced) unknown.addAll(held);
  return {
    given,
    landed: standing,
    removed,
    rejected: refused,
    declaredGap,
    inLog: waiting,
    inCar: isReplaced ? new SeqRanges() : held,
    unknown,
    lost,
    vanished,
    awaited: statement === null ? new SeqRanges() : waiting.intersect(statement.acknowledged),
  };
};
