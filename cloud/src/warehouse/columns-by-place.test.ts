import { COMMON_COLUMNS } from "@roadstream/shared";
import { expect, test } from "vitest";
import { TABLE_NAMES, tableDefinition } from "../lake/table-definition.ts";

/*
 * Redshift's COPY reads a Parquet file's columns by their place. Files of every version must therefore have them in one
 * order, in which what a later version adds comes last: as Iceberg's schemas, and engines that write by them, have it.
 */

test("a common column more would stand in the middle of new files, and at the end of old tables' schemas", () => {
  expect(COMMON_COLUMNS.map(({ id }) => id)).toEqual(Array.from({ length: 14 }, (_, at) => at + 1));
});

test.each(TABLE_NAMES)("%s: a later column comes last", (name) => {
  const ids = tableDefinition(name).columns.map(({ id }) => id);
  expect(ids).toEqual(ids.toSorted((a, b) => a - b));
});
