import { seconds, type DurationMs, type StreamName, type UptimeMillis } from "@roadstream/shared";

/** Live records that have waited so long are backlog: newer ones go before them. */
export const LIVE_MAX_WAIT: DurationMs = seconds(10);
const SAMPLE_EVERY = seconds(1);

interface Sample {
  readonly at: UptimeMillis;
  readonly given: number;
}

/**
 * Where the live lane begins in each stream of this boot: after `mark`. What lies before is the backfill lane's. The
 * mark is set to the newest number whenever a connection begins, and again whenever the live lane cannot keep up.
 */
export class LiveMarks {
  readonly #marks = new Map<StreamName, number>();
  readonly #samples = new Map<StreamName, Sample[]>();

  mark(stream: StreamName): number {
    return this.#marks.get(stream) ?? 0;
  }

  /** Everything given so far is backlog. */
  set(stream: StreamName, given: number): void {
    this.#marks.set(stream, given);
    this.#samples.delete(stream);
  }

  /** Moves the mark when `nextUnsent` (null: nothing waits) has been waiting for too long. */
  observe(stream: StreamName, state: { now: UptimeMillis; given: number; nextUnsent: number | null }): void {
    const samples = this.#samples.get(stream) ?? [];
    this.#samples.set(stream, samples);
    const newest = samples.at(-1);
    if (newest === undefined || state.now - newest.at >= SAMPLE_EVERY)
      samples.push({ at: state.now, given: state.given });
    while ((samples[1]?.at ?? Infinity) <= state.now - LIVE_MAX_WAIT) samples.shift();
    const old = samples[0];
    const isOld = old !== undefined && old.at <= state.now - LIVE_MAX_WAIT;
    if (isOld && state.nextUnsent !== null && state.nextUnsent <= old.given) this.set(stream, state.given);
  }
}
