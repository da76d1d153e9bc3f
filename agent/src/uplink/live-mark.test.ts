import { uptimeMillis } from "@roadstream/shared";
import { expect, test } from "vitest";
import { LIVE_MAX_WAIT, LiveMarks } from "./live-mark.ts";

const observe = (marks: LiveMarks, atS: number, given: number, nextUnsent: number | null): number => {
  marks.observe("gps_data", { now: uptimeMillis(atS * 1000), given, nextUnsent });
  return marks.mark("gps_data");
};

test("live readings that keep up stay live", () => {
  const marks = new LiveMarks();
  for (let s = 0; s < 60; s += 1) expect(observe(marks, s, s + 1, s + 1)).toBe(0);
});

test("readings that have waited too long become backlog, so that new ones go first", () => {
  const marks = new LiveMarks();
  let mark = 0;
  let s = 0;
  for (; mark === 0 && s < 60; s += 1) mark = observe(marks, s, s + 1, 1);
  expect((s - 1) * 1000).toBe(LIVE_MAX_WAIT);
  expect(mark).toBe(s);
});

test("each stream has a mark of its own, and a new connection sets it", () => {
  const marks = new LiveMarks();
  marks.set("gps_data", 500);
  expect(marks.mark("gps_data")).toBe(500);
  expect(marks.mark("vehicle_data")).toBe(0);
});
