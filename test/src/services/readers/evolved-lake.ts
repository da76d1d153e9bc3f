import {
  evolveTable,
  tableDefinition,
  type OpenedLake,
  type TableDefinition,
} from "@roadstream/cloud/testing";
import { expect } from "vitest";
import { SampleLake } from "./sample-lake.ts";

/** Beyond 32 bits. */
export const LARGE = 5_000_000_000;
const gps = tableDefinition("gps_data");
/** An earlier contract, without a column, and a later one, with a wider type. */
const EARLIER: TableDefinition = {
  ...gps,
  columns: gps.columns.filter(({ name }) => name !== "vehicle_type"),
};
export const LATER: TableDefinition = {
  ...gps,
  columns: gps.columns.map((one) =>
    one.name === "satellites_used" ? { ...one, type: "int64" as const } : one,
  ),
};

/** A file of the earlier contract, then one of the later. */
export const evolvedLake = async (
  on: OpenedLake | null = null,
): Promise<{ readonly first: SampleLake; readonly second: SampleLake }> => {
  const first = await (on === null ? SampleLake.make(EARLIER) : SampleLake.on(on, EARLIER));
  const old = [1, 2, 3].map((seq) => ({ vehicle_id: "a", seq, satellites_used: seq === 2 ? null : seq }));
  expect((await first.append("2026-01-01", old)).kind).toBe("committed");
  const second = first.seenBy(LATER);
  const evolution = await evolveTable(second.table);
  expect(evolution?.added.map(({ name }) => name)).toEqual(["vehicle_type"]);
  expect(evolution?.widened.map(({ name }) => name)).toEqual(["satellites_used"]);
  const row = { vehicle_id: "a", seq: 4, satellites_used: LARGE, vehicle_type: "car" };
  expect((await second.append("2026-01-02", [row])).kind).toBe("committed");
  expect((await first.append("2026-01-02", [{ vehicle_id: "a", seq: 5 }])).kind).toBe("refused");
  return { first, second };
};
