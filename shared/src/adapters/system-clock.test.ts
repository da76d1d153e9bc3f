import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { days, millis } from "../time/time.ts";
import { systemClock } from "./system-clock.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

const sleeper = (duration: ReturnType<typeof days>, signal?: AbortSignal) => {
  const seen = { end: "asleep" };
  systemClock()
    .sleep(duration, signal)
    .then(
      () => (seen.end = "over"),
      (error: { code?: string }) => (seen.end = error.code ?? "?"),
    );
  return seen;
};

test.each([1, days(24), days(25), days(30), days(365)])(
  "a sleep of %d ms takes as long as that",
  async (ms) => {
    const seen = sleeper(millis(ms));
    await vi.advanceTimersByTimeAsync(ms - 1);
    expect(seen.end).toBe("asleep");
    await vi.advanceTimersByTimeAsync(1);
    expect(seen.end).toBe("over");
  },
);

test("a long sleep is ended by its signal in each of its pieces, and leaves no timer", async () => {
  for (const after of [0, 10, 40]) {
    const stop = new AbortController();
    const seen = sleeper(days(60), stop.signal);
    await vi.advanceTimersByTimeAsync(days(after));
    stop.abort();
    await vi.advanceTimersByTimeAsync(0);
    expect(seen.end).toBe("aborted");
    expect(vi.getTimerCount()).toBe(0);
  }
});
