import type { Column, ColumnType } from "@roadstream/shared";
import { sqlName, sqlText } from "../adapters/duckdb-engine.ts";
import { DUCKDB_TYPES } from "../adapters/duckdb-lake-files.ts";
import type { TableDefinition } from "../ports.ts";

/** A row as far as a test cares; what is left out is null, or anything where null is not allowed. Bytes are base64. */
export type SomeRow = Readonly<Record<string, string | number | boolean | null>>;

const ANYTHING: Readonly<Record<ColumnType, string>> = {
  string: "'x'",
  int32: "0",
  int64: "0",
  float64: "0",
  boolean: "false",
  timestamp: "TIMESTAMPTZ '2026-03-01 00:00:00+00'",
  bytes: "''::BLOB",
};

const cell = ({ name, type, nullable }: Column, row: SomeRow): string => {
  const value = row[name];
  if (value === undefined || value === null) return nullable ? "NULL" : ANYTHING[type];
  if (type === "bytes") return `from_base64(${sqlText(String(value))})`;
  // Text, since DuckDB's literals know no minus zero.
  if (type === "float64") return sqlText(Object.is(value, -0) ? "-0.0" : String(value));
  return typeof value === "string" ? sqlText(value) : String(value);
};

/** A SELECT of these rows with the table's columns. */
export const rowsSelect = ({ columns }: TableDefinition, rows: readonly SomeRow[]): string =>
  rows
    .map((row) => {
      const cells = columns.map(
        (column) => `CAST(${cell(column, row)} AS ${DUCKDB_TYPES[column.type]}) AS ${sqlName(column.name)}`,
      );
      return `SELECT ${cells.join(", ")}`;
    })
    .join("\nUNION ALL\n");
