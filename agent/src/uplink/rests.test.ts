import { seconds } from "@roadstream/shared";
import { expect, test } from "vitest";
import type { SeqRun } from "../ports.ts";
import { Rests } from "./rests.ts";

const run = (firstSeq: number): SeqRun => ({ bootId: "b", stream: "gps_data", firstSeq, lastSeq: firstSeq });

test("rests grow while others get through, up to a limit, and not while nothing does", () => {
  const rests = new Rests();
  const restOf = (acknowledged: number): number => {
    rests.begin(run(1), 0, acknowledged);
    return rests.remainingMs(run(1), 0) / 1000;
  };
  expect([1, 1, 1].map(restOf)).toEqual([1, 1, 1]);
  expect([2, 3, 4, 4].map(restOf)).toEqual([2, 4, 8, 8]);
  expect(Array.from({ length: 10 }, (_, n) => restOf(5 + n)).at(-1)).toBe(300);
  expect(rests.ends(run(1))).toBe(17);
});

test("it says how often the line was good otherwise", () => {
  const rests = new Rests();
  expect([1, 1, 2, 2, 3].map((acknowledged) => rests.begin(run(1), 0, acknowledged))).toEqual([
    1, 1, 2, 2, 3,
  ]);
});

test("a rest is over when its time is, and something else has got through", () => {
  const rests = new Rests();
  expect(rests.isOver(run(1), 0, 0)).toBe(true);
  rests.begin(run(1), 0, 0);
  expect(rests.isOver(run(1), seconds(1), 0)).toBe(false);
  expect(rests.isOver(run(1), seconds(1) - 1, 1)).toBe(false);
  expect(rests.isOver(run(1), seconds(1), 1)).toBe(true);
});

test("it forgets", () => {
  const rests = new Rests();
  for (const seq of [1, 2, 3]) rests.begin(run(seq), 0, 0);
  rests.forget(run(1));
  rests.keepOnly([run(1), run(2)]);
  expect([1, 2, 3].map((seq) => rests.has(run(seq)))).toEqual([false, true, false]);
});
