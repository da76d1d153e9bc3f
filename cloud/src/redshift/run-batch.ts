import {
  isRoadstreamError,
  retryIntervals,
  RoadstreamError,
  type DurationMs,
  type RetrySchedule,
} from "@roadstream/shared";
import { whileAway, type AskContext } from "../aws/while-away.ts";
import type { BatchState, RedshiftBatch, RedshiftRequests } from "./redshift-requests.ts";

export interface BatchContext extends AskContext {
  readonly requests: RedshiftRequests;
  /** A batch that takes longer is cancelled. */
  readonly limit: DurationMs;
}

/** A load takes seconds; each look is a request of the account's quota. */
const LOOK_SCHEDULE: RetrySchedule = { firstMs: 100, factor: 1.5, maxMs: 5_000, jitter: 0.2 };
/** How often a cancelled batch is looked at until it has ended one way or the other. */
const LAST_LOOKS = 8;
const NEVER = new AbortController().signal;

/**
 * Runs one batch to its end. However often its start has to be asked for, it runs once. When its time is over or the
 * signal fires it is cancelled, also where its start was never answered; if it was done by then, it is done. Throws
 * `refused` when Redshift rolled it back, `timeout` when it was cancelled or nobody knows.
 */
export const runBatch = async (context: BatchContext, batch: RedshiftBatch): Promise<BatchState> => {
  const { requests, signal } = context;
  const until = context.clock.uptime() + context.limit;
  let id: string | null = null;
  let hasAsked = false;
  try {
    id = await whileAway(context, () => {
      signal.throwIfAborted();
      hasAsked = true;
      return requests.start(batch);
    });
    const ended = await untilEnded(context, id, until);
    if (ended !== null) return judged(ended);
  } catch (error) {
    if (signal.aborted && hasAsked) await cancelled(context, id, batch);
    throw error;
  }
  const last = await cancelled(context, id, batch);
  if (last?.state === "finished") return last;
  throw new RoadstreamError("timeout", `Redshift: not done within ${context.limit} ms, and cancelled`);
};

const judged = (ended: BatchState): BatchState => {
  if (ended.state === "finished") return ended;
  throw new RoadstreamError(
    "refused",
    ended.state === "aborted" ? "Redshift: somebody cancelled the load" : `Redshift: ${ended.reason}`,
  );
};

/** Null when the time is over. */
const untilEnded = async (context: BatchContext, id: string, until: number): Promise<BatchState | null> => {
  const waits = retryIntervals(LOOK_SCHEDULE, context.random);
  for (;;) {
    context.signal.throwIfAborted();
    const found = await whileAway(context, () => context.requests.state(id));
    if (found.state !== "running") return found;
    if (context.clock.uptime() >= until) return null;
    await context.clock.sleep(waits.next().value, context.signal);
  }
};

/** Cancels, and looks what became of it; null when that cannot be known. Whoever pressed Ctrl-C does not wait for long. */
const cancelled = async (
  { requests, clock, random }: BatchContext,
  id: string | null,
  batch: RedshiftBatch,
): Promise<BatchState | null> => {
  const waits = retryIntervals(LOOK_SCHEDULE, random);
  let known = id;
  let isCancelled = false;
  for (let look = 0; look < LAST_LOOKS; look += 1) {
    try {
      // Its token is the only way to the id of a batch whose start was not answered.
      known ??= await requests.start(batch);
      if (!isCancelled) await requests.cancel(known);
      isCancelled = true;
      const found = await requests.state(known);
      if (found.state !== "running") return found;
    } catch (error) {
      if (!isRoadstreamError(error)) throw error;
    }
    await clock.sleep(waits.next().value, NEVER);
  }
  return null;
};
