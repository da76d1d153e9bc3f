import { expect, test } from "vitest";
import { athenaCell, isNumberType } from "./athena-cell.ts";

test.each([
  ["9007199254740993", "bigint", "9007199254740993"],
  ["-7", "integer", -7],
  ["1.50", "decimal", "1.50"],
  ["1.0E7", "double", 1e7],
  ["NaN", "double", "NaN"],
  ["-Infinity", "double", "-Infinity"],
  ["true", "boolean", true],
  ["false", "boolean", false],
  ["", "varchar", ""],
  ["2026-03-01", "date", "2026-03-01"],
  ["2026-03-01 10:00:00.000", "timestamp", "2026-03-01T10:00:00.000Z"],
  ["2026-03-01 10:00:00.000000 UTC", "timestamp with time zone", "2026-03-01T10:00:00.000Z"],
  ["1969-12-31 23:59:59.999999 UTC", "timestamp with time zone", "1969-12-31T23:59:59.999999Z"],
  ["2026-03-01 00:30:00.25 +02:00", "timestamp with time zone", "2026-02-28T22:30:00.250Z"],
  ["2026-03-01 10:00:00 UTC", "timestamp with time zone", "2026-03-01T10:00:00.000Z"],
  [
    "2026-03-01 10:00:00.000 Europe/Vienna",
    "timestamp with time zone",
    "2026-03-01 10:00:00.000 Europe/Vienna",
  ],
  ["ff d8 00 e0", "varbinary", "/9gA4A=="],
  ["", "varbinary", ""],
  ["[1, 2]", "array", "[1, 2]"],
])("%s of %s is %s", (text, type, cell) => {
  expect(athenaCell(text, type)).toEqual(cell);
  expect(athenaCell(null, type)).toBeNull();
});

test("numbers are known by their type", () => {
  expect(["bigint", "decimal", "double", "varchar", "timestamp"].map(isNumberType)).toEqual([
    true,
    true,
    true,
    false,
    false,
  ]);
});
