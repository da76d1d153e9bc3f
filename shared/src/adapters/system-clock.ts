import { RoadstreamError } from "../errors.ts";
import type { Clock } from "../time/clock.ts";
import { unixMillis, uptimeMillis, type DurationMs } from "../time/time.ts";
import { machineBoot } from "./machine-boot.ts";

/** Node's timers count in 32 bits, and one for longer than these 24.8 days is over after a millisecond. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

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
      let timer: NodeJS.Timeout | undefined;
      const wait = (leftMs: number): void => {
        const piece = Math.min(leftMs, LONGEST_TIMER_MS);
        timer = setTimeout(() => (leftMs > piece ? wait(leftMs - piece) : over()), piece);
      };
      const over = (): void => {
        signal?.removeEventListener("abort", aborted);
        resolve();
      };
      wait(duration);
      if (signal?.aborted === true) aborted();
      else signal?.addEventListener("abort", aborted, { once: true });
    }),
});
