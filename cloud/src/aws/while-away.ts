import {
  isRoadstreamError,
  retryIntervals,
  type Clock,
  type Random,
  type RetrySchedule,
} from "@roadstream/shared";

export interface AskContext {
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
}

/** About two minutes: an account has a limit of requests and of queries at a time, and others may be using it up. */
const AWAY_SCHEDULE: RetrySchedule = { firstMs: 200, factor: 2, maxMs: 15_000, jitter: 0.5 };
const AWAY_ATTEMPTS = 15;

/** Asks until there is an answer, waiting in between; any error but `unavailable` is thrown at once. */
export const whileAway = async <T>(
  { clock, random, signal }: AskContext,
  ask: () => Promise<T>,
): Promise<T> => {
  const waits = retryIntervals(AWAY_SCHEDULE, random);
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await ask();
    } catch (error) {
      if (!isRoadstreamError(error, "unavailable") || attempt >= AWAY_ATTEMPTS) throw error;
      await clock.sleep(waits.next().value, signal);
    }
  }
};
