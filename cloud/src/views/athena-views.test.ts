import { seededRandom, type TableName } from "@roadstream/shared";
import { afterAll, beforeAll, expect, test } from "vitest";
import { DuckDbEngine, sqlText, type DuckDbConnection } from "../adapters/duckdb-engine.ts";
import { DUCKDB_TYPES } from "../adapters/duckdb-lake-files.ts";
import { tableDefinition } from "../lake/table-definition.ts";
import { athenaViewSql, createAthenaView } from "./athena-views.ts";
import { inDuckDb } from "../testing/redshift-sql.ts";
import { duckDbViewSql } from "./duckdb-views.ts";
import { LAKE_VIEWS } from "./lake-views.ts";
import { redshiftViewSql } from "./redshift-views.ts";

const START = Date.UTC(2026, 2, 1, 23, 30);
const HOUR_S = 3600;
const VEHICLES = ["car-1", "car-2", "car-3"];
const random = seededRandom(7);
const upTo = (limit: number): number => Math.floor(random.next() * limit);

let engine: DuckDbEngine;
let duckDb: DuckDbConnection;

/** Rows at whole seconds of an hour around midnight, each of a vehicle at its own: so that ages meet their limits exactly. */
const fill = async (table: TableName, rows: number, step: number): Promise<void> => {
  const { columns } = tableDefinition(table);
  const types = columns.map(({ name, type }) => `"${name}" ${DUCKDB_TYPES[type]}`);
  await duckDb.run(`CREATE TABLE ${table} (${types.join(", ")})`);
  const values: string[] = [];
  for (const vehicle of VEHICLES) {
    const seconds = new Set(Array.from({ length: rows }, () => upTo(HOUR_S / step) * step));
    [...seconds].forEach((second, index) => {
      const at = new Date(START + second * 1000).toISOString();
      const degrees = [random.next() * 360 - 180, upTo(3), -(upTo(1000) / 1e3)][index % 3] ?? 0;
      const cells = columns.map(({ name, type }): string => {
        if (name === "vehicle_id") return sqlText(vehicle);
        if (type === "timestamp") return `TIMESTAMPTZ ${sqlText(at)}`;
        if (random.next() < 0.1) return "NULL";
        if (name === "heading_deg") return String(upTo(3600) / 10);
        if (name === "latitude" || name === "longitude") return String(degrees);
        if (type === "string") return sqlText(`${name}-${index}`);
        if (type === "boolean") return String(index % 2 === 0);
        return type === "bytes" ? "''::BLOB" : String(index);
      });
      values.push(`(${cells.join(", ")})`);
    });
  }
  await duckDb.run(`INSERT INTO ${table} VALUES ${values.join(",\n")}`);
};

beforeAll(async () => {
  engine = await DuckDbEngine.open();
  duckDb = await engine.connect();
  await duckDb.run("CREATE MACRO to_unixtime(moment) AS epoch(moment)");
  for (const [table, rows, step] of [
    ["gps_data", 250, 1],
    ["vehicle_data", 200, 3],
    ["weather_data", 2, 60],
    ["traffic_data", 10, 1],
    ["emergency_data", 10, 1],
  ] as const)
    await fill(table, rows, step);
});
afterAll(async () => {
  duckDb[Symbol.dispose]();
  await engine[Symbol.asyncDispose]();
});

test.each(LAKE_VIEWS)("$name: the same rows as by DuckDB's own joins", async (view) => {
  const rows = (sql: string) => duckDb.cells(`FROM (${sql}) ORDER BY ALL`);
  const expected = await rows(duckDbViewSql(view, "s3://bucket/lake/"));
  expect(expected.length).toBe(await duckDb.rows(`FROM ${view.base}`).then((all) => all.length));
  expect(await rows(athenaViewSql(view, "s3://bucket/lake/"))).toEqual(expected);
  expect(await rows(inDuckDb(redshiftViewSql(view, "s3://bucket/lake/")))).toEqual(expected);
});

test("values of every age up to the limit stand beside a position, none beyond it", async () => {
  const moments = athenaViewSql(LAKE_VIEWS[0]!, "");
  const [ages] = await duckDb.rows(
    `SELECT max(vehicle_age_s) AS vehicle, min(vehicle_age_s) AS youngest, max(weather_age_s) AS weather,
     count(*) FILTER (WHERE vehicle_age_s IS NULL) > 0 AS has_none FROM (${moments})`,
  );
  expect(ages).toMatchObject({ vehicle: 10, youngest: 0, has_none: true });
  expect(Number(ages?.["weather"])).toBeGreaterThan(1700);
  expect(Number(ages?.["weather"])).toBeLessThanOrEqual(1800);
});

test("a view is replaced by one statement, its columns quoted as the seed spells them", () => {
  const sql = createAthenaView(
    LAKE_VIEWS.find(({ name }) => name === "seed_weather_data")!,
    "",
  );
  expect(sql).toMatch(/^CREATE OR REPLACE VIEW seed_weather_data AS\nSELECT /);
  for (const name of ["timestamp", "weatherCondition", "AQI"]) expect(sql).toContain(` AS "${name}"`);
});
