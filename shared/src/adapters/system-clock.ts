import { readFileSync } from "node:fs";
import { hostname, uptime } from "node:os";
import { RoadstreamError } from "../errors.ts";
import type { Clock } from "../time/clock.ts";
import { unixMillis, uptimeMillis, type DurationMs } from "../time/time.ts";

/** Linux names each boot; elsewhere host name and boot minute stand in. */
const machineBoot = (): string => {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return `${hostname()}-${Math.round((Date.now() / 1000 - uptime()) / 60)}`;
  }
};

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
