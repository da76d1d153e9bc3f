import { isRoadstreamError, retryIntervals, type RetrySchedule } from "@roadstream/shared";
import type { AskContext } from "../aws/while-away.ts";

export const AGAIN_SCHEDULE: RetrySchedule = { firstMs: 1000, factor: 4, maxMs: 30_000, jitter: 0.5 };
const MAX_ATTEMPTS = 4;

/** Does once more what a warehouse refused or gave up, a few times: another loader may have been in the way. */
export const tryAgain = async <T>(
  { clock, random, signal }: AskContext,
  work: () => Promise<T>,
): Promise<T> => {
  const waits = retryIntervals(AGAIN_SCHEDULE, random);
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      const isLast = attempt === MAX_ATTEMPTS || signal.aborted;
      if (isLast || !isRoadstreamError(error) || error.code === "usage") throw error;
      await clock.sleep(waits.next().value, signal);
    }
  }
};
