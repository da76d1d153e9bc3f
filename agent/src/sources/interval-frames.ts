import type { Clock, DurationMs } from "@roadstream/shared";
import type { FrameGrabber, GrabbedFrame } from "../ports.ts";

/** Takes one picture now and one each interval after, by `grab`. */
export const intervalFrames = (options: {
  readonly grab: (signal: AbortSignal) => Promise<Uint8Array | Extract<GrabbedFrame, { failure: string }>>;
  readonly interval: DurationMs;
  readonly clock: Clock;
}): FrameGrabber => {
  const { grab, interval, clock } = options;
  let due = clock.uptime();
  return {
    next: async (signal) => {
      const left = due - clock.uptime();
      if (left > 0) await clock.sleep(left as DurationMs, signal).catch(() => undefined);
      if (signal.aborted) return "ended";
      due = (clock.uptime() + interval) as typeof due;
      const taken = await grab(signal);
      return "failure" in taken
        ? taken
        : { bytes: taken, trigger: "interval", done: () => Promise.resolve() };
    },
  };
};
