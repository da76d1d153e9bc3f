import { DEGREE_PLACES, valueSql, type Dialect } from "./value-sql.ts";
import { BASE, type Nearest, type View } from "./view.ts";

const DEGREES = `DECIMAL(${3 + DEGREE_PLACES}, ${DEGREE_PLACES})`;

const ATHENA: Dialect = {
  integerText: (expression) => `CAST(${expression} AS VARCHAR)`,
  // Trino spells a double as text in powers of ten: by way of a decimal, without its zeros at the end.
  degreesText: (expression) =>
    `regexp_replace(regexp_replace(CAST(CAST(${expression} AS ${DEGREES}) AS VARCHAR), '0+$', ''), '\\.$', '.0')`,
  secondsBetween: (from, to) => `(date_diff('millisecond', ${from}, ${to}) / 1e3)`,
  // A view in the Glue catalog has Hive's types, and Hive has no time with a zone.
  time: (expression) => `CAST(${expression} AT TIME ZONE 'UTC' AS TIMESTAMP(3))`,
};

/** The stretch of time, as long as a nearest row may be old, that a time falls into. */
const stretchSql = (time: string, { maxAgeS }: Nearest): string =>
  `CAST(FLOOR(to_unixtime(${time}) / ${maxAgeS}) AS BIGINT)`;

/**
 * Trino has no ASOF join. A row stands for its vehicle from its own time until the next row's, so that at most one
 * matches. So that not every row of a vehicle is compared with every other, both sides are also joined by stretches of
 * the greatest age: a row that is young enough lies in the base row's stretch, or in the one before it.
 */
const nearestSql = (nearest: Nearest): string => {
  const { source, table } = nearest;
  return [
    "LEFT JOIN (",
    `  SELECT *, ${stretchSql("event_at", nearest)} + later AS stretch`,
    "  FROM (",
    "    SELECT *, LEAD(event_at) OVER (PARTITION BY vehicle_id ORDER BY event_at, boot_id, seq) AS next_event_at",
    `    FROM ${table}`,
    "  ) AS rows_and_next",
    "  CROSS JOIN (VALUES (0), (1)) AS stretches (later)",
    `) AS "${source}" ON "${BASE}".vehicle_id = "${source}".vehicle_id`,
    `  AND ${stretchSql(`"${BASE}".event_at`, nearest)} = "${source}".stretch`,
    `  AND "${BASE}".event_at >= "${source}".event_at`,
    `  AND ("${source}".next_event_at IS NULL OR "${BASE}".event_at < "${source}".next_event_at)`,
  ].join("\n");
};

/** The SELECT of a view in Athena's SQL (engine version 3, which is Trino's), over tables of the contract's names. */
export const athenaViewSql = (view: View, objectsAt: string): string => {
  const columns = view.columns.map(
    ({ name, value }) => `${valueSql(value, { view, dialect: ATHENA, objectsAt })} AS "${name}"`,
  );
  return [
    `SELECT ${columns.join(",\n  ")}`,
    `FROM ${view.base} AS "${BASE}"`,
    ...view.nearest.map(nearestSql),
  ].join("\n");
};

/** The statement that makes a view, or makes it anew. */
export const replaceView = ({ name, select }: { readonly name: string; readonly select: string }): string =>
  `CREATE OR REPLACE VIEW ${name} AS\n${select}`;

export const createAthenaView = (view: View, objectsAt: string): string =>
  replaceView({ name: view.name, select: athenaViewSql(view, objectsAt) });
