import { minutes, seconds, type DurationMs } from "@roadstream/shared";

/** Until a line is known to be slower, an acknowledgement may take so much longer with what is on its way. */
const FASTEST_ASSUMED = 4096;
/** A line that carries less is not worth waiting for. */
const SLOWEST_ASSUMED = 256;
/** What is shorter tells of the round trip, and only how slow the line is not. */
const TELLING_BYTES = 4096;
/** The whole deadline stays below the keepalive of the connection (5 min), which would find a dead peer. */
const LONGEST_ALLOWANCE = seconds(210);
/** Older answers say nothing of the line as it is now. */
const LATELY = minutes(10);

export interface Answer {
  /** Of the publish that was acknowledged. */
  readonly bytes: number;
  /** What was on the line when it was sent, itself included. */
  readonly bytesInFlight: number;
  readonly seconds: number;
  /** The machine's uptime. */
  readonly at: number;
}

/** What the line has carried lately, and how fast. */
export class LineRecord {
  /** The last answer for publishes of about a size, by its power of two. */
  readonly #answers = new Map<number, Answer>();
  #assumedRate = FASTEST_ASSUMED;
  /** When the rate was told by an answer, and not by a deadline that passed. */
  #toldAt = -Infinity;

  acknowledged(answer: Answer): void {
    this.#answers.set(sizeClass(answer.bytes), answer);
    if (answer.bytes < TELLING_BYTES) {
      // A line may carry a fix at once and a picture slowly.
      if (answer.at - this.#toldAt <= LATELY) return;
      // Its own bytes at least were carried meanwhile; what was ahead of it may have been on its way for long.
      const atLeast = answer.bytes / Math.max(answer.seconds, 0.001);
      this.#assumedRate = Math.max(this.#assumedRate, Math.min(FASTEST_ASSUMED, atLeast));
      return;
    }
    this.#toldAt = answer.at;
    const rate = answer.bytesInFlight / Math.max(answer.seconds, 0.001);
    this.#assumedRate = Math.min(FASTEST_ASSUMED, Math.max(SLOWEST_ASSUMED, rate));
  }

  /** A deadline passed: the next one allows for half the rate. */
  unanswered(): void {
    this.#toldAt = -Infinity;
    this.#assumedRate = Math.max(SLOWEST_ASSUMED, this.#assumedRate / 2);
  }

  /**
   * What so many bytes on their way may take, on top of the answer itself. Twice as long for each connection that has
   * ended under them, whatever shorter ones told meanwhile, unless their like got through lately: then it is not the line.
   */
  allowance(bytes: number, now: number, ends = 0): DurationMs {
    const doublings = this.similar(bytes, now) === null ? ends : 0;
    const rate = Math.max(SLOWEST_ASSUMED, this.#assumedRate / 2 ** doublings);
    return seconds(Math.min(LONGEST_ALLOWANCE / 1000, bytes / rate));
  }

  /** When something from half to twice so long was last acknowledged, and how long so many bytes take by that; or null. */
  similar(bytes: number, now: number): { readonly at: number; readonly transferSeconds: number } | null {
    const own = sizeClass(bytes);
    const lately = [...this.#answers.values()].filter(({ at }) => now - at <= LATELY);
    const candidates = lately.filter(
      (answer) =>
        Math.abs(sizeClass(answer.bytes) - own) <= 1 &&
        answer.bytes * 2 >= bytes &&
        answer.bytes <= bytes * 2,
    );
    const best = candidates.toSorted((a, b) => b.at - a.at)[0];
    if (best === undefined) return null;
    const roundTrip = Math.min(...lately.map((answer) => answer.seconds));
    return { at: best.at, transferSeconds: ((best.seconds - roundTrip) * bytes) / best.bytesInFlight };
  }
}

const sizeClass = (bytes: number): number => Math.floor(Math.log2(Math.max(1, bytes)));
