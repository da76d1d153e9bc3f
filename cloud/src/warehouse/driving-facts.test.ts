import { join } from "node:path";
import { RoadstreamError, seededRandom, silentLogger, type Logger } from "@roadstream/shared";
import { systemClock } from "@roadstream/shared/adapters";
import { expect, test } from "vitest";
import { DuckDbWarehouse } from "../adapters/duckdb-warehouse.ts";
import { objectsAt } from "../object-store/objects-at.ts";
import { QUESTIONS } from "../reference/questions.ts";
import { hastyClock, RedshiftBed } from "../testing/redshift-bed.ts";
import { DuckDbRedshift } from "../testing/redshift-engine.ts";
import type { SomeRow } from "../testing/row-select.ts";
import { WrittenLake } from "../testing/written-lake.ts";
import { DRIVING_FACTS } from "./driving-facts.ts";
import { loadStatements } from "./load-statements.ts";
import { STEP_LIMITS } from "./load-step.ts";
import type { Warehouse } from "./ports.ts";
import { redshiftDialect } from "./redshift-dialect.ts";
import { refreshWarehouseFacts } from "./refresh-facts.ts";
import { forgetUnnamed, replaceLimits, touchEverything } from "./renew-facts.ts";
import { STREAM_TABLES } from "./stream-tables.ts";
import { WarehouseLoader } from "./warehouse-loader.ts";

/** Two minutes of driving north at 72 km/h, one reading a second. */
const drive = (vehicle: string, from: string): readonly SomeRow[] =>
  Array.from({ length: 120 }, (_, second) => ({
    vehicle_id: vehicle,
    boot_id: "b",
    machine_boot: "m",
    seq: second + 1,
    event_at: new Date(Date.parse(from) + second * 1000).toISOString(),
    landed_at: from,
    clock: "gnss",
    fix: "3d",
    speed_kmh: 72,
    heading_deg: 0,
    latitude: 41 + second * 0.00018,
    longitude: -95,
  }));

const loaderOf = (written: WrittenLake, open: () => Promise<Warehouse>, logger: Logger): WarehouseLoader =>
  new WarehouseLoader({
    lake: written.lake.tables,
    tables: ["gps_data", "agent_events"],
    facts: DRIVING_FACTS,
    open,
    objectsAt: objectsAt(written.lake.store),
    clock: hastyClock,
    random: seededRandom(4),
    logger,
    signal: new AbortController().signal,
  });

/** How many rows answer each of the questions in docs/sql. */
const answers = async (open: () => Promise<Warehouse>): Promise<Readonly<Record<string, number>>> => {
  await using warehouse = await open();
  const found: Record<string, number> = {};
  for (const { title, sql } of QUESTIONS) found[title] = (await warehouse.query(sql)).length;
  return found;
};

/** As it is told to people: engines spell doubles and times differently. */
const trips = async (open: () => Promise<Warehouse>): Promise<readonly string[]> => {
  await using warehouse = await open();
  const seconds = "CAST(EXTRACT(EPOCH FROM ended_at) - EXTRACT(EPOCH FROM started_at) AS BIGINT)";
  const rows = await warehouse.query(
    `SELECT vehicle_id, ${seconds}, CAST(ROUND(distance_km * 10) AS BIGINT) FROM fact_trip ORDER BY 1`,
  );
  return rows.map((row) => row.join(" "));
};

/** On a busy machine. */
const LIMIT_MS = 60_000;

type Opens = () => Promise<Warehouse>;

