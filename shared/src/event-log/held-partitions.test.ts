import { expect, test } from "vitest";
import { HeldPartitions } from "./held-partitions.ts";

const at = (partition: number): { topic: string; partition: number } => ({ topic: "t", partition });

test("changes are told once; one that came and went untold is never told", () => {
  const held = new HeldPartitions();
  held.replace([at(0), at(1)]);
  expect(held.takeChanges()).toEqual({ revoked: [], assigned: [at(0), at(1)] });
  expect(held.takeChanges()).toEqual({ revoked: [], assigned: [] });
  held.replace([at(1), at(2)]);
  held.replace([at(1)]);
  expect(held.takeChanges()).toEqual({ revoked: [at(0)], assigned: [] });
});

test("a partition that was away in between is told as both, and begins anew", () => {
  const held = new HeldPartitions();
  held.replace([at(0)]);
  held.takeChanges();
  held.seek(at(0), 7);
  held.replace([]);
  held.replace([at(0)]);
  expect(held.readable()).toEqual([]);
  expect(held.takeChanges()).toEqual({ revoked: [at(0)], assigned: [at(0)] });
});

test("readable are those sought, not paused, not stopped, each first in its turn", () => {
  const held = new HeldPartitions();
  held.replace([at(0), at(1), at(2), at(3)]);
  for (const partition of [0, 1, 2]) held.seek(at(partition), 0);
  held.setPaused(at(1), true);
  expect(held.readable().map((one) => one.partition)).toEqual([0, 2]);
  expect(held.readable().map((one) => one.partition)).toEqual([2, 0]);
  held.stop(at(0));
  expect(held.readable().map((one) => one.partition)).toEqual([2]);
});
