import { createHash } from "node:crypto";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { STREAMS, type TableName } from "@roadstream/shared";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Cell, QueryResult } from "../sql/query-result.ts";
import { TINY_BOOT, tinyLake, tinyRecord, type TinyLake } from "../testing/tiny-lake.ts";
import { objectsAt } from "../object-store/objects-at.ts";
import { athenaViewSql } from "../views/athena-views.ts";
import { LAKE_VIEWS } from "../views/lake-views.ts";
import { LakeSession } from "./lake-session.ts";

const PICTURE = Buffer.from("ffd8ffe000104a46ffd9", "hex");
const never = new AbortController().signal;

let tiny: TinyLake;
let session: LakeSession;

beforeAll(async () => {
  tiny = await tinyLake();
  await tiny.append([
    tinyRecord("gps_data", { seq: 1, at: "10:00:00.000" }, { fix: "none" }),
    tinyRecord(
      "gps_data",
      { seq: 2, at: "10:00:01.000" },
      {
        fix: "3d",
        latitude: 41.25,
        longitude: -95.5,
        speed_kmh: 88.5,
        heading_deg: 71.3,
        vehicle_type: "car",
      },
    ),
    tinyRecord(
      "gps_data",
      { seq: 3, at: "10:00:15.000" },
      { fix: "3d", latitude: 41.26, longitude: -95.4, speed_kmh: 90, heading_deg: 337.5 },
    ),
    tinyRecord(
      "gps_data",
      { vehicle: "car-2", seq: 1, at: "10:00:01.000" },
      { fix: "3d", latitude: 1, longitude: 2, heading_deg: 359 },
    ),
    tinyRecord(
      "vehicle_data",
      { seq: 1, at: "10:00:00.500" },
      {
        latitude: 41.25,
        longitude: -95.5,
        speed_kmh: 88,
        engine_rpm: 2500,
        make: "Ford",
        model: "Focus",
        year: 2017,
        fuel_type: "gasoline",
      },
    ),
    tinyRecord("vehicle_data", { seq: 2, at: "10:00:04.000" }, { speed_kmh: 89 }),
    tinyRecord(
      "traffic_data",
      { seq: 1, at: "10:00:02.000" },
      {
        camera_id: "front",
        trigger: "interval",
        media_type: "image/jpeg",
        size_bytes: PICTURE.length,
        snapshot: PICTURE.toString("base64"),
      },
    ),
    tinyRecord(
      "weather_data",
      { seq: 1, at: "09:59:30.000" },
      {
        latitude: 41.2,
        longitude: -95.6,
        source: "simulated",
        temperature_c: 11.5,
        weather_condition: "rain",
        precipitation_mm_h: 1.2,
        wind_speed_kmh: 14,
        humidity_pct: 80,
        aqi: 42,
      },
    ),
  ]);
  await tiny.land();
  // A table that nobody has made yet.
  await rm(join(tiny.folder, "lake", "emergency_data"), { recursive: true, force: true });
  session = await LakeSession.open(tiny.lake, never);
});
afterAll(async () => {
  await session[Symbol.asyncDispose]();
  await tiny[Symbol.asyncDispose]();
});

const rowsOf = async ({ batches }: QueryResult): Promise<readonly (readonly Cell[])[]> => {
  const rows: (readonly Cell[])[] = [];
  for await (const batch of batches) rows.push(...batch);
  return rows;
};
const query = async (sql: string): Promise<readonly (readonly Cell[])[]> => rowsOf(await session.query(sql));
/** Names, then rows. */
const sheet = async (sql: string): Promise<readonly (readonly Cell[])[]> => {
  const result = await session.query(sql);
  return [result.columns.map(({ name }) => name), ...(await rowsOf(result))];
};
const id = (stream: string, seq: number, vehicle = "car-1"): string =>
  `${vehicle}/${TINY_BOOT}/${stream}/${seq}`;
const at = (time: string): string => `2026-03-01T${time}Z`;

