import { expect, test } from "vitest";
import { readingStatement } from "./reading-statement.ts";

test.each([
  "SELECT 1",
  "  select 1 ;\n",
  "(SELECT 1) UNION (SELECT 2)",
  "WITH a AS (SELECT 1) SELECT * FROM a",
  "-- all\nSELECT 1",
  "/* a; b */ SHOW TABLES",
  "DESCRIBE gps_data",
  "EXPLAIN SELECT 1",
  "EXPLAIN ANALYZE VERBOSE SELECT 1",
  "EXPLAIN (TYPE IO, FORMAT JSON) SELECT 1",
  "VALUES (1)",
])("%s is a query", (sql) => {
  expect(readingStatement(sql)).toBe(sql.trim().replace(/[;\s]+$/, ""));
});

test.each([
  "",
  " ; ",
  "-- nothing",
  "DELETE FROM gps_data",
  "OPTIMIZE gps_data REWRITE DATA USING BIN_PACK",
  "/* SELECT */ INSERT INTO gps_data SELECT 1",
  "EXPLAIN ANALYZE INSERT INTO gps_data SELECT 1",
  "EXPLAIN (FORMAT JSON) DELETE FROM gps_data",
  "UNLOAD (SELECT 1) TO 's3://elsewhere/' WITH (format = 'PARQUET')",
  "selected",
])("%s is none", (sql) => {
  expect(() => readingStatement(sql)).toThrow(expect.objectContaining({ code: "usage" }));
});
