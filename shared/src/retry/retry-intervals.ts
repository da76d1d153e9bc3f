import type { Random } from "../random/random.ts";
import { millis, type DurationMs } from "../time/time.ts";

export interface RetrySchedule {
  readonly firstMs: number;
  readonly factor: number;
  readonly maxMs: number;
  /** Share of each interval that is random, 0..1: `1` spreads over the whole interval ("full jitter"). */
  readonly jitter: number;
}

export const RECONNECT_SCHEDULE: RetrySchedule = { firstMs: 250, factor: 2, maxMs: 30_000, jitter: 0.5 };

/** An endless sequence of waiting times; the caller owns the loop and decides when to stop. */
export function* retryIntervals(schedule: RetrySchedule, random: Random): Generator<DurationMs, never, void> {
  let interval = schedule.firstMs;
  for (;;) {
    const fixed = interval * (1 - schedule.jitter);
    yield millis(Math.round(fixed + interval * schedule.jitter * random.next()));
    interval = Math.min(schedule.maxMs, interval * schedule.factor);
  }
}
