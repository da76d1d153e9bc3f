import { SeqRanges, type StreamName } from "@roadstream/shared";
import { expect, test } from "vitest";
import { SeriesLedger } from "../outbox/series-ledger.ts";
import { freeRun, pickBackfill } from "./pick-run.ts";

const series = (
  stream: StreamName,
  given: number,
  settled: readonly [number, number][] = [],
  bootId = "b",
): SeriesLedger => {
  const ledger = new SeriesLedger({ bootId, machineBoot: "m", stream });
  for (let n = 0; n < given; n += 1) ledger.give();
  for (const [from, to] of settled) ledger.acknowledge(from, to);
  return ledger;
};

const ranges = (...pairs: readonly [number, number][]): SeqRanges => {
  const made = new SeqRanges();
  for (const [from, to] of pairs) made.add(from, to);
  return made;
};

const span = (run: ReturnType<typeof freeRun>) => (run === null ? null : [run.firstSeq, run.lastSeq]);

test("the first run that is held, within the limits, and not taken", () => {
  const view = series("gps_data", 20, [[4, 6]]);
  expect(span(freeRun(view, [1, 20], null))).toEqual([1, 3]);
  expect(span(freeRun(view, [4, 20], null))).toEqual([7, 20]);
  expect(span(freeRun(view, [8, 12], null))).toEqual([8, 12]);
  expect(span(freeRun(view, [1, 20], ranges([1, 8])))).toEqual([9, 20]);
  expect(span(freeRun(view, [1, 20], ranges([1, 1], [3, 3])))).toEqual([2, 2]);
  expect(freeRun(view, [1, 20], ranges([1, 3], [7, 20]))).toBe(null);
  expect(freeRun(view, [5, 6], null)).toBe(null);
  expect(freeRun(view, [21, 30], null)).toBe(null);
});

test("backlog goes by urgency of its stream, then by age of its boot", () => {
  const views = [
    series("traffic_data", 2, [], "old"),
    series("gps_data", 2, [], "old"),
    series("gps_data", 3, [], "new"),
    series("emergency_data", 1, [], "new"),
  ];
  const order: string[] = [];
  const taken = new Map<string, SeqRanges>();
  const key = (of: { bootId: string; stream: StreamName }): string => `${of.bootId} ${of.stream}`;
  for (;;) {
    const run = pickBackfill(
      views,
      ({ given }) => given,
      (of) => taken.get(key(of)) ?? null,
    );
    if (run === null) break;
    order.push(`${key(run)} ${run.firstSeq}-${run.lastSeq}`);
    taken.set(key(run), ranges([run.firstSeq, run.lastSeq]));
  }
  expect(order).toEqual([
    "new emergency_data 1-1",
    "old gps_data 1-2",
    "new gps_data 1-3",
    "old traffic_data 1-2",
  ]);
});
