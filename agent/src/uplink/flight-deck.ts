import { SeqRanges, type StreamName } from "@roadstream/shared";
import type { SeqRun } from "../ports.ts";
import type { Batch, Lane } from "./batch.ts";

/** What may be unacknowledged at a time. A live publish waits at most behind the backfill window in the same socket. */
export const WINDOWS: Readonly<Record<Lane, { readonly batches: number; readonly bytes: number }>> = {
  live: { batches: 16, bytes: 512 * 1024 },
  backfill: { batches: 16, bytes: 256 * 1024 },
};

/**
 * Every batch between being built and being forgotten by the outbox: waiting to be sent again, in flight, or settling
 * (acknowledged, the outbox's transaction under way).
 */
export class FlightDeck {
  readonly #waiting: Batch[] = [];
  readonly #inFlight = new Set<Batch>();
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

  hasRoom(lane: Lane): boolean {
    const own = this.inFlight.filter((batch) => batch.lane === lane);
    const bytes = own.reduce((sum, batch) => sum + batch.payload.length, 0);
    return own.length < WINDOWS[lane].batches && bytes < WINDOWS[lane].bytes;
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

  acknowledged(batch: Batch): void {
    this.#inFlight.delete(batch);
  }

  /** The connection is gone: what was in flight waits to be sent again, in the order it was sent. */
  landedNowhere(): void {
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

const keyOf = (series: { bootId: string; stream: StreamName }): string => `${series.bootId}/${series.stream}`;
