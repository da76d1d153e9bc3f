import { afterEach, beforeEach, expect, test } from "vitest";
import { tinyLake, tinyRecord, type TinyLake } from "../testing/tiny-lake.ts";

let tiny: TinyLake;
beforeEach(async () => {
  tiny = await tinyLake();
});
afterEach(async () => {
  await tiny[Symbol.asyncDispose]();
});

test("a table's first commit says of every partition where it begins, also of those that were silent", async () => {
  const record = (seq: number) =>
    tinyRecord("gps_data", { seq, at: `10:00:0${seq}.000` }, { fix: "3d", latitude: 1, longitude: 2 });
  await tiny.append([record(1)]);
  await tiny.land();
  const state = (await tiny.lake.tables.gps_data.head()).ingest;
  expect(state?.partitionCount).toBe(2);
  const partitions = Object.values(state?.partitions ?? {});
  expect(partitions.map(({ next }) => next).sort((a, b) => a - b)).toEqual([0, 1]);
  expect(new Set(partitions.map(({ commit }) => commit)).size).toBe(1);
  await tiny.append([record(2)]);
  await tiny.land();
  const after = Object.values((await tiny.lake.tables.gps_data.head()).ingest?.partitions ?? {});
  expect(after.map(({ next }) => next).sort((a, b) => a - b)).toEqual([0, 2]);
});
