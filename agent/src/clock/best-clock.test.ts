import { seconds, unixMillis, uptimeMillis, hours } from "@roadstream/shared";
import { VirtualClock } from "@roadstream/shared/testing";
import { expect, test } from "vitest";
import { gpsSample } from "../testing/sample-readings.ts";
import { BestClock, CARRIED_ERROR_MS, CONFIRMING_FIXES } from "./best-clock.ts";
import { DRIFT, type MachineTime } from "./vouched-time.ts";

const NOON = unixMillis(Date.UTC(2026, 5, 1, 12));
const at = (uptime: number) => uptimeMillis(uptime);
const fix = (uptime: number, capturedAt: number | null, clock: "gnss" | "unsynced" = "gnss") =>
  gpsSample({
    uptime: at(uptime),
    clock,
    capturedAt: capturedAt === null ? null : unixMillis(capturedAt),
    clockErrorMs: capturedAt === null ? null : 1,
  });

const best = (machineTime: () => MachineTime | null = () => null, clock = new VirtualClock()) =>
  new BestClock({ clock, machineTime, tripTime: null });

test("before anything vouches for a time there is none, whatever the machine's clock says", () => {
  const clock = best();
  expect(clock.learn(fix(1000, null, "unsynced"))).toBe(null);
  expect(clock.at(at(1000))).toBe(null);
  expect(clock.confirmedTime()).toBe(null);
  expect(clock.stamp(at(1234))).toEqual({
    capturedAt: null,
    clock: "unsynced",
    clockErrorMs: null,
    uptime: 1234,
  });
});

test("a receiver's time is carried on, and back, by the monotonic clock, with an error that grows", () => {
  const clock = best();
  expect(clock.learn(fix(10_000, NOON))).toBe("came_to_be");
  expect(clock.at(at(4000))).toMatchObject({ at: NOON - 6000, clock: "gnss" });
  expect(clock.stamp(at(13_000))).toMatchObject({
    capturedAt: NOON + 3000,
    clock: "gnss",
    clockErrorMs: CARRIED_ERROR_MS,
  });
  const later = clock.at(at(10_000 + hours(24)));
  expect(later?.errorMs).toBe(CARRIED_ERROR_MS + hours(24) * DRIFT);
});

test("the receiver wins over the machine, the machine over nothing", () => {
  const virtual = new VirtualClock({ uptime: 5000 });
  const clock = best(() => ({ at: unixMillis(NOON - 60_000), source: "rtc" }), virtual);
  expect(clock.stamp(at(4000))).toMatchObject({
    capturedAt: NOON - 61_000,
    clock: "rtc",
    clockErrorMs: null,
  });
  expect(clock.learn(fix(5000, NOON))).toBe("jumped");
  expect(clock.stamp(at(5000))).toMatchObject({ capturedAt: NOON, clock: "gnss" });
});

test("only what moves the known time by seconds is a jump", () => {
  const clock = best();
  clock.learn(fix(0, NOON));
  expect(clock.learn(fix(1000, NOON + 1000))).toBe(null);
  expect(clock.learn(fix(2000, NOON + 3900))).toBe(null);
  expect(clock.learn(fix(3000, NOON + 30_000))).toBe("jumped");
  expect(clock.learn(fix(4000, NOON + 31_000))).toBe(null);
});

test("a machine that is synchronised later is told, and so is a step of its clock; one that always was is not", () => {
  let machine: MachineTime | null = null;
  const clock = best(() => machine);
  expect(clock.learn(fix(1000, null, "unsynced"))).toBe(null);
  machine = { at: NOON, source: "ntp" };
  expect(clock.learn(fix(1000, null, "unsynced"))).toBe("came_to_be");
  expect(clock.learn(fix(1000, null, "unsynced"))).toBe(null);
  machine = { at: unixMillis(NOON + seconds(90)), source: "ntp" };
  expect(clock.learn(fix(1000, null, "unsynced"))).toBe("jumped");
  expect(best(() => machine).learn(fix(1000, null, "unsynced"))).toBe(null);
});

test("a simulated trip's time stamps readings and is never taken for the true one", () => {
  const clock = new BestClock({ clock: new VirtualClock(), machineTime: () => null, tripTime: () => NOON });
  expect(clock.stamp(at(7))).toEqual({ capturedAt: NOON, clock: "simulated", clockErrorMs: null, uptime: 7 });
  expect(clock.learn(fix(7, NOON))).toBe(null);
  expect(clock.confirmedTime()).toBe(null);
});

test("time servers overrule a receiver's time that is off by more than a few seconds, and nothing less than that", () => {
  const virtual = new VirtualClock({ uptime: 5000 });
  let machine: MachineTime | null = null;
  const clock = best(() => machine, virtual);
  clock.learn(fix(5000, NOON));
  machine = { at: unixMillis(NOON + seconds(4)), source: "ntp" };
  expect(clock.at(at(5000))).toMatchObject({ at: NOON, clock: "gnss" });
  machine = { at: unixMillis(NOON + hours(30)), source: "ntp" };
  expect(clock.at(at(4000))).toEqual({ at: NOON + hours(30) - 1000, clock: "ntp", errorMs: null });
  expect(clock.learn(fix(5000, NOON))).toBe("jumped");
  machine = { at: unixMillis(NOON + hours(30)), source: "rtc" };
  expect(clock.at(at(5000))).toMatchObject({ at: NOON, clock: "gnss" });
});

test("a machine that has run for long may be as far from the time servers as its quartz runs away", () => {
  const up = hours(24 * 30);
  const clock = best(
    () => ({ at: unixMillis(NOON + seconds(60)), source: "ntp" }),
    new VirtualClock({ uptime: up }),
  );
  clock.learn(fix(up, NOON));
  expect(clock.at(at(up))).toMatchObject({ at: NOON, clock: "gnss" });
});

test("a time is confirmed by time servers, or by fixes that agree with each other; a battery's never is", () => {
  const virtual = new VirtualClock({ uptime: 0 });
  expect(best(() => ({ at: NOON, source: "rtc" }), virtual).confirmedTime()).toBe(null);
  expect(best(() => ({ at: NOON, source: "ntp" }), virtual).confirmedTime()).toBe(NOON);
  const clock = best(() => null, virtual);
  for (let s = 0; s < CONFIRMING_FIXES; s += 1) clock.learn(fix(s, NOON + s));
  expect(clock.confirmedTime()).toBe(null);
  clock.learn(fix(CONFIRMING_FIXES, NOON + CONFIRMING_FIXES));
  expect(clock.confirmedTime()).toBe(NOON);
  clock.learn(fix(CONFIRMING_FIXES + 1, NOON + hours(2000)));
  expect(clock.confirmedTime()).toBe(null);
});
