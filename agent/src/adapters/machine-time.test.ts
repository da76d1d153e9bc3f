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
