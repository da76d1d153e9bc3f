import { days, minutes, seconds, unixMillis, uptimeMillis } from "@roadstream/shared";
import { describe, expect, it } from "vitest";
import type { MachineTime } from "../clock/vouched-time.ts";
import { ReceiverTimeTrust, type ReceiverTimeClaim } from "./receiver-time-trust.ts";

const NOW = Date.UTC(2026, 5, 1, 12);
const ntp = (at: number): MachineTime => ({ at: unixMillis(at), source: "ntp" });
const rtc = (at: number): MachineTime => ({ at: unixMillis(at), source: "rtc" });
const claim = (at: number, options: Partial<ReceiverTimeClaim> = {}): ReceiverTimeClaim => ({
  at: unixMillis(at),
  uptime: uptimeMillis(0),
  hasFix: true,
  machineTime: ntp(NOW),
  ...options,
});
const fresh = (mode: "live" | "replay", at: number, options: Partial<ReceiverTimeClaim> = {}): boolean =>
  new ReceiverTimeTrust(mode).accepts(claim(at, options));

describe("ReceiverTimeTrust", () => {
  it.each([
    ["the zero of GPS time", Date.UTC(1980, 0, 6), false],
    ["a rolled-over week", NOW - days(7 * 1024), false],
    ["the last moment of 2019", Date.UTC(2020, 0, 1) - 1, false],
    ["the first of 2020", Date.UTC(2020, 0, 1), true],
    ["now", NOW, true],
    ["a day ahead", NOW + days(1), true],
    ["more than a day ahead", NOW + days(1) + 1, false],
  ])("judges %s", (_, at, accepted) => {
    expect(fresh("replay", at)).toBe(accepted);
  });

  it.each([
    ["the zero of GPS time", Date.UTC(1980, 0, 6), false],
    ["a minute ago, read late", NOW - minutes(1), true],
    ["longer ago", NOW - minutes(1) - 1, false],
    ["a few seconds ahead", NOW + seconds(5), true],
    ["before it has heard of leap seconds", NOW + seconds(18), false],
  ])("holds a live receiver to the time servers: %s", (_, at, accepted) => {
    expect(fresh("live", at)).toBe(accepted);
    expect(fresh("live", at, { hasFix: false })).toBe(accepted);
  });

  it("believes a first time without a fix only where time servers say the same", () => {
    const flatBattery = Date.UTC(2026, 0, 2);
    for (const machineTime of [null, rtc(flatBattery)]) {
      const trust = new ReceiverTimeTrust("live");
      const epochs = Array.from({ length: 20 }, (_, s) =>
        trust.accepts(
          claim(flatBattery + seconds(s), { uptime: uptimeMillis(seconds(s)), hasFix: false, machineTime }),
        ),
      );
      expect(epochs).not.toContain(true);
    }
    expect(fresh("live", NOW, { hasFix: false })).toBe(true);
  });

  it("doubts fixes that a battery's clock contradicts, until ten in a row agree", () => {
    const trust = new ReceiverTimeTrust("live");
    const machineTime = rtc(NOW - days(200));
    const epochs = Array.from({ length: 11 }, (_, s) =>
      trust.accepts(claim(NOW + seconds(s), { uptime: uptimeMillis(seconds(s)), machineTime })),
    );
    expect(epochs).toEqual([...Array<boolean>(9).fill(false), true, true]);
    expect(fresh("live", NOW, { machineTime: rtc(NOW - days(1)) })).toBe(true);
  });

  it("believes a live receiver without a fix only from this program's time on", () => {
    const flatBattery = Date.UTC(2021, 7, 1);
    expect(fresh("live", flatBattery, { hasFix: false })).toBe(false);
    expect(fresh("live", NOW, { hasFix: false })).toBe(true);
    expect(fresh("replay", flatBattery, { hasFix: false })).toBe(true);
  });

  it("believes a receiver more than a machine that does not know the time", () => {
    expect(fresh("live", NOW + days(400), { machineTime: null })).toBe(true);
    expect(fresh("live", NOW + days(7 * 1024), { machineTime: null })).toBe(false);
  });

  it("doubts a live time that falls back or leaps, until ten fixes in a row agree", () => {
    const trust = new ReceiverTimeTrust("live");
    const at = (second: number, shift: number): boolean =>
      trust.accepts(
        claim(NOW - days(300) + seconds(second) + shift, {
          uptime: uptimeMillis(seconds(second)),
          machineTime: null,
        }),
      );
    expect(at(0, 0)).toBe(true);
    expect(at(1, days(-50))).toBe(false);
    expect(at(2, 0)).toBe(true);
    expect(at(3, days(50))).toBe(false);
    expect(at(4, 0)).toBe(true);
    expect(Array.from({ length: 11 }, (_, i) => at(5 + i, days(-50)))).toEqual([
      ...Array<boolean>(9).fill(false),
      true,
      true,
    ]);
  });

  it("takes the drives of a capture in any order", () => {
    const trust = new ReceiverTimeTrust("replay");
    expect([NOW, NOW - days(300), NOW - days(10)].map((at) => trust.accepts(claim(at)))).toEqual([
      true,
      true,
      true,
    ]);
  });
});
