import { millis, seconds } from "@roadstream/shared";
import type { UplinkEnd } from "../ports.ts";
import { batchRecords, type Batch } from "./batch.ts";
import type { LineRecord } from "./line-record.ts";
import { keyOf, Rests } from "./rests.ts";

/** Connections in a row that ended with something in flight before batches are sent one at a time. */
const ENDS_BEFORE_CAUTION = 2;
/** Acknowledgements in a row, one at a time, after which caution ends. */
export const CALM_AFTER = 32;
/** Connections that have ended under a batch alone, others getting through in between, before it is cut in two. */
export const STRIKES_TO_SPLIT = 3;
/** Connections that a single record has ended alone, each on a line that had just carried its like, before it is set aside. */
export const STRIKES_TO_QUARANTINE = 6;
/** A hang-up before this share of the time that the bytes take is the line's: the broker has not seen the payload. */
const WRITTEN_SHARE = 0.75;
/** So much longer than usual, and later, a hang-up may come to be the payload's. */
const LATE_SHARE = 1.5;
const HANG_UP_WITHIN = seconds(5);

interface Strikes {
  /** Hang-ups that may be the payload's, less the ends that cannot be. */
  hangUps: number;
  /** Of those, on a line that had carried something of the size since the one before. */
  proven: number;
  lastAt: number;
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
 * counted. An end that cannot be the payload's takes one back. What never gets an answer is not blamed, however often, and
 * not set aside; but whatever a connection ended under, alone, {@link Rests}, and others have the line meanwhile.
 */
export class Suspicion {
  readonly #line: LineRecord;
  #endsInARow = 0;
  #isCautious = false;
  #calm = 0;
  #acknowledged = 0;
  /** Waits for the next connection: whether that can be made at once. */
  #pending: { readonly batch: Batch; readonly at: number } | null = null;
  /** To be cut at the next connection. */
  #worn: Batch | null = null;
  readonly #sentAt = new WeakMap<Batch, number>();
  readonly #rests = new Rests();
  /** By run. */
  readonly #strikes = new Map<string, Strikes>();

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
    this.#clear(batch);
    this.#calm += 1;
    if (this.#calm >= CALM_AFTER) this.#isCautious = false;
  }

  /** It goes alone. */
  isSuspect({ run }: Batch): boolean {
    return this.#rests.has(run);
  }

  /** How often a connection has ended under the batch. */
  ends({ run }: Batch): number {
    return this.#rests.ends(run);
  }

  /** How long the batch is not to be sent. */
  restMs({ run }: Batch, now: number): number {
    return this.#rests.remainingMs(run, now);
  }

  /** A suspect waits until something else has got through. */
  mayGo({ run }: Batch, now: number): boolean {
    return this.#rests.isOver(run, now, this.#acknowledged);
  }

  /** Of those that have rested, the one whose turn it is: first what is no suspect, in the order given; or null. */
  longestRested(batches: readonly Batch[], now: number): Batch | null {
    const rested = batches.filter((batch) => this.restMs(batch, now) === 0);
    return rested.toSorted((a, b) => this.#rests.until(a.run) - this.#rests.until(b.run))[0] ?? null;
  }

  /** Forgets the suspects that are none of these: their records were settled, dropped, or put into other batches. */
  keepOnly(batches: readonly Batch[]): void {
    const runs = batches.map(({ run }) => run);
    this.#rests.keepOnly(runs);
    const kept = new Set(runs.map(keyOf));
    for (const key of this.#strikes.keys()) if (!kept.has(key)) this.#strikes.delete(key);
  }

  connectionEnded({ inFlight, by, at }: ConnectionEnd): void {
    this.#pending = null;
    this.#worn = null;
    this.#calm = 0;
    const [batch] = inFlight;
    if (batch === undefined || by === "stopped") return;
    this.#endsInARow += 1;
    const isAlone = inFlight.length === 1;
    // All others were answered.
    const isLeftOver = isAlone && by === "unanswered";
    const isWatched = this.#isCautious || this.isSuspect(batch) || isLeftOver;
    if (this.#endsInARow >= ENDS_BEFORE_CAUTION) this.#isCautious = true;
    if (isAlone && isWatched) this.#endedAlone(batch, by, at);
    // Beside an emergency nothing is learnt, but it must not go before it the next time.
    else for (const each of inFlight) if (this.isSuspect(each)) this.#rest(each, at);
  }

  /** The next connection could not be made: the line is broken. */
  unreachable(): void {
    if (this.#pending !== null) this.#relent(this.#pending.batch);
    this.#pending = null;
    this.#worn = null;
  }

  /** The peer is there again; returns the batch that is to be cut, or the record that is proven guilty. */
  reconnected(): Batch | null {
    const condemned = this.#guilty() ?? this.#worn;
    this.#pending = null;
    this.#worn = null;
    if (condemned !== null) this.#clear(condemned);
    return condemned;
  }

  #guilty(): Batch | null {
    if (this.#pending === null) return null;
    const { batch, at } = this.#pending;
    const suspect = this.#strikes.get(keyOf(batch.run)) ?? unsuspected();
    if (this.#acknowledged <= suspect.acknowledgedThen) return null;
    const like = this.#line.similar(batch.payload.length, at);
    if (like !== null && like.at > suspect.lastAt) suspect.proven += 1;
    suspect.hangUps += 1;
    suspect.acknowledgedThen = this.#acknowledged;
    suspect.lastAt = at;
    this.#strikes.set(keyOf(batch.run), suspect);
    return batchRecords(batch) === 1 && suspect.proven >= STRIKES_TO_QUARANTINE ? batch : null;
  }

  #endedAlone(batch: Batch, by: UplinkEnd, at: number): void {
    const ends = this.#rest(batch, at);
    const when = by === "closed" ? this.#whenClosed(batch, at) : "late";
    // Blames nobody: it is so that a record that never gets an answer does not keep others waiting with it.
    if (when !== "early" && batchRecords(batch) > 1 && ends >= STRIKES_TO_SPLIT) this.#worn = batch;
    if (when === "due") this.#pending = { batch, at };
    else this.#relent(batch);
  }

  #rest({ run }: Batch, at: number): number {
    return this.#rests.begin(run, at, this.#acknowledged);
  }

  #clear({ run }: Batch): void {
    this.#rests.forget(run);
    this.#strikes.delete(keyOf(run));
  }

  /** Due: the payload must just have arrived. */
  #whenClosed(batch: Batch, at: number): "early" | "due" | "late" {
    const like = this.#line.similar(batch.payload.length, at);
    if (like === null) return "due";
    const elapsed = at - (this.#sentAt.get(batch) ?? at);
    const usual = seconds(Math.max(0, like.transferSeconds));
    if (elapsed < usual * WRITTEN_SHARE) return "early";
    return elapsed <= millis(usual * LATE_SHARE + HANG_UP_WITHIN) ? "due" : "late";
  }

  #relent({ run }: Batch): void {
    const suspect = this.#strikes.get(keyOf(run));
    if (suspect === undefined) return;
    suspect.hangUps -= 1;
    suspect.proven = Math.max(0, suspect.proven - 1);
    if (suspect.hangUps === 0) this.#strikes.delete(keyOf(run));
  }
}

const unsuspected = (): Strikes => ({
  hangUps: 0,
  proven: 0,
  lastAt: -Infinity,
  acknowledgedThen: -1,
});
