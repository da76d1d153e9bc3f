import { expect, test } from "vitest";
import { dataFile } from "../lake/data-file.ts";
import { tableDefinition } from "../lake/table-definition.ts";
import { dataFileOf } from "../testing/lake-fixture.ts";
import { mayHold } from "./may-hold.ts";

const definition = tableDefinition("gps_data");
const fileOf = (min: string | null, max: string | null) => {
  const file = dataFileOf(definition, "gps_data/data/event_day=2026-01-01/x.parquet", 3);
  const { id } = definition.columns.find(({ name }) => name === "vehicle_id") ?? { id: 0 };
  const columns = file.columns.map((column) => (column.fieldId === id ? { ...column, min, max } : column));
  return dataFile({ ...file, columns }, definition, file.key);
};

test("a file is opened unless its bounds leave the vehicle out; long names, and bounds that are cut short, too", () => {
  const among = (vehicle: string): boolean => mayHold(definition, fileOf("car-b", "car-d"), vehicle);
  expect(["car-a", "car-b", "car-c", "car-d", "car-d0", "car-e"].map(among)).toEqual([
    false,
    true,
    true,
    true,
    false,
    false,
  ]);
  const long = "a-vehicle-with-quite-a-long-name";
  expect(mayHold(definition, fileOf(long, long), long)).toBe(true);
  expect(mayHold(definition, fileOf(null, null), "car-a")).toBe(true);
  expect(mayHold(tableDefinition("dead_letters"), fileOf("car-b", "car-d"), "car-a")).toBe(true);
});
