import { RoadstreamError } from "../errors.ts";
import type { Clock } from "../time/clock.ts";
import { unixMillis, uptimeMillis, type DurationMs } from "../time/time.ts";
import { machineBoot } from "./machine-boot.ts";

/** The machine's clocks: wall time, and CLOCK_MONOTONIC, which on Linux counts from boot in every process. */
export const systemClock = (): Clock => ({
  now: () => unixMillis(Date.now()),
  uptime: () => uptimeMillis(Math.floor(Number(process.hrtime.bigint() / 1000n) / 1000)),
  machineBoot: machineBoot(),
  sleep: (duration: DurationMs, signal?: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      const aborted = (): void => {
        clearTimeout(timer);
        reject(new RoadstreamError("aborted", "sleep cancelled"));
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener("abort", aborted);
        resolve();
      }, duration);
      if (signal?.aborted === true) aborted();
      else signal?.addEventListener("abort", aborted, { once: true });
    }),
});