/** A lake with a DuckDB file and a Redshift beside it, each with a loader. */
const withBoth = async (
  work: (
    written: WrittenLake,
    warehouses: readonly { readonly open: Opens; readonly loader: WarehouseLoader }[],
  ) => Promise<void>,
): Promise<void> => {
  await using written = await WrittenLake.open();
  const { store } = written.lake;
  const engine = await DuckDbRedshift.open();
  engine.stores.push(store);
  await using bed = await RedshiftBed.open(engine, "redshift://roadstream/cars?region=eu-west-1");
  const random = seededRandom(3);
  const signal = new AbortController().signal;
  const warnings: string[] = [];
  const logger: Logger = {
    ...silentLogger,
    warn: (event, fields) => void warnings.push(`${event} ${JSON.stringify(fields)}`),
  };
  const file = join(written.folder, "x.duckdb");
  const warehouses = [
    () => DuckDbWarehouse.open({ file, store, clock: systemClock(), random, signal }),
    () => Promise.resolve(bed.warehouse({ store, random })),
  ].map((open) => ({ open, loader: loaderOf(written, open, logger) }));
  await work(written, warehouses);
  expect(warnings).toEqual([]);
};

test("facts follow the rows in both warehouses, and go with them", { timeout: LIMIT_MS }, () =>
  withBoth(async (written, warehouses) => {
    await written.append("gps_data", [
      ...drive("car-1", "2026-03-01T10:00:00Z"),
      ...drive("car-2", "2026-03-01T11:00:00Z"),
    ]);
    for (const { open, loader } of warehouses) {
      expect(await loader.round()).toMatchObject({ failures: [], facts: { vehicles: 2, days: 2 } });
      expect(await trips(open)).toEqual(["car-1 119 24", "car-2 119 24"]);
      expect(await answers(open)).toMatchObject({
        "Which cars were heard of, when last, and how much?": 2,
        "Movement: how much does the fleet drive, hour by hour?": 2,
        "The last known state of each car": 2,
        "What was refused, and why?": 0,
        "How far was each table loaded?": 1,
      });
    }
    await written.remove("gps_data", "vehicle_id = 'car-1'");
    for (const { open, loader } of warehouses) {
      expect(await loader.round()).toMatchObject({ failures: [], facts: { vehicles: 1, days: 1 } });
      expect(await trips(open)).toEqual(["car-2 119 24"]);
    }
  }),
);

test("facts of rows without a clock go with them, from the day of the drive", { timeout: LIMIT_MS }, () =>
  withBoth(async (written, warehouses) => {
    // Received days later; a word of after midnight says that it was on the first of March.
    const rows = drive("car-1", "2026-03-01T23:00:00Z").map((row, second) => ({
      ...row,
      clock: "unsynced",
      uptime_ms: second * 1000,
      event_at: "2026-03-05T08:00:00Z",
    }));
    const word = {
      vehicle_id: "car-1",
      boot_id: "b",
      machine_boot: "m",
      seq: 1,
      kind: "clock_corrected",
      clock: "gnss",
      uptime_ms: 3_660_000,
      captured_at: "2026-03-02T00:01:00Z",
      received_at: "2026-03-05T08:00:00Z",
      event_at: "2026-03-02T00:01:00Z",
    };
    await written.append("gps_data", rows);
    await written.append("agent_events", [word]);
    const state = async (open: Opens): Promise<readonly (readonly unknown[])[]> => {
      await using warehouse = await open();
      return await warehouse.query(
        "SELECT vehicle_id, CAST(day AS VARCHAR(10)) FROM fact_vehicle_day UNION ALL SELECT vehicle_id, 'dimension' FROM dim_vehicle UNION ALL SELECT vehicle_id, 'clock' FROM roadstream_clocks",
      );
    };
    for (const { open, loader } of warehouses) {
      expect(await loader.round()).toMatchObject({ failures: [] });
      expect(await state(open)).toEqual([
        ["car-1", "2026-03-01"],
        ["car-1", "dimension"],
        ["car-1", "clock"],
      ]);
    }
    for (const table of ["gps_data", "agent_events"] as const)
      await written.remove(table, "vehicle_id = 'car-1'");
    for (const { open, loader } of warehouses) {
      expect(await loader.round()).toMatchObject({ failures: [] });
      expect(await state(open)).toEqual([]);
    }
  }),
);

