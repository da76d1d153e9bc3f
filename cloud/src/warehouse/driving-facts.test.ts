import { join } from "node:path";
import { seededRandom, silentLogger, type Logger } from "@roadstream/shared";
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
import type { Warehouse } from "./ports.ts";
import { redshiftDialect } from "./redshift-dialect.ts";
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
    tables: ["gps_data"],
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

test("facts follow the rows in both warehouses, and go with them", { timeout: LIMIT_MS }, async () => {
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
  const warehouses = [
    () =>
      DuckDbWarehouse.open({
        file: join(written.folder, "x.duckdb"),
        store,
        clock: systemClock(),
        random,
        signal,
      }),
    () => Promise.resolve(bed.warehouse({ store, random })),
  ].map((open) => ({ open, loader: loaderOf(written, open, logger) }));
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
  expect(warnings).toEqual([]);
});

test("the facts are computed by no more statements than Redshift takes in one transaction", () => {
  const { maxStatements } = redshiftDialect("public");
  const lockCopyAndForget = 5;
  expect(DRIVING_FACTS.refresh("redshift", "touched").length + lockCopyAndForget).toBeLessThanOrEqual(
    maxStatements,
  );
});
