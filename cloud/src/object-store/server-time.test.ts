import { minutes, seconds } from "@roadstream/shared";
import { VirtualClock } from "@roadstream/shared/testing";
import { beforeEach, describe, expect, test } from "vitest";
import { ServerTime } from "./server-time.ts";

const NOON = Date.UTC(2026, 4, 1, 12);
let clock: VirtualClock;
let time: ServerTime;
beforeEach(() => {
  clock = new VirtualClock();
  time = new ServerTime(clock);
});

describe("a server's time", () => {
  test("goes on from an answer's date by the monotonic clock, whatever the wall clock is set to", async () => {
    expect(time.now()).toBeNull();
    time.hear(NOON);
    clock.jumpWall(400 * 86_400_000);
    await clock.advance(1234);
    expect(time.now()).toBe(NOON + 1234);
  });

  test("is the latest that dates of whole seconds allow, and never later", async () => {
    const truth = NOON + 900;
    time.hear(NOON);
    for (let passed = 0; passed <= 3000; passed += 250) {
      time.hear(Math.floor((truth + passed) / 1000) * 1000);
      expect(time.now()).toBeLessThanOrEqual(truth + passed);
      await clock.advance(250);
    }
    expect(time.now()).toBeGreaterThan(truth + 3250 - 250);
  });

  test("follows a clock that was set back or forward, and an answer without a date says nothing", () => {
    time.hear(NOON);
    time.hear(NOON - seconds(30));
    expect(time.now()).toBe(NOON - seconds(30));
    time.hear(NOON);
    time.hear(Number.NaN);
    expect(time.now()).toBe(NOON);
  });

  test("is unknown when nothing was heard for long", async () => {
    time.hear(NOON);
    await clock.advance(minutes(10));
    expect(time.now()).toBe(NOON + minutes(10));
    await clock.advance(1);
    expect(time.now()).toBeNull();
    time.hear(NOON);
    expect(time.now()).toBe(NOON);
  });
});
