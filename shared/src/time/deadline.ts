import { RoadstreamError } from "../errors.ts";
import type { Clock } from "./clock.ts";
import type { DurationMs } from "./time.ts";

/**
 * The result of `work`, or a `timeout` error after `limit`. `work` receives a signal that fires at the deadline or
 * when the caller's signal does. Work that ignores its signal goes on, unobserved.
 */
export const withDeadline = async <T>(
  clock: Clock,
  limit: DurationMs,
  what: string,
  work: (signal: AbortSignal) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> => {
  const inner = new AbortController();
  const timer = new AbortController();
  const onAbort = (): void => inner.abort(signal?.reason);
  if (signal?.aborted === true) throw new RoadstreamError("aborted", `${what}: cancelled`);
  signal?.addEventListener("abort", onAbort, { once: true });
  const expiry = clock.sleep(limit, timer.signal).then(
    () => {
      const late = new RoadstreamError("timeout", `${what}: no answer within ${limit} ms`);
      inner.abort(late);
      throw late;
    },
    // The timer was cancelled because the work ended first: never settles, the race is already decided.
    () => new Promise<never>(() => undefined),
  );
  try {
    return await Promise.race([work(inner.signal), expiry]);
  } finally {
    timer.abort();
    signal?.removeEventListener("abort", onAbort);
  }
};
