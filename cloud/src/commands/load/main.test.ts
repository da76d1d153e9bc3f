import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { DEFAULT_DUCKDB, DuckDbEngine } from "../../adapters/duckdb-engine.ts";
import { runCloud } from "../../testing/run-cloud.ts";
import { tinyLake, tinyRecord, type TinyLake } from "../../testing/tiny-lake.ts";

let tiny: TinyLake;
beforeAll(async () => {
  tiny = await tinyLake();
});
afterAll(() => tiny[Symbol.asyncDispose]());

const cloud = (...args: readonly string[]) => runCloud(tiny.folder, ...args, "--lake", tiny.lakeSpec);
const gps = (seq: number) => tinyRecord("gps_data", { seq, at: `10:00:0${seq}.000` }, { fix: "none" });
const rows = async (sql: string) => {
  await using engine = await DuckDbEngine.open({ ...DEFAULT_DUCKDB, file: join(tiny.folder, "cars.duckdb") });
  using connection = await engine.connect();
  return await connection.rows(sql);
};

test("cloud run lands and loads; cloud load goes on from there, once, and says what it did", async () => {
  await tiny.append([gps(1), gps(2)]);
  const options = ["--log", tiny.logSpec, "--until-drained", "--warehouse", "duckdb:cars.duckdb", "--json"];
  const landed = await cloud("run", ...options);
  expect(JSON.parse(landed.stdout)).toMatchObject({
    ok: true,
    warehouse: {
      ok: true,
      tables: expect.arrayContaining([expect.objectContaining({ table: "gps_data", rows: 2 })]),
    },
  });
  await tiny.append([gps(3)]);
  await tiny.land();
  const loaded = await cloud("load", "gps_data", "--warehouse", "duckdb:cars.duckdb", "--json");
  expect(JSON.parse(loaded.stdout)).toMatchObject({
    ok: true,
    warehouse: `duckdb:${join(tiny.folder, "cars.duckdb")}`,
    tables: [{ table: "gps_data", mode: "append", files: 1, rows: 1, days_compared: 0, conflicts: 0 }],
  });
  expect(await rows("SELECT seq::INTEGER AS seq FROM gps_data ORDER BY 1")).toEqual(
    [1, 2, 3].map((seq) => ({ seq })),
  );
  const again = await cloud("load", "--warehouse", "duckdb:cars.duckdb");
  expect(again).toMatchObject({
    code: 0,
    stdout: "",
    stderr: expect.stringContaining("has all that the lake has."),
  });
});

test("what cannot be is said before anything starts", async () => {
  const wrong = await cloud("load", "--warehouse", "redshift://roadstream/cars");
  expect(wrong).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("Redshift reads a lake on S3 only"),
  });
  expect(await cloud("load", "--warehouse", "postgres://x/y")).toMatchObject({ code: 2 });
});
