import { MAX_PUBLISH_BYTES, SeqRanges, type StreamName } from "@roadstream/shared";
import type { SeqRun, UplinkEnd } from "../ports.ts";
import { BackfillWindow } from "./backfill-window.ts";
import type { Batch, Lane } from "./batch.ts";

/** Of each lane, what may be unacknowledged at a time; backlog's bytes are {@link BackfillWindow}'s. */
const MAX_BATCHES = 16;
const LIVE_BYTES = 512 * 1024;

/**
 * Every batch between being built and being forgotten by the outbox: waiting to be sent again, in flight, or settling
 * (acknowledged, the outbox's transaction under way).
 */
export class FlightDeck {
  readonly #waiting: Batch[] = [];
  readonly #inFlight = new Set<Batch>();
  readonly #backfill = new BackfillWindow();
  readonly #taken = new Map<string, SeqRanges>();

  get inFlight(): readonly Batch[] {
    return [...this.#inFlight];
  }

  get waiting(): readonly Batch[] {
    return this.#waiting;
  }

  taken(series: { bootId: string; stream: StreamName }): SeqRanges | null {
    return this.#taken.get(keyOf(series)) ?? null;
  }

  /** Of both lanes, what the broker has not acknowledged. */
  get bytesInFlight(): number {
    return bytesOf(this.inFlight);
  }

  hasRoom(lane: Lane): boolean {
    const own = this.inFlight.filter((batch) => batch.lane === lane);
    const limit = lane === "live" ? LIVE_BYTES : this.#backfill.bytes;
    return own.length < MAX_BATCHES && bytesOf(own) < limit;
  }

  /** How long one publish of the lane may be, unless it is a single record. */
  batchLimit(lane: Lane): number {
    return lane === "live" ? MAX_PUBLISH_BYTES : Math.min(MAX_PUBLISH_BYTES, this.#backfill.bytes);
  }

  take(run: SeqRun): void {
    const ranges = this.#taken.get(keyOf(run)) ?? new SeqRanges();
    this.#taken.set(keyOf(run), ranges);
    ranges.add(run.firstSeq, run.lastSeq);
  }

  /** The run is free again, or nothing to send any more. */
  release(run: SeqRun): void {
    const ranges = this.#taken.get(keyOf(run));
    ranges?.remove(run.firstSeq, run.lastSeq);
    if (ranges?.pieces === 0) this.#taken.delete(keyOf(run));
  }

  sent(batch: Batch): void {
    const at = this.#waiting.indexOf(batch);
    if (at !== -1) this.#waiting.splice(at, 1);
    this.take(batch.run);
    this.#inFlight.add(batch);
  }

  acknowledged(batch: Batch, seconds: number): void {
    this.#inFlight.delete(batch);
    if (batch.lane === "backfill") this.#backfill.acknowledged(batch.payload.length, seconds);
  }

  /** The connection is gone: what was in flight waits to be sent again, in the order it was sent. */
  landedNowhere(end: UplinkEnd): void {
    if (end === "unanswered") this.#backfill.unanswered();
    this.#waiting.unshift(...this.#inFlight);
    this.#inFlight.clear();
  }

  /** Takes a waiting batch off the deck; its records are picked anew. */
  abandon(batch: Batch): void {
    const at = this.#waiting.indexOf(batch);
    if (at !== -1) this.#waiting.splice(at, 1);
    this.release(batch.run);
  }

  /** Puts a batch that was built but not sent among the waiting. */
  wait(batch: Batch): void {
    this.take(batch.run);
    this.#waiting.push(batch);
  }
}

const bytesOf = (batches: readonly Batch[]): number =>
  batches.reduce((sum, batch) => sum + batch.payload.length, 0);

const keyOf = (series: { bootId: string; stream: StreamName }): string => `${series.bootId}/${series.stream}`;
