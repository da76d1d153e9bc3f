import { VirtualClock } from "@roadstream/shared/testing";
import { expect, test } from "vitest";
import { Wakeup } from "./wakeup.ts";

const rig = () => {
  const clock = new VirtualClock({ uptime: 0 });
  const wakeup = new Wakeup(clock);
  const stop = new AbortController();
  const wokenAt: number[] = [];
  const wait = (limitMs: number | null): Promise<void> =>
    wakeup.wait(limitMs, stop.signal).then(() => void wokenAt.push(clock.uptime()));
  return { clock, wakeup, stop, wokenAt, wait };
};

test("a wait ends with a wake, its limit, or the signal, and leaves no timer behind", async () => {
  const { clock, wakeup, stop, wokenAt, wait } = rig();
  const limited = wait(500);
  await clock.advance(1000);
  await limited;
  const woken = wait(10_000);
  wakeup.wake();
  await woken;
  const endless = wait(null);
  await clock.advance(1000);
  stop.abort();
  await endless;
  expect(wokenAt).toEqual([500, 1000, 2000]);
  expect(clock.pending).toBe(0);
});

test("a wake before the wait is not lost, and counts once", async () => {
  const { clock, wakeup, wokenAt, wait } = rig();
  wakeup.wake();
  wakeup.wake();
  await wait(null);
  const next = wait(300);
  await clock.advance(300);
  await next;
  expect(wokenAt).toEqual([0, 300]);
});
