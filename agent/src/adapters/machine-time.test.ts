import { days } from "@roadstream/shared";
import { VirtualClock } from "@roadstream/shared/testing";
import { expect, test } from "vitest";
import { machineTime } from "./machine-time.ts";

test("the machine's time is known where the user vouches for it, and never where they do not", () => {
  const clock = new VirtualClock();
  expect(machineTime("none", clock)()).toBe(null);
  expect(machineTime("rtc", clock)()).toEqual({ at: clock.now(), source: "rtc" });
  const ntp = machineTime("ntp", clock);
  clock.jumpWall(60_000);
  expect(ntp()).toEqual({ at: clock.now(), source: "ntp" });
});

test("left to itself it says what the system says: ntp, or nothing yet", () => {
  const clock = new VirtualClock();
  expect([null, "ntp"]).toContain(machineTime("auto", clock)()?.source ?? null);
});

test.each(["rtc", "ntp"] as const)("a flat battery's time is none, though the user said %s", (trust) => {
  const clock = new VirtualClock({ now: Date.UTC(2000, 0, 1) });
  const time = machineTime(trust, clock);
  expect(time()).toBe(null);
  clock.jumpWall(days(26 * 366));
  expect(time()).toEqual({ at: clock.now(), source: trust });
});