describe("the seed's columns, exactly", () => {
  test("vehicle_data, with the heading of the receiver while that is young", async () => {
    expect(await sheet("FROM seed_vehicle_data ORDER BY id")).toEqual([
      ["id", "device_id", "timestamp", "location", "speed", "direction", "make", "model", "year", "fuelType"],
      [
        id("vehicle_data", 1),
        "car-1",
        at("10:00:00.500"),
        "[41.25, -95.5]",
        88,
        null,
        "Ford",
        "Focus",
        2017,
        "gasoline",
      ],
      [id("vehicle_data", 2), "car-1", at("10:00:04.000"), null, 89, "East", null, null, null, null],
    ]);
  });

  test("gps_data, with compass points around north", async () => {
    expect(await sheet("FROM seed_gps_data ORDER BY id")).toEqual([
      ["id", "device_id", "timestamp", "speed", "direction", "vehicleType"],
      [id("gps_data", 1), "car-1", at("10:00:00.000"), null, null, null],
      [id("gps_data", 2), "car-1", at("10:00:01.000"), 88.5, "East", "car"],
      [id("gps_data", 3), "car-1", at("10:00:15.000"), 90, "North", null],
      [id("gps_data", 1, "car-2"), "car-2", at("10:00:01.000"), null, "North", null],
    ]);
  });

  test("traffic_data, with a URI under which the picture lies", async () => {
    const [names, row] = await sheet("FROM seed_traffic_data");
    expect(names).toEqual(["id", "device_id", "camera_id", "timestamp", "snapshot"]);
    expect(row?.slice(0, 4)).toEqual([id("traffic_data", 1), "car-1", "front", at("10:00:02.000")]);
    const uri = row?.[4] as string;
    expect(uri).toMatch(/^file:\/\/\//);
    expect(await readFile(new URL(uri))).toEqual(PICTURE);
  });

  test("weather_data and emergency_data, which does not exist yet", async () => {
    expect(await sheet("FROM seed_weather_data")).toEqual([
      [
        "id",
        "device_id",
        "location",
        "timestamp",
        "temperature",
        "weatherCondition",
        "precipitation",
        "windSpeed",
        "humidity",
        "AQI",
      ],
      [id("weather_data", 1), "car-1", "[41.2, -95.6]", at("09:59:30.000"), 11.5, "rain", 1.2, 14, 80, 42],
    ]);
    expect(await sheet("FROM seed_emergency_data")).toEqual([
      ["id", "device_id", "incident_id", "type", "timestamp", "location", "status", "description"],
    ]);
  });
});

test("moments put the last vehicle and weather values beside each position, while they are young", async () => {
  const rows = await sheet(
    `SELECT vehicle_id, seq, latitude, vehicle_speed_kmh, vehicle_age_s, weather_condition, weather_temperature_c, weather_age_s
     FROM moments ORDER BY vehicle_id, seq`,
  );
  expect(rows.slice(1)).toEqual([
    ["car-1", "1", null, null, null, "rain", 11.5, 30],
    ["car-1", "2", 41.25, 88, 0.5, "rain", 11.5, 31],
    // The vehicle's last values are 11 s old.
    ["car-1", "3", 41.26, null, null, "rain", 11.5, 45],
    ["car-2", "1", 1, null, null, null, null, null],
  ]);
});

test.each(LAKE_VIEWS)("Athena's SQL of $name gives the same rows", async (view) => {
  // The one function of Trino's that DuckDB calls otherwise.
  const select = athenaViewSql(view, objectsAt(tiny.lake.store)).replaceAll("to_unixtime(", "epoch(");
  const [names, ...rows] = await sheet(`FROM (${select}) ORDER BY ALL`);
  expect([names, ...rows]).toEqual(await sheet(`FROM ${view.name} ORDER BY ALL`));
});

test("tables have the contract's columns, also before they exist", async () => {
  for (const name of ["gps_data", "emergency_data"] satisfies TableName[]) {
    const [names] = await sheet(`FROM ${name} LIMIT 0`);
    expect(names).toEqual(STREAMS[name].columns.filter((column) => column.inLake).map((one) => one.name));
  }
});

test("values are what JSON can say", async () => {
  const result = await session.query(
    `SELECT 9007199254740993::BIGINT, 1.50::DECIMAL(5,2), 0.1::DOUBLE, 'x'::BLOB, true, NULL, 'nan'::DOUBLE, INTERVAL 90 MINUTE,
     TIMESTAMPTZ '2026-03-01 12:00:00+02', TIMESTAMP '1969-12-31 23:59:59.999999', DATE '2026-03-01', [1, 2], {'a': 5::BIGINT}`,
  );
  expect(result.columns.slice(0, 4).map(({ isNumber }) => isNumber)).toEqual([true, true, true, false]);
  expect(await rowsOf(result)).toEqual([
    [
      "9007199254740993",
      "1.50",
      0.1,
      "eA==",
      true,
      null,
      "NaN",
      "01:30:00",
      at("10:00:00.000"),
      "1969-12-31T23:59:59.999999Z",
      "2026-03-01",
      [1, 2],
      { a: "5" },
    ],
  ]);
});

describe("a session can read the lake, and nothing else", () => {
  const dataFile = async (): Promise<string> => {
    const table = tiny.lake.tables.gps_data;
    const [file] = await table.files(await table.head());
    return tiny.lake.store.localFile(file!.key);
  };

  test.each([
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM '/etc/passwd'",
    "SELECT * FROM glob('/etc/*')",
    "COPY (SELECT 1) TO '/tmp/roadstream-must-not-be'",
    "EXPLAIN ANALYZE COPY (SELECT 1) TO '/tmp/roadstream-must-not-be'",
    "ATTACH '/tmp/roadstream-must-not-be.db'",
    "ATTACH ':memory:' AS other",
    "EXPORT DATABASE '/tmp/roadstream-must-not-be'",
    "INSTALL httpfs",
    "LOAD httpfs",
    "SET enable_external_access = true",
    "SET lock_configuration = false",
    "RESET allowed_paths",
    "CREATE TABLE t (a INTEGER)",
    "CREATE OR REPLACE VIEW gps_data AS SELECT 1",
    "DROP VIEW gps_data",
    "SELECT 1; SELECT 2",
    "",
    "  ;",
    "-- nothing",
  ])("not %s", async (sql) => {
    await expect(session.query(sql)).rejects.toMatchObject({ code: "usage" });
    await expect(session.parquet(sql)).rejects.toMatchObject({ code: "usage" });
  });

  test("not even write over one of its own files, however it is put", async () => {
    const path = await dataFile();
    const hash = async (): Promise<string> =>
      createHash("sha256")
        .update(await readFile(path))
        .digest("hex");
    const before = await hash();
    const copy = `COPY (SELECT 1) TO '${path}' (FORMAT parquet, USE_TMP_FILE false)`;
    for (const sql of [
      copy,
      `EXPLAIN ANALYZE ${copy}`,
      `explain (analyze) ${copy}`,
      `/**/ EXPLAIN ANALYZE ${copy}`,
    ])
      await expect(session.query(sql)).rejects.toMatchObject({ code: "usage" });
    for (const sql of [copy, `SELECT 1) TO '${path}' (USE_TMP_FILE false); --`])
      await expect(session.parquet(sql)).rejects.toMatchObject({ code: "usage" });
    expect(await hash()).toBe(before);
  });

  test("facts of driving are there for who asks, and stay", async () => {
    const sql = "SELECT vehicle_id, day, gps_rows FROM fact_vehicle_day WHERE vehicle_id = 'car-2'";
    expect(await query(sql)).toEqual([["car-2", "2026-03-01", "1"]]);
    expect(await query(sql)).toEqual([["car-2", "2026-03-01", "1"]]);
    expect(await query("SELECT started_at, duration_s FROM fact_trip")).toEqual([[at("10:00:00.500"), 14.5]]);
  });

  test("but show, describe, summarise and explain", async () => {
    expect((await query("SHOW TABLES")).flat()).toContain("moments");
    expect((await query("SELECT comment FROM duckdb_views() WHERE view_name = 'gps_data'")).flat()).toEqual([
      STREAMS.gps_data.doc,
    ]);
    expect((await query("DESCRIBE gps_data")).length).toBeGreaterThan(20);
    expect((await query("SUMMARIZE gps_data")).length).toBeGreaterThan(20);
    expect(await query("EXPLAIN ANALYZE SELECT count(*) FROM gps_data")).toHaveLength(1);
  });

  test("a wrong name is answered with those that there are", async () => {
    await expect(session.query("FROM nope")).rejects.toMatchObject({
      code: "usage",
      hint: expect.stringContaining("seed_gps_data"),
    });
  });

  test.each(["SELECT vehicle_id::INTEGER FROM gps_data", "SELECT * FROM sniff_csv('/etc/passwd')"])(
    "what fails while it runs is refused, not a crash: %s",
    async (sql) => {
      await expect(query(sql)).rejects.toMatchObject({ code: "refused" });
    },
  );
});

test("a result goes to Parquet, whatever ends its text", async () => {
  const file = await session.parquet("SELECT seq, event_at FROM gps_data ORDER BY ALL -- all\n ; \n");
  expect((await readFile(file)).subarray(0, 4).toString()).toBe("PAR1");
});

test("where no table is, there is no lake", async () => {
  const empty = await tinyLake();
  await expect(LakeSession.open(empty.lake, never)).rejects.toMatchObject({ code: "usage" });
  await empty[Symbol.asyncDispose]();
});
