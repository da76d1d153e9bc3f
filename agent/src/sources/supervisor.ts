import {
  errorText,
  retryIntervals,
  type Clock,
  type Logger,
  type Metrics,
  type Random,
  type RetrySchedule,
} from "@roadstream/shared";
import type { Source, SourceEvents } from "../ports.ts";

const RESTART_SCHEDULE: RetrySchedule = { firstMs: 1000, factor: 2, maxMs: 60_000, jitter: 0.3 };
/** A source that ran so long before it failed begins with the first interval again. */
const STABLE_MS = 60_000;

/**
 * Runs one source until it has ended for good or the signal fires. A source heals what it can by itself; one that
 * throws all the same is told as lost and started again, alone, by schedule.
 */
export const superviseSource = async (
  source: Source,
  sink: SourceEvents,
  options: {
    readonly clock: Clock;
    readonly random: Random;
    readonly logger: Logger;
    readonly metrics: Metrics;
    readonly signal: AbortSignal;
  },
): Promise<void> => {
  const { clock, random, logger, signal } = options;
  const failures = options.metrics.counter(
    "roadstream_agent_source_failures_total",
    "Sources that failed and were started again.",
    ["source"],
  );
  let waits = retryIntervals(RESTART_SCHEDULE, random);
  let isLost = false;
  const delivers = (): void => {
    if (isLost) sink.back(source.name);
    isLost = false;
  };
  const watched: SourceEvents = {
    ...sink,
    reading: (reading) => {
      delivers();
      return sink.reading(reading);
    },
    keep: (reading) => {
      delivers();
      return sink.keep(reading);
    },
  };
  while (!signal.aborted) {
    const began = clock.uptime();
    try {
      await source.run(watched, signal);
      return;
    } catch (error) {
      if (signal.aborted) return;
      failures.add(1, { source: source.name });
      logger.error("source_failed", { source: source.name, error: errorText(error) });
      if (!isLost) sink.lost(source.name, "failed");
      isLost = true;
    }
    if (clock.uptime() - began >= STABLE_MS) waits = retryIntervals(RESTART_SCHEDULE, random);
    await clock.sleep(waits.next().value, signal).catch(() => undefined);
  }
};
