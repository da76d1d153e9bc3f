/** What backlog may have on its way over a fast line, and on one of which nothing is known yet. */
export const MOST_BYTES = 256 * 1024;
export const FIRST_BYTES = 64 * 1024;
/** Over the slowest line: a publish of a few readings still compresses well. */
export const LEAST_BYTES = 8 * 1024;
/** An answer slower than this: backlog is queueing in front of live readings, and less of it must be on its way. */
const SLOW_ANSWER_S = 2;
/** An answer faster than this: the line carries more. */
const FAST_ANSWER_S = 0.5;

/**
 * How many bytes of backlog may be on their way. Both lanes share one socket, so this and the line's rate decide how
 * long a live reading waits; the time of an answer tells whether that is too long (as in LEDBAT, RFC 6817). However
 * narrow it gets, one batch may always go, and batches are cut to fit it.
 */
export class BackfillWindow {
  #bytes = FIRST_BYTES;

  get bytes(): number {
    return this.#bytes;
  }

  /** A batch of so many bytes was acknowledged so long after it was sent. */
  acknowledged(batchBytes: number, seconds: number): void {
    if (seconds > SLOW_ANSWER_S) this.#bytes = Math.max(LEAST_BYTES, Math.floor(this.#bytes / 2));
    else if (seconds < FAST_ANSWER_S) this.#bytes = Math.min(MOST_BYTES, this.#bytes + batchBytes);
  }

  /** A batch was not acknowledged in time: of this line nothing is known any more, but that it is slow. */
  unanswered(): void {
    this.#bytes = LEAST_BYTES;
  }
}
