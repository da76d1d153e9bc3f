import { DEGREE_PLACES, valueSql, type Dialect } from "./value-sql.ts";
import { BASE, type View } from "./view.ts";

const DUCKDB: Dialect = {
  integerText: (expression) => `CAST(${expression} AS VARCHAR)`,
  degreesText: (expression) => `CAST(round(${expression}, ${DEGREE_PLACES}) AS VARCHAR)`,
  // Times with a zone are subtracted through a calendar; their microseconds are not.
  secondsBetween: (from, to) => `((epoch_us(${to}) - epoch_us(${from})) / 1e6)`,
  time: (expression) => expression,
};

/** The SELECT of a view in DuckDB's SQL, over tables of the contract's names. */
export const duckDbViewSql = (view: View, objectsAt: string): string => {
  const columns = view.columns.map(
    ({ name, value }) => `${valueSql(value, { view, dialect: DUCKDB, objectsAt })} AS "${name}"`,
  );
  const joins = view.nearest.map(
    ({ source, table }) =>
      `ASOF LEFT JOIN ${table} AS "${source}" ON "${BASE}".vehicle_id = "${source}".vehicle_id` +
      ` AND "${BASE}".event_at >= "${source}".event_at`,
  );
  return [`SELECT ${columns.join(",\n  ")}`, `FROM ${view.base} AS "${BASE}"`, ...joins].join("\n");
};

/** The statement that makes a view in a database file, or makes it anew. */
export const createDuckDbView = (view: View, objectsAt: string): string =>
  `CREATE OR REPLACE VIEW ${view.name} AS\n${duckDbViewSql(view, objectsAt)}`;
