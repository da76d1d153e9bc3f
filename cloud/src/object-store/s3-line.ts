import {
  millis,
  retryIntervals,
  RoadstreamError,
  seconds,
  withDeadline,
  type Clock,
  type DurationMs,
  type Random,
  type RetrySchedule,
} from "@roadstream/shared";
import { s3Error, s3Failure, type S3Failure } from "./s3-failure.ts";
import type { S3Body } from "./s3-requests.ts";

/** Full jitter: workers that were told to slow down together must not come back together. */
const BACKOFF: RetrySchedule = { firstMs: 100, factor: 2, maxMs: 5000, jitter: 1 };
const MAX_ATTEMPTS = 8;
/** No attempt begins later than this after the first. */
const PATIENCE_MS = 60_000;
const ANSWER_LIMIT = seconds(20);
/** A body is given its time on top: what a slow line still carries. */
const SLOWEST_BYTES_PER_MS = 128;

const limitOf = (bytes: number): DurationMs => millis(ANSWER_LIMIT + bytes / SLOWEST_BYTES_PER_MS);

export interface S3LineOptions {
  readonly clock: Clock;
  readonly random: Random;
}

/** Deadlines, pauses and repetitions: each request goes through one line, until it is closed. */
export class S3Line {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #closing = new AbortController();

  constructor(options: S3LineOptions) {
    this.#clock = options.clock;
    this.#random = options.random;
  }

  close(): void {
    this.#closing.abort();
  }

  /** One attempt of a request that sends so many bytes, within its deadline. Rejects as the request did. */
  once<T>(what: string, bytes: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return withDeadline(this.#clock, limitOf(bytes), what, work, this.#closing.signal);
  }

  /**
   * Attempts, with growing pauses, as long as `again` wants it; then throws what the last failure means, as an error
   * for the caller.
   */
  async attempts<T>(
    what: string,
    attempt: (number: number) => Promise<T>,
    again: (failure: S3Failure) => boolean,
  ): Promise<T> {
    const pauses = retryIntervals(BACKOFF, this.#random);
    const began = this.#clock.uptime();
    for (let number = 1; ; number += 1) {
      try {
        return await attempt(number);
      } catch (error) {
        if (this.#closing.signal.aborted)
          throw new RoadstreamError("aborted", `${what}: the lake was closed`);
        const failure = s3Failure(error);
        const isLast = number >= MAX_ATTEMPTS || this.#clock.uptime() - began >= PATIENCE_MS;
        if (isLast || !again(failure)) throw s3Error(what, failure);
      }
      await this.#clock.sleep(pauses.next().value, this.#closing.signal);
    }
  }

  /** For a request that may be carried out twice. */
  repeated<T>(what: string, bytes: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return this.attempts(
      what,
      () => this.once(what, bytes, work),
      ({ kind }) => kind === "later" || kind === "unanswered",
    );
  }

  /** A body's chunks, each within the deadline: a connection that hangs ends the reading, a slow one does not. */
  async *chunks(what: string, body: S3Body): AsyncGenerator<Uint8Array, void, void> {
    const chunks = body.chunks[Symbol.asyncIterator]();
    try {
      for (;;) {
        const next = await this.once(what, 0, () => chunks.next());
        if (next.done === true) return;
        yield next.value;
      }
    } finally {
      body.discard();
    }
  }
}
