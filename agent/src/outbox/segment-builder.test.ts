import { uptimeMillis } from "@roadstream/shared";
import { expect, test } from "vitest";
import { SEGMENT_TEXT, SegmentBuilder, segmentRecords } from "./segment-builder.ts";

const build = (lines: readonly string[], firstSeq = 1) => {
  const builder = new SegmentBuilder({
    bootId: "b",
    stream: "gps_data",
    acceptedAt: null,
    acceptedUptime: uptimeMillis(7),
  });
  lines.forEach((line, index) => builder.add(firstSeq + index, line));
  return builder.finish();
};

test("nothing added is no segment", () => {
  expect(build([])).toEqual([]);
});

test("consecutive records share a segment, whose size is its text's", () => {
  const [segment] = build(["one", "two", "three"], 5);
  expect(segment).toMatchObject({ firstSeq: 5, lastSeq: 7, text: "one\ntwo\nthree", size: 13 });
});

test("segments stay within their limit, and what is longer alone stands alone", () => {
  const line = "x".repeat(SEGMENT_TEXT / 4);
  const long = "y".repeat(2 * SEGMENT_TEXT);
  const segments = build([line, line, line, line, long, line]);
  expect(segments.map(({ firstSeq, lastSeq }) => [firstSeq, lastSeq])).toEqual([
    [1, 3],
    [4, 4],
    [5, 5],
    [6, 6],
  ]);
  for (const { size, text } of segments) expect(size).toBe(text.length);
});

test("records are cut out by their numbers, as far as the segment has them", () => {
  const [segment] = build(["a", "b", "c", "d"], 10);
  expect(segmentRecords(segment!, 11, 12)).toEqual(["b", "c"]);
  expect(segmentRecords(segment!, 1, 99)).toEqual(["a", "b", "c", "d"]);
  expect(segmentRecords(segment!, 14, 20)).toEqual([]);
  expect(segmentRecords(segment!, 1, 9)).toEqual([]);
});
