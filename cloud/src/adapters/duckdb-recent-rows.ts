import { TRUE_CLOCKS_SQL } from "../ingest/true-clocks.ts";
import { localFiles } from "../object-store/local-files.ts";
import type { ObjectStore, TableDefinition } from "../ports.ts";
import {
  LATENCY_STEPS_S,
  type AskRecentRows,
  type LatencyStatistics,
  type RecentFile,
} from "../status/ports.ts";
import { sqlName, sqlText, type DuckDbEngine, type SqlRow } from "./duckdb-engine.ts";
import { lakeFilesSql } from "./duckdb-lake-files.ts";

const FILE = "@file";
const PERCENTILES = { p50: 0.5, p90: 0.9, p99: 0.99 } as const;

/** Count, percentiles and steps of one column of milliseconds, under names that begin with it. */
const statisticsSql = (ms: string): string =>
  [
    `count(${ms}) AS ${ms}_rows`,
    ...Object.entries(PERCENTILES).map(([name, share]) => `quantile_cont(${ms}, ${share}) AS ${ms}_${name}`),
    // How many do not exceed each bound; the steps are the differences.
    ...LATENCY_STEPS_S.map((bound, n) => `count(*) FILTER (WHERE ${ms} <= ${bound * 1000}) AS ${ms}_le${n}`),
  ].join(", ");

const statistics = (row: SqlRow, ms: string): LatencyStatistics | null => {
  const get = (name: string): number => Number(row[`${ms}_${name}`] ?? 0);
  const rows = get("rows");
  if (rows === 0) return null;
  const upTo = [...LATENCY_STEPS_S.map((_, n) => get(`le${n}`)), rows];
  return {
    rows,
    p50_ms: Math.round(get("p50")),
    p90_ms: Math.round(get("p90")),
    p99_ms: Math.round(get("p99")),
    histogram: upTo.map((count, n) => ({
      le_s: LATENCY_STEPS_S[n] ?? null,
      rows: count - (upTo[n - 1] ?? 0),
    })),
  };
};

/** Dead letters have no capture. */
const capturedSql = ({ dayOf }: TableDefinition): string =>
  dayOf === "received_at"
    ? "NULL::BIGINT"
    : `CASE WHEN ${TRUE_CLOCKS_SQL} THEN queryable - epoch_ms(captured_at) END`;

/** All rows of the files, with when they could be queried: what is known of the file, where that is later than when they landed. */
const queryableSql = (
  definition: TableDefinition,
  files: readonly RecentFile[],
  paths: readonly string[],
): string => {
  const known = files.flatMap(({ queryableAt }, at) =>
    queryableAt === null ? [] : [`(${sqlText(paths[at] ?? "")}, ${queryableAt}::BIGINT)`],
  );
  const rows = `SELECT *, epoch_ms(landed_at) AS landed FROM (${lakeFilesSql(definition, paths, { fileColumn: FILE })})`;
  if (known.length === 0) return `SELECT *, landed AS queryable FROM (${rows})`;
  return `SELECT *, greatest(landed, coalesce(known_at, landed)) AS queryable FROM (${rows})
    LEFT JOIN (VALUES ${known.join(", ")}) AS known(path, known_at) ON ${sqlName(FILE)} = path`;
};

export const duckDbRecentRows =
  (engine: DuckDbEngine, store: ObjectStore): AskRecentRows =>
  async ({ definition, files, since }) => {
    const paths = await localFiles(
      store,
      files.map(({ key }) => key),
    );
    const sql = `
      SELECT count(*) AS rows, epoch_ms(max(event)) AS newest,
        ${statisticsSql("captured")}, ${statisticsSql("received")}
      FROM (
        SELECT ${definition.dayOf} AS event, ${capturedSql(definition)} AS captured,
          queryable - epoch_ms(received_at) AS received
        FROM (${queryableSql(definition, files, paths)})
        WHERE queryable >= ${Math.floor(since)}
      )`;
    using connection = await engine.connect();
    const [row = {}] = await connection.rows(sql);
    const newest = row["newest"] ?? null;
    return {
      rows: Number(row["rows"] ?? 0),
      newestEventAt: newest === null ? null : Number(newest),
      captureToQueryable: statistics(row, "captured"),
      receivedToQueryable: statistics(row, "received"),
    };
  };
