import { createRedshiftView } from "../views/redshift-views.ts";
import { names, quoted } from "./sql-text.ts";
import type { WarehouseDialect } from "./dialect.ts";
import type { WarehouseColumn } from "./warehouse-table.ts";

/** Redshift's limits, in bytes. */
const MAX_VARCHAR = 65_535;
const MAX_VARBYTE = 1_024_000;
/** A UTF-16 unit takes three bytes of UTF-8 at most; a pair of them takes four. */
const BYTES_PER_UNIT = 3;
/** BatchExecuteStatement takes 40; one is for the schema. */
const MAX_STATEMENTS = 39;

const bounded = (type: string, length: number, limit: number): string =>
  `${type}(${Math.min(limit, length)})`;

const columnType = ({ type, maxLength }: WarehouseColumn): string => {
  switch (type) {
    case "string":
      return bounded("VARCHAR", (maxLength ?? MAX_VARCHAR) * BYTES_PER_UNIT, MAX_VARCHAR);
    case "bytes":
      return bounded("VARBYTE", maxLength ?? MAX_VARBYTE, MAX_VARBYTE);
    case "int32":
      return "INTEGER";
    case "int64":
      return "BIGINT";
    case "float64":
      return "DOUBLE PRECISION";
    case "boolean":
      return "BOOLEAN";
    case "timestamp":
      return "TIMESTAMPTZ";
    case "date":
      return "DATE";
  }
};

export const redshiftDialect = (schema: string): WarehouseDialect => ({
  name: "redshift",
  schema,
  maxStatements: MAX_STATEMENTS,
  columnType,
  layout: ({ sortKey, distKey }) => {
    const lies = distKey === null ? "DISTSTYLE ALL" : `DISTSTYLE KEY DISTKEY (${quoted(distKey)})`;
    return sortKey.length === 0 ? lies : `${lies} COMPOUND SORTKEY (${names(sortKey)})`;
  },
  // Not enforced, and believed by the planner: the loader is who keeps it.
  promise: ({ identity }) => `PRIMARY KEY (${names(identity)})`,
  // COPY reads a Parquet file through Spectrum, which knows no times with a zone; in the files they are UTC.
  stagingType: (column) => (column.type === "timestamp" ? "TIMESTAMP" : columnType(column)),
  fromStaging: (expression, { type }) =>
    type === "timestamp" ? `(${expression} AT TIME ZONE 'UTC')` : expression,
  lock: (table) => [`LOCK TABLE ${quoted(table)}`],
  createView: createRedshiftView,
});
