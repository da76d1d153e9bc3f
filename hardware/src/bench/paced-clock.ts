import { millis, uptimeMillis, type Clock } from "@roadstream/shared";
import type { Pace } from "./trip-clock.ts";

/** An adapter never answers faster than this many times its real speed, so that its order of events stays real. */
const MOST = 100;

/**
 * The clock of a device that lives in the trip: its delays shrink as the trip's time is hurried, or an adapter's reset
 * and protocol search of some seconds would take minutes of the trip. Monotonic time only; never slower than real.
 */
export const pacedClock = (clock: Clock, pace: Pace): Clock => {
  const factor = pace === "max" ? MOST : Math.min(MOST, Math.max(1, pace));
  return {
    machineBoot: clock.machineBoot,
    now: () => clock.now(),
    uptime: () => uptimeMillis(clock.uptime() * factor),
    sleep: (duration, signal) => clock.sleep(millis(duration / factor), signal),
  };
};
