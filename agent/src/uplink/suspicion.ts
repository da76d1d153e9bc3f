import { batchRecords, type Batch } from "./batch.ts";

/** Connections in a row that ended with something in flight before batches are sent one at a time. */
const ENDS_BEFORE_CAUTION = 2;
/** Acknowledgements in a row, one at a time, after which caution ends. */
export const CALM_AFTER = 32;
/** Connections that a batch has ended alone before it is cut in two. */
export const STRIKES_TO_SPLIT = 3;
/** Connections that a single record has ended alone before it is set aside. */
export const STRIKES_TO_QUARANTINE = 6;

interface Strikes {
  count: number;
  /** Acknowledgements of others when the last strike was counted. */
  acknowledgedThen: number;
}

/**
 * Finds the publish that makes the broker hang up. A strike counts only if another publish was acknowledged since the
 * last one: where nothing gets through, the fault is the broker's, its log's or the network's, and no reading is blamed.
 */
export class Suspicion {
  #endsInARow = 0;
  #isCautious = false;
  #calm = 0;
  #acknowledged = 0;
  readonly #strikes = new Map<Batch, Strikes>();

  /** One batch at a time. */
  get isCautious(): boolean {
    return this.#isCautious;
  }

  acknowledged(batch: Batch): void {
    this.#acknowledged += 1;
    this.#endsInARow = 0;
    this.#strikes.delete(batch);
    this.#calm += 1;
    if (this.#calm >= CALM_AFTER && this.#strikes.size === 0) this.#isCautious = false;
  }

  /** A struck batch waits until something else has got through. */
  mayGo(batch: Batch): boolean {
    const strikes = this.#strikes.get(batch);
    return strikes === undefined || this.#acknowledged > strikes.acknowledgedThen;
  }

  /** A connection ended under these; returns the batch that is to be cut or set aside, if one is proven guilty. */
  connectionEnded(inFlight: readonly Batch[]): Batch | null {
    this.#calm = 0;
    const [batch] = inFlight;
    if (batch === undefined) return null;
    this.#endsInARow += 1;
    if (!this.#isCautious) {
      this.#isCautious = this.#endsInARow >= ENDS_BEFORE_CAUTION;
      return null;
    }
    if (inFlight.length > 1) return null;
    const strikes = this.#strikes.get(batch) ?? { count: 0, acknowledgedThen: -1 };
    if (this.#acknowledged > strikes.acknowledgedThen) {
      strikes.count += 1;
      strikes.acknowledgedThen = this.#acknowledged;
      this.#strikes.set(batch, strikes);
    }
    const limit = batchRecords(batch) > 1 ? STRIKES_TO_SPLIT : STRIKES_TO_QUARANTINE;
    if (strikes.count < limit) return null;
    this.#strikes.delete(batch);
    return batch;
  }
}