test(
  "computing all anew reaches facts that no row stands behind, and the places that only they named",
  { timeout: LIMIT_MS },
  () =>
    withBoth(async (written, warehouses) => {
      await written.append("gps_data", drive("car-1", "2026-03-01T10:00:00Z"));
      for (const { open, loader } of warehouses) {
        await loader.round();
        await using warehouse = await open();
        await warehouse.transact(["DELETE FROM gps_data"]);
        await touchEverything(warehouse, DRIVING_FACTS);
        expect(await refreshWarehouseFacts(warehouse, DRIVING_FACTS)).toEqual({ vehicles: 1, days: 1 });
        expect(
          await warehouse.query("SELECT vehicle_id FROM fact_trip UNION SELECT vehicle_id FROM dim_vehicle"),
        ).toEqual([]);
        const members = () =>
          warehouse.query("SELECT CAST(day AS VARCHAR(10)) FROM dim_day UNION SELECT geohash FROM dim_place");
        expect((await members()).length).toBeGreaterThan(1);
        await forgetUnnamed(warehouse, DRIVING_FACTS);
        expect(await members()).toEqual([]);
      }
    }),
);

test("facts are owed from the transaction on that takes the old limits", { timeout: LIMIT_MS }, () =>
  withBoth(async (written, warehouses) => {
    await written.append("gps_data", drive("car-1", "2026-03-01T10:00:00Z"));
    const cells = new Map(Array.from({ length: 2001 }, (_, key) => [key, 50]));
    for (const { open, loader } of warehouses) {
      await loader.round();
      await using warehouse = await open();
      const { dialect } = warehouse;
      let transactions = 0;
      const owed: string[] = [];
      // One statement to a transaction beside the note; what follows the first of them never happens.
      const dying: Warehouse = {
        name: warehouse.name,
        dialect: { ...dialect, maxStatements: dialect.lock("x").length + 2 },
        setUp: () => warehouse.setUp(),
        query: (sql) => warehouse.query(sql),
        stage: (staging) => warehouse.stage(staging),
        transact: async (statements) => {
          if (transactions > 0) throw new RoadstreamError("unavailable", "gone");
          transactions += 1;
          await warehouse.transact(statements);
          owed.push(
            ...(await warehouse.query("SELECT vehicle_id FROM roadstream_touched")).flat().map(String),
          );
        },
        [Symbol.asyncDispose]: () => Promise.resolve(),
      };
      await expect(
        replaceLimits(dying, DRIVING_FACTS, { table: "speed_limit", cells }),
      ).rejects.toMatchObject({ code: "unavailable" });
      expect(owed).toEqual(["car-1"]);
      await replaceLimits(warehouse, DRIVING_FACTS, { table: "speed_limit", cells });
      expect(await warehouse.query("SELECT COUNT(*) FROM speed_limit")).toEqual([["2001"]]);
      expect(await refreshWarehouseFacts(warehouse, DRIVING_FACTS)).toEqual({ vehicles: 1, days: 1 });
    }
  }),
);

test("the facts are computed by no more statements than Redshift takes in one transaction", () => {
  const { maxStatements } = redshiftDialect("public");
  const lockCopyAndForget = 5;
  expect(DRIVING_FACTS.refresh("redshift", "touched").length + lockCopyAndForget).toBeLessThanOrEqual(
    maxStatements,
  );
});

test("a load of as many days as a step takes has no statement that the Data API would refuse", () => {
  const dialect = redshiftDialect("public");
  // Every other day: none of them go together as one stretch.
  const days = Array.from({ length: STEP_LIMITS.days }, (_, at) =>
    new Date(Date.UTC(2026, 0, 1 + 2 * at)).toISOString().slice(0, 10),
  );
  const statements = loadStatements({
    dialect,
    table: STREAM_TABLES.emergency_data,
    mode: "append",
    step: { files: [], wholeDays: days, days: new Map(days.map((day) => [day, -1_000_000])) },
    staged: [],
    before: 1,
    after: { loadNumber: 2, tableUuid: "u", snapshotId: 1n, sequence: 2 },
    daysSequence: 2,
    loadedAt: systemClock().now(),
    factRows: DRIVING_FACTS.sources.emergency_data,
  });
  const statementLimit = 100_000;
  expect(Math.max(...statements.map((sql) => sql.length))).toBeLessThan(statementLimit);
});
