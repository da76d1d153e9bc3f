import { createDuckDbView } from "../views/duckdb-views.ts";
import type { WarehouseDialect } from "./dialect.ts";
import type { WarehouseColumn } from "./warehouse-table.ts";

const TYPES: Readonly<Record<WarehouseColumn["type"], string>> = {
  string: "VARCHAR",
  int32: "INTEGER",
  int64: "BIGINT",
  float64: "DOUBLE",
  boolean: "BOOLEAN",
  timestamp: "TIMESTAMPTZ",
  bytes: "BLOB",
  date: "DATE",
};

const columnType = ({ type }: WarehouseColumn): string => TYPES[type];

/** One process has the file, so that nothing needs locking; an index for a key would cost more than it finds. */
export const DUCKDB_DIALECT: WarehouseDialect = {
  name: "duckdb",
  schema: "main",
  maxStatements: Infinity,
  columnType,
  layout: () => "",
  promise: () => null,
  stagingType: columnType,
  fromStaging: (expression) => expression,
  lock: () => [],
  createView: createDuckDbView,
};
