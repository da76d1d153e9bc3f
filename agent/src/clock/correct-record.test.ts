import { unixMillis, type UptimeMillis } from "@roadstream/shared";
import { expect, test } from "vitest";
import { encoded, gpsSample } from "../testing/sample-readings.ts";
import type { KnownTime } from "./best-clock.ts";
import { correctRecord } from "./correct-record.ts";

const BOOTED = Date.UTC(2026, 5, 1);
const timeAt = (uptime: UptimeMillis): KnownTime => ({
  at: unixMillis(BOOTED + uptime),
  clock: "gnss",
  errorMs: 500,
});
const record = (...args: Parameters<typeof encoded>): string => `{"seq":7,${encoded(...args).tail}`;
const parse = (text: string): Record<string, unknown> => JSON.parse(text) as Record<string, unknown>;

test("a reading measured without a clock gets its time, and nothing else of it changes", () => {
  const before = record(gpsSample({}, { vehicle_type: '"clock":"unsynced"' }));
  const after = parse(correctRecord(before, timeAt));
  expect(after).toEqual({
    ...parse(before),
    captured_at: "2026-06-01T00:00:05.000Z",
    clock: "gnss",
    clock_error_ms: 500,
  });
});

test("an unknown error is left out", () => {
  const known = (uptime: UptimeMillis): KnownTime => ({ ...timeAt(uptime), clock: "ntp", errorMs: null });
  expect(parse(correctRecord(record(gpsSample()), known))).not.toHaveProperty("clock_error_ms");
});

test.each([
  ["that has a time", record(gpsSample({ capturedAt: unixMillis(BOOTED), clock: "rtc" }))],
  ["of a replay", record(gpsSample(), "fixed")],
])("a record %s stays as it is", (_, text) => {
  expect(correctRecord(text, timeAt)).toBe(text);
});

test("without a known time, or one before 1970, it stays as it is", () => {
  const text = record(gpsSample());
  expect(correctRecord(text, () => null)).toBe(text);
  expect(correctRecord(text, () => ({ at: unixMillis(-5), clock: "gnss", errorMs: 1 }))).toBe(text);
});
