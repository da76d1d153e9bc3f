import { RoadstreamError } from "../errors.ts";

/** The result of `work`; rejects with `aborted` as soon as the signal fires. The work then goes on, unobserved. */
export const unlessAborted = async <T>(signal: AbortSignal, work: Promise<T>): Promise<T> => {
  const { promise: cancelled, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(new RoadstreamError("aborted", "cancelled"));
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([work, cancelled]);
  } finally {
    signal.removeEventListener("abort", onAbort);
    work.catch(() => undefined);
  }
};
