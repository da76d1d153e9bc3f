import fc from "fast-check";
import { expect, test } from "vitest";
import { parseIsoTime } from "./time.ts";

const padded = (width: number, max: number) =>
  fc.integer({ min: 0, max }).map((value) => String(value).padStart(width, "0"));

const anyDate = fc
  .tuple(
    padded(4, 9999),
    padded(2, 13),
    padded(2, 32),
    padded(2, 25),
    padded(2, 61),
    padded(2, 61),
    padded(3, 999),
  )
  .map(([y, mo, d, h, mi, s, ms]) => `${y}-${mo}-${d}T${h}:${mi}:${s}.${ms}Z`);

test("a time is taken exactly where writing it back gives the same text", () => {
  const wholeCheck = (text: string): number | null => {
    const date = new Date(text);
    return !Number.isNaN(date.getTime()) && date.toISOString() === text ? date.getTime() : null;
  };
  fc.assert(
    fc.property(anyDate, (text) => {
      expect(parseIsoTime(text)).toBe(wholeCheck(text));
    }),
    { numRuns: 2000 },
  );
});

test.each([
  ["2023-02-29T00:00:00.000Z", null],
  ["2024-02-29T00:00:00.000Z", Date.UTC(2024, 1, 29)],
  ["2100-02-29T00:00:00.000Z", null],
  ["2026-04-31T00:00:00.000Z", null],
  ["2026-03-14T24:00:00.000Z", null],
  ["2026-03-14T23:59:60.000Z", null],
  ["2026-03-14T12:00:00Z", null],
  ["2026-03-14T12:00:00.000+00:00", null],
])("%s", (text, ms) => {
  expect(parseIsoTime(text)).toBe(ms);
});
