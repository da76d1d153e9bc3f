import { seconds } from "@roadstream/shared";
import { expect, test } from "vitest";
import { LineRecord } from "./line-record.ts";

const BYTES = 40_960;

/** A line that took 0.1 s for a fix, and then so long for a picture. */
const lineOf = (pictureSeconds: number): LineRecord => {
  const line = new LineRecord();
  line.acknowledged({ bytes: 300, bytesInFlight: 300, seconds: 0.1, at: 1000 });
  line.acknowledged({ bytes: BYTES, bytesInFlight: BYTES, seconds: pictureSeconds, at: 60_000 });
  return line;
};

test("what is on its way has the time that the line took lately, within limits", () => {
  expect(new LineRecord().allowance(BYTES)).toBe(seconds(10));
  expect(lineOf(40).allowance(BYTES)).toBe(seconds(40));
  expect(lineOf(1).allowance(BYTES)).toBe(seconds(10));
  expect(lineOf(10_000).allowance(BYTES)).toBe(seconds(160));
});

test("a short publish tells nothing of the rate: its answer is the round trip's", () => {
  const line = new LineRecord();
  line.acknowledged({ bytes: 300, bytesInFlight: 300, seconds: 2, at: 0 });
  expect(line.allowance(BYTES)).toBe(seconds(10));
});

test("each deadline that passes allows for half the rate, down to a limit", () => {
  const line = new LineRecord();
  line.unanswered();
  expect(line.allowance(BYTES)).toBe(seconds(20));
  for (let n = 0; n < 10; n += 1) line.unanswered();
  expect(line.allowance(BYTES)).toBe(seconds(160));
});

test("how long something takes is known from its like, less the round trip, and not from a distant past", () => {
  const line = lineOf(10.1);
  expect(line.similar(BYTES, 61_000)).toEqual({ at: 60_000, transferSeconds: 10 });
  expect(line.similar(BYTES / 2, 61_000)?.transferSeconds).toBe(5);
  expect(line.similar(BYTES * 2.5, 61_000)).toBe(null);
  expect(line.similar(BYTES / 2.5, 61_000)).toBe(null);
  expect(line.similar(BYTES, 61_000 + seconds(600))).toBe(null);
});
