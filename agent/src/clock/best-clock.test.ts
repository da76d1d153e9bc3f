import { seconds, unixMillis, uptimeMillis, hours } from "@roadstream/shared";
import { VirtualClock } from "@roadstream/shared/testing";
import { expect, test } from "vitest";
import { gpsSample } from "../testing/sample-readings.ts";
import { BestClock, CARRIED_ERROR_MS, DRIFT, type MachineTime } from "./best-clock.ts";

const NOON = unixMillis(Date.UTC(2026, 5, 1, 12));
const at = (uptime: number) => uptimeMillis(uptime);
const fix = (uptime: number, capturedAt: number | null, clock: "gnss" | "unsynced" = "gnss") =>
  gpsSample({ uptime: at(uptime), clock, capturedAt: capturedAt === null ? null : unixMillis(capturedAt) });

const best = (machineTime: () => MachineTime | null = () => null, clock = new VirtualClock()) =>
  new BestClock({ clock, machineTime, tripTime: null });

test("before anything vouches for a time there is none, whatever the machine's clock says", () => {
  const clock = best();
  expect(clock.learn(fix(1000, null, "unsynced"))).toBe(null);
  expect(clock.at(at(1000))).toBe(null);
  expect(clock.wallTime()).toBe(null);
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
  expect(clock.wallTime()).toBe(null);
});
