import type { ColumnType } from "@roadstream/shared";
import type { TableDefinition } from "../ports.ts";
import { sqlName, sqlText } from "./duckdb-engine.ts";

export const DUCKDB_TYPES: Readonly<Record<ColumnType, string>> = {
  string: "VARCHAR",
  int32: "INTEGER",
  int64: "BIGINT",
  float64: "DOUBLE",
  boolean: "BOOLEAN",
  timestamp: "TIMESTAMPTZ",
  bytes: "BLOB",
};

export interface LakeFilesOptions {
  /** A last column of this name says which file a row stands in. */
  readonly fileColumn?: string;
}

/**
 * A SELECT over a table's Parquet files, columns in lake order, found by field id as Iceberg demands: a file written
 * before a column was added gives null there.
 */
export const lakeFilesSql = (
  definition: TableDefinition,
  files: readonly string[],
  { fileColumn }: LakeFilesOptions = {},
): string => {
  const typed = [
    ...definition.columns.map(({ name, type }) => ({ name, type: DUCKDB_TYPES[type] })),
    ...(fileColumn === undefined ? [] : [{ name: fileColumn, type: DUCKDB_TYPES.string }]),
  ];
  if (files.length === 0) {
    return `SELECT ${typed.map(({ name, type }) => `NULL::${type} AS ${sqlName(name)}`).join(", ")} WHERE false`;
  }
  const schema = definition.columns.map(
    ({ id, name, type }) =>
      `${id}: {name: ${sqlText(name)}, type: '${DUCKDB_TYPES[type]}', default_value: NULL}`,
  );
  const names = typed.map(({ name }) => sqlName(name)).join(", ");
  return `SELECT ${names} FROM read_parquet([${files.map(sqlText).join(", ")}], schema = MAP {${schema.join(", ")}}, hive_partitioning = false${fileColumn === undefined ? "" : `, filename = ${sqlText(fileColumn)}`})`;
};
