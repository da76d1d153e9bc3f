import { seconds } from "@roadstream/shared";
import { expect, test } from "vitest";
import { LineRecord } from "./line-record.ts";

const BYTES = 40_960;
const NOW = 60_000;

/** A line that took 0.1 s for a fix, and then so long for a picture. */
const lineOf = (pictureSeconds: number): LineRecord => {
  const line = new LineRecord();
  line.acknowledged({ bytes: 300, bytesInFlight: 300, seconds: 0.1, at: 1000 });
  line.acknowledged({ bytes: BYTES, bytesInFlight: BYTES, seconds: pictureSeconds, at: 60_000 });
  return line;
};

test("what is on its way has the time that the line took lately, within limits", () => {
  expect(new LineRecord().allowance(BYTES, NOW)).toBe(seconds(10));
  expect(lineOf(40).allowance(BYTES, NOW)).toBe(seconds(40));
  expect(lineOf(1).allowance(BYTES, NOW)).toBe(seconds(10));
  expect(lineOf(10_000).allowance(BYTES, NOW)).toBe(seconds(160));
});

test("however much is on its way, a dead peer is noticed within minutes", () => {
  const line = lineOf(10_000);
  expect(line.allowance(90_000, NOW)).toBe(seconds(210));
  expect(line.allowance(768 * 1024, NOW)).toBe(seconds(210));
  // Ordinary pictures on the worst of lines have all the time they need.
  expect(lineOf(BYTES / 700).allowance(40_000, NOW)).toBeGreaterThan(seconds(40_000 / 701));
});

test("a short publish does not tell that a line is slow: its answer is the round trip's", () => {
  const line = new LineRecord();
  line.acknowledged({ bytes: 300, bytesInFlight: 300, seconds: 2, at: 0 });
  expect(line.allowance(BYTES, NOW)).toBe(seconds(10));
});

test("a short publish tells that a line is not so slow any more, by its own bytes alone", () => {
  const slow = lineOf(40);
  for (let n = 0; n < 9; n += 1) slow.unanswered();
  // Behind a picture of which all but the end was there already.
  slow.acknowledged({ bytes: 1024, bytesInFlight: 1024 + BYTES, seconds: 2, at: 61_000 });
  expect(slow.allowance(BYTES, NOW)).toBe(seconds(80));
  slow.acknowledged({ bytes: 1024, bytesInFlight: 1024, seconds: 4, at: 62_000 });
  expect(slow.allowance(BYTES, NOW)).toBe(seconds(80));
  slow.acknowledged({ bytes: 1024, bytesInFlight: 1024, seconds: 0.1, at: 63_000 });
  expect(slow.allowance(BYTES, NOW)).toBe(seconds(10));
});

test("what a picture told lately is believed, not a fix that goes at once", () => {
  const line = lineOf(40);
  const fix = { bytes: 1024, bytesInFlight: 1024, seconds: 0.1 };
  line.acknowledged({ ...fix, at: 60_000 + seconds(600) });
  expect(line.allowance(BYTES, NOW)).toBe(seconds(40));
  line.acknowledged({ ...fix, at: 60_001 + seconds(600) });
  expect(line.allowance(BYTES, NOW)).toBe(seconds(10));
});

test("what connections ended under has twice the time for each, whatever short answers say", () => {
  const line = new LineRecord();
  expect([0, 1, 2, 9].map((ends) => line.allowance(BYTES, NOW, ends))).toEqual(
    [10, 20, 40, 160].map((each) => seconds(each)),
  );
  // Not where a picture went well lately.
  expect(lineOf(5).allowance(BYTES, NOW, 9)).toBe(seconds(10));
  expect(lineOf(5).allowance(BYTES, NOW + seconds(601), 9)).toBe(seconds(160));
});

test("each deadline that passes allows for half the rate, down to a limit", () => {
  const line = new LineRecord();
  line.unanswered();
  expect(line.allowance(BYTES, NOW)).toBe(seconds(20));
  for (let n = 0; n < 10; n += 1) line.unanswered();
  expect(line.allowance(BYTES, NOW)).toBe(seconds(160));
});

test("how long something takes is known from its like, less the round trip, and not from a distant past", () => {
  const line = lineOf(10.1);
  expect(line.similar(BYTES, 61_000)).toEqual({ at: 60_000, transferSeconds: 10 });
  expect(line.similar(BYTES / 2, 61_000)?.transferSeconds).toBe(5);
  expect(line.similar(BYTES * 2.5, 61_000)).toBe(null);
  expect(line.similar(BYTES / 2.5, 61_000)).toBe(null);
  expect(line.similar(BYTES, 61_000 + seconds(600))).toBe(null);
});
