import { expect, test } from "vitest";
import { SendLanes } from "./send-lanes.ts";

const lanesOf = (unwanted: readonly number[] = []): SendLanes<number> =>
  new SendLanes<number>({ maxBytes: 10, bytesOf: (n) => n, isWanted: (n) => !unwanted.includes(n) });
const A = { topic: "t", partition: 0 };
const B = { topic: "t", partition: 1 };

test("a lane has one batch on its way, other lanes go on", () => {
  const lanes = lanesOf();
  lanes.add(A, 1);
  expect(lanes.take()).toEqual([{ ...A, items: [1] }]);
  lanes.add(A, 2);
  lanes.add(B, 3);
  expect(lanes.take()).toEqual([{ ...B, items: [3] }]);
  lanes.done(A);
  expect(lanes.take()).toEqual([{ ...A, items: [2] }]);
});

test("a batch is capped by bytes, a record over the cap travels alone, the unwanted are dropped", () => {
  const lanes = lanesOf([7]);
  for (const n of [4, 7, 6, 1, 99, 5]) lanes.add(A, n);
  const batches: (readonly number[])[] = [];
  for (let batch = lanes.take()[0]; batch !== undefined; batch = lanes.take()[0]) {
    batches.push(batch.items);
    lanes.done(A);
  }
  expect(batches).toEqual([[4, 6], [1], [99], [5]]);
});

test("draining gives what waits and leaves nothing", () => {
  const lanes = lanesOf();
  lanes.add(A, 1);
  lanes.add(B, 2);
  expect(lanes.drain()).toEqual([1, 2]);
  expect(lanes.take()).toEqual([]);
});
