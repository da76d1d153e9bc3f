import { isoTime, type UnixMillis } from "../time/time.ts";

/** Formats the gateway's clock. Publishes come many in one millisecond, so the last text is kept. */
export const receivedTime = (): ((at: UnixMillis) => string) => {
  let lastAt: UnixMillis | null = null;
  let lastText = "";
  return (at) => {
    if (at !== lastAt) {
      lastText = isoTime(at);
      lastAt = at;
    }
    return lastText;
  };
};
