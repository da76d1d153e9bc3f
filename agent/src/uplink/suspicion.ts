import { millis, minutes, seconds } from "@roadstream/shared";
import type { SeqRun, UplinkEnd } from "../ports.ts";
import { batchRecords, type Batch } from "./batch.ts";
import type { LineRecord } from "./line-record.ts";

/** Connections in a row that ended with something in flight before batches are sent one at a time. */
const ENDS_BEFORE_CAUTION = 2;
/** Acknowledgements in a row, one at a time, after which caution ends. */
export const CALM_AFTER = 32;
/** Connections that a batch has ended alone before it is cut in two. */
export const STRIKES_TO_SPLIT = 3;
/** Connections that a single record has ended alone, each on a line that had just carried its like, before it is set aside. */
export const STRIKES_TO_QUARANTINE = 6;
/** A hang-up before this share of the time that the bytes take is the line's: the broker has not seen the payload. */
const WRITTEN_SHARE = 0.75;
/** So much longer than usual, and later, a hang-up may come to be the payload's. */
const LATE_SHARE = 1.5;
const HANG_UP_WITHIN = seconds(5);
/** A suspect rests after each hang-up, twice as long each time, and others have the line to themselves. */
const FIRST_REST = seconds(1);
const LONGEST_REST = minutes(5);

interface Suspect {
  /** Hang-ups that may be the payload's, less the ends that cannot be. */
  hangUps: number;
  /** Of those, on a line that had carried something of the size since the one before. */
  proven: number;
  lastAt: number;
  restUntil: number;
  /** Acknowledgements of others at the last hang-up. */
  acknowledgedThen: number;
}

export interface ConnectionEnd {
  readonly inFlight: readonly Batch[];
  readonly by: UplinkEnd;
  /** The machine's uptime. */
  readonly at: number;
}

/**
 * Finds the publish that makes the broker hang up. Lines break and crawl every day and no reading is to blame for it: an
 * end counts only if the peer closed the connection when the payload, alone on it, must just have arrived; if the peer
 * takes the next connection at the first attempt; and if another publish was acknowledged since the last one that
 * counted. An end that cannot be the payload's takes one back.
 */
export class Suspicion {
  readonly #line: LineRecord;
  #endsInARow = 0;
  #isCautious = false;
  #calm = 0;
  #acknowledged = 0;
  /** Waits for the next connection: whether that can be made at once. */
  #pending: { readonly batch: Batch; readonly at: number } | null = null;
  readonly #sentAt = new WeakMap<Batch, number>();
  /** By run: a batch that is built anew is no other. */
  readonly #suspects = new Map<string, Suspect>();

  constructor(line: LineRecord) {
    this.#line = line;
  }

  /** One batch at a time. */
  get isCautious(): boolean {
    return this.#isCautious;
  }

  sent(batch: Batch, now: number): void {
    this.#sentAt.set(batch, now);
  }

  acknowledged(batch: Batch): void {
    this.#acknowledged += 1;
    this.#endsInARow = 0;
    this.#suspects.delete(keyOf(batch.run));
    this.#calm += 1;
    if (this.#calm >= CALM_AFTER) this.#isCautious = false;
  }

  /** It goes alone. */
  isSuspect({ run }: Batch): boolean {
    return this.#suspects.has(keyOf(run));
  }

  /** How long the batch is not to be sent. */
  restMs({ run }: Batch, now: number): number {
    return Math.max(0, (this.#suspects.get(keyOf(run))?.restUntil ?? 0) - now);
  }

  /** A suspect waits until something else has got through. */
  mayGo(batch: Batch, now: number): boolean {
    const suspect = this.#suspects.get(keyOf(batch.run));
    if (suspect === undefined) return true;
    return this.restMs(batch, now) === 0 && this.#acknowledged > suspect.acknowledgedThen;
  }

  /** Forgets the suspects that are none of these: their records were settled, dropped, or put into other batches. */
  keepOnly(batches: readonly Batch[]): void {
    const kept = new Set(batches.map(({ run }) => keyOf(run)));
    for (const key of this.#suspects.keys()) if (!kept.has(key)) this.#suspects.delete(key);
  }

  connectionEnded({ inFlight, by, at }: ConnectionEnd): void {
    this.#pending = null;
    this.#calm = 0;
    const [batch] = inFlight;
    if (batch === undefined || by === "stopped") return;
    this.#endsInARow += 1;
    const isWatched = this.#isCautious || this.isSuspect(batch);
    if (this.#endsInARow >= ENDS_BEFORE_CAUTION) this.#isCautious = true;
    if (!isWatched || inFlight.length > 1) return;
    if (by === "closed" && this.#mayBeThePayload(batch, at)) this.#pending = { batch, at };
    else this.#relent(batch);
  }

  /** The next connection could not be made: the line is broken. */
  unreachable(): void {
    if (this.#pending !== null) this.#relent(this.#pending.batch);
    this.#pending = null;
  }

  /** The peer is there again; returns the batch that is to be cut or set aside, if one is proven guilty. */
  reconnected(): Batch | null {
    const pending = this.#pending;
    this.#pending = null;
    if (pending === null) return null;
    const { batch, at } = pending;
    const suspect = this.#suspects.get(keyOf(batch.run)) ?? unsuspected();
    if (this.#acknowledged <= suspect.acknowledgedThen) return null;
    const like = this.#line.similar(batch.payload.length, at);
    if (like !== null && like.at > suspect.lastAt) suspect.proven += 1;
    suspect.hangUps += 1;
    suspect.acknowledgedThen = this.#acknowledged;
    suspect.lastAt = at;
    suspect.restUntil = at + Math.min(LONGEST_REST, FIRST_REST * 2 ** (suspect.hangUps - 1));
    this.#suspects.set(keyOf(batch.run), suspect);
    const isGuilty =
      batchRecords(batch) > 1 ? suspect.hangUps >= STRIKES_TO_SPLIT : suspect.proven >= STRIKES_TO_QUARANTINE;
    if (!isGuilty) return null;
    this.#suspects.delete(keyOf(batch.run));
    return batch;
  }

  #mayBeThePayload(batch: Batch, at: number): boolean {
    const like = this.#line.similar(batch.payload.length, at);
    if (like === null) return true;
    const elapsed = at - (this.#sentAt.get(batch) ?? at);
    const usual = seconds(Math.max(0, like.transferSeconds));
    return elapsed >= usual * WRITTEN_SHARE && elapsed <= millis(usual * LATE_SHARE + HANG_UP_WITHIN);
  }

  #relent({ run }: Batch): void {
    const suspect = this.#suspects.get(keyOf(run));
    if (suspect === undefined) return;
    suspect.hangUps -= 1;
    suspect.proven = Math.max(0, suspect.proven - 1);
    if (suspect.hangUps === 0) this.#suspects.delete(keyOf(run));
  }
}

const unsuspected = (): Suspect => ({
  hangUps: 0,
  proven: 0,
  lastAt: -Infinity,
  restUntil: 0,
  acknowledgedThen: -1,
});

const keyOf = ({ bootId, stream, firstSeq, lastSeq }: SeqRun): string =>
  `${bootId}/${stream}/${firstSeq}-${lastSeq}`;
