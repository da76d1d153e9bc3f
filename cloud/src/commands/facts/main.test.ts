import { writeFile } from "node:fs/promises";
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

const cloud = async (...args: readonly string[]) => {
  const to = ["--lake", tiny.lakeSpec, "--warehouse", "duckdb:cars.duckdb", "--json"];
  const { stdout } = await runCloud(tiny.folder, ...args, ...to);
  return JSON.parse(stdout) as unknown;
};
const rows = async (sql: string) => {
  await using engine = await DuckDbEngine.open({ ...DEFAULT_DUCKDB, file: join(tiny.folder, "cars.duckdb") });
  using connection = await engine.connect();
  return await connection.cells(sql);
};

test("cloud load computes the facts; given limits, cloud facts finds who was too fast", async () => {
  const fixes = Array.from({ length: 9 }, (_, at) =>
    tinyRecord(
      "gps_data",
      { seq: at + 1, at: `10:00:0${at}.000` },
      { fix: "3d", latitude: 48, longitude: 9 + at / 3000, speed_kmh: 90, heading_deg: 90 },
    ),
  );
  await tiny.append(fixes);
  await tiny.land();
  expect(await cloud("load")).toMatchObject({ ok: true, facts: { vehicles: 1, days: 1 } });
  expect(await rows("SELECT distance_km, duration_s FROM trips")).toEqual([
    { distance_km: 0.2, duration_s: 8 },
  ]);
  const coordinates = [
    [8.99, 48],
    [9.01, 48],
  ];
  const road = {
    type: "Feature",
    properties: { maxspeed: "50" },
    geometry: { type: "LineString", coordinates },
  };
  const file = join(tiny.folder, "roads.geojson");
  await writeFile(file, JSON.stringify({ type: "FeatureCollection", features: [road] }));
  expect(await cloud("facts", "--limits", file)).toMatchObject({ ok: true, vehicles: 1, days: 1 });
  expect(await rows("SELECT kind, peak, limit_kmh FROM fact_event")).toEqual([
    { kind: "speeding", peak: 40, limit_kmh: 50 },
  ]);
}, 60_000);
