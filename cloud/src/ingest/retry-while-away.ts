import { errorText, isRoadstreamError, retryIntervals } from "@roadstream/shared";
import type { IngestContext } from "./ingest-context.ts";
import { UNAVAILABLE_MAX_ATTEMPTS, UNAVAILABLE_SCHEDULE } from "./ingest-limits.ts";

/**
 * Does `work`; while it fails because a store or the log is away, waits and does `again` instead. Throws the last
 * error when that does not end, and any other error at once.
 */
export const retryWhileAway = async (
  context: Pick<IngestContext, "clock" | "random">,
  options: {
    readonly signal: AbortSignal;
    readonly work: () => Promise<void>;
    readonly again: () => Promise<void>;
    readonly onRetry: (reason: string, attempt: number) => void;
  },
): Promise<void> => {
  const waits = retryIntervals(UNAVAILABLE_SCHEDULE, context.random);
  for (let attempt = 1; ; attempt += 1) {
    try {
      await (attempt === 1 ? options.work() : options.again());
      return;
    } catch (error) {
      const isTransient = isRoadstreamError(error) && error.retryable;
      if (!isTransient || attempt >= UNAVAILABLE_MAX_ATTEMPTS || options.signal.aborted) throw error;
      options.onRetry(errorText(error), attempt);
      await context.clock.sleep(waits.next().value, options.signal);
    }
  }
};
