import { RoadstreamError, type ByteChannel, type Clock, millis } from "@roadstream/shared";

/** What a receiver does next: speak, wait, break, or stay silent for ever. */
export type Step =
  | { readonly bytes: Uint8Array }
  | { readonly waitMs: number }
  | { readonly fail: "channel_lost" }
  | { readonly silent: true };

export interface ScriptedChannel extends ByteChannel {
  readonly isClosed: boolean;
}

/** A channel that plays a script on a clock, and ends where the script ends. */
export const scriptedChannel = (clock: Clock, steps: readonly Step[]): ScriptedChannel => {
  let isClosed = false;
  return {
    name: "script",
    get isClosed() {
      return isClosed;
    },
    read: async function* (signal) {
      for (const step of steps) {
        if ("bytes" in step) yield step.bytes;
        else if ("waitMs" in step) await clock.sleep(millis(step.waitMs), signal);
        else if ("fail" in step) throw new RoadstreamError(step.fail, "unplugged");
        else await new Promise(() => undefined);
      }
    },
    write: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => {
      isClosed = true;
      return Promise.resolve();
    },
  };
};
