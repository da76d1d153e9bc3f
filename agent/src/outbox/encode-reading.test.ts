import { MAX_PICTURE_BYTES, unixMillis, uptimeMillis } from "@roadstream/shared";
import { expect, test } from "vitest";
import type { SampledReading } from "../ports.ts";
import { encoded, gpsSample, pictureSample } from "../testing/sample-readings.ts";
import { encodeReading, MAX_RECORD_BYTES } from "./encode-reading.ts";

const parse = (
  reading: SampledReading,
  kind: "correctable" | "fixed" = "correctable",
): Record<string, unknown> =>
  JSON.parse(`{"seq":1,${encoded(reading, kind).tail}`) as Record<string, unknown>;
const NOON = unixMillis(Date.UTC(2026, 5, 1, 12));

test("a reading's columns are its record's, and absent ones are left out", () => {
  const record = parse(
    gpsSample({ capturedAt: NOON, clock: "gnss", clockErrorMs: 1 }, { heading_deg: null }),
  );
  expect(record).toEqual({
    seq: 1,
    captured_at: "2026-06-01T12:00:00.000Z",
    clock: "gnss",
    clock_error_ms: 1,
    uptime_ms: 5000,
    fix_at: "2026-01-01T00:00:00.000Z",
    fix: "3d",
    latitude: 41.5868,
    longitude: -93.625,
    altitude_m: 291.2,
    speed_kmh: 88.4,
    satellites_used: 9,
    hdop: 0.9,
    vehicle_type: "car",
  });
});

test("what a replay measured cannot be taken for a reading of now", () => {
  expect(parse(gpsSample())).toEqual(parse(gpsSample(), "fixed"));
  expect(encoded(gpsSample()).tail).not.toBe(encoded(gpsSample(), "fixed").tail);
});

const sample = (columns: object, over: object = {}): SampledReading => {
  const whole = gpsSample(over);
  return { ...whole, columns: { ...whole.columns, ...columns } };
};

test.each<[string, SampledReading, string, string]>([
  ["NaN", sample({ speed_kmh: Number.NaN }), "speed_kmh", "not_finite"],
  ["infinity", sample({ altitude_m: Infinity }), "altitude_m", "not_finite"],
  ["3.7 as a count", sample({ satellites_used: 3.7 }), "satellites_used", "wrong_type"],
  ["text as a number", sample({ hdop: "2" }), "hdop", "wrong_type"],
  ["a latitude of 91", sample({ latitude: 91 }), "latitude", "out_of_range"],
  ["a negative speed", sample({ speed_kmh: -1 }), "speed_kmh", "out_of_range"],
  ["half a position", sample({ longitude: null }), "row", "half_position"],
  ["a position without a fix", sample({ fix: "none" }), "row", "position_without_fix"],
  ["a fix of no kind", sample({ fix: "4d" }), "fix", "not_allowed"],
  ["no kind of fix", sample({ fix: null }), "fix", "missing_field"],
  ["a time that is none", sample({ fix_at: "yesterday" }), "fix_at", "bad_time"],
  ["a time before 1970", sample({}, { capturedAt: -1, clock: "gnss" }), "captured_at", "bad_time"],
  ["no time but a clock", sample({}, { clock: "gnss" }), "row", "time_without_clock"],
  ["an uptime below zero", sample({}, { uptime: uptimeMillis(-1) }), "uptime_ms", "out_of_range"],
  ["an error below zero", sample({}, { clockErrorMs: -1 }), "clock_error_ms", "out_of_range"],
  ["half a surrogate", sample({ vehicle_type: "\ud800" }), "vehicle_type", "bad_string"],
  ["a long text", sample({ vehicle_type: "x".repeat(65) }), "vehicle_type", "too_long"],
])("%s is refused by name", (_, reading, column, reason) => {
  expect(encodeReading(reading, "correctable")).toEqual({ ok: false, column, reason });
});

test("the largest picture fits a publish; a longer one is refused", () => {
  expect(encoded(pictureSample(MAX_PICTURE_BYTES)).tail.length).toBeLessThan(MAX_RECORD_BYTES);
  expect(encodeReading(pictureSample(MAX_PICTURE_BYTES + 9000), "correctable").ok).toBe(false);
});
