import { DEGREE_PLACES, valueSql, type Dialect } from "./value-sql.ts";
import { BASE, type Nearest, type View } from "./view.ts";

const DEGREES = `DECIMAL(${3 + DEGREE_PLACES}, ${DEGREE_PLACES})`;

const REDSHIFT: Dialect = {
  integerText: (expression) => `CAST(${expression} AS VARCHAR(20))`,
  degreesText: (expression) =>
    `REGEXP_REPLACE(RTRIM(CAST(CAST(${expression} AS ${DEGREES}) AS VARCHAR(20)), '0'), '[.]$', '.0')`,
  secondsBetween: (from, to) => `(CAST(DATEDIFF(millisecond, ${from}, ${to}) AS DOUBLE PRECISION) / 1000)`,
  time: (expression) => expression,
};

/** The stretch of time, as long as a nearest row may be old, that a time falls into. */
const stretchSql = (time: string, { maxAgeS }: Nearest): string =>
  `CAST(FLOOR(EXTRACT(EPOCH FROM ${time}) / ${maxAgeS}) AS BIGINT)`;

/** Redshift has no ASOF join: as in athena-views.ts, a row stands for its vehicle until the next one. */
const nearestSql = (nearest: Nearest): string => {
  const { source, table } = nearest;
  return [
    "LEFT JOIN (",
    `  SELECT rows_and_next.*, ${stretchSql("event_at", nearest)} + later AS stretch`,
    "  FROM (",
    `    SELECT ${table}.*, LEAD(event_at) OVER (PARTITION BY vehicle_id ORDER BY event_at, boot_id, seq) AS next_event_at`,
    `    FROM ${table}`,
    "  ) AS rows_and_next",
    "  CROSS JOIN (SELECT 0 AS later UNION ALL SELECT 1 AS later) AS stretches",
    `) AS "${source}" ON "${BASE}".vehicle_id = "${source}".vehicle_id`,
    `  AND ${stretchSql(`"${BASE}".event_at`, nearest)} = "${source}".stretch`,
    `  AND "${BASE}".event_at >= "${source}".event_at`,
    `  AND ("${source}".next_event_at IS NULL OR "${BASE}".event_at < "${source}".next_event_at)`,
  ].join("\n");
};

/** The SELECT of a view in Redshift's SQL, over the warehouse's copies of the tables. */
export const redshiftViewSql = (view: View, objectsAt: string): string => {
  const columns = view.columns.map(
    ({ name, value }) => `${valueSql(value, { view, dialect: REDSHIFT, objectsAt })} AS "${name}"`,
  );
  return [
    `SELECT ${columns.join(",\n  ")}`,
    `FROM ${view.base} AS "${BASE}"`,
    ...view.nearest.map(nearestSql),
  ].join("\n");
};

/** Keeps what users were granted on the view. */
export const createRedshiftView = (view: View, objectsAt: string): string =>
  `CREATE OR REPLACE VIEW ${view.name} AS\n${redshiftViewSql(view, objectsAt)}`;
