import {
  beginWork,
  batch,
  DuckDbEngine,
  DuckDbParquetWriter,
  openLake,
  type OpenedLake,
} from "@roadstream/cloud/testing";
import { silentLogger, unixMillis, uuidV7 } from "@roadstream/shared";
import { systemClock, systemRandom } from "@roadstream/shared/adapters";

export const BIG_DAY = "2026-01-01";
const CARS = 1000;
const DAY_MS = 86_400_000;
const clock = systemClock();
const random = systemRandom();

/** A column of reading `n`, which is the `n // CARS`th of its car; each car has a phase of its own. */
const COLUMNS: Readonly<Record<string, string>> = {
  vehicle_id: `'car-' || (n % ${CARS})`,
  boot_id: `'0190d5e4-7b1a-7abc-8def-' || lpad((n % ${CARS})::VARCHAR, 12, '0')`,
  seq: `1 + n // ${CARS}`,
  captured_at: "t",
  clock: "'gnss'",
  uptime_ms: `1000000 + n // ${CARS} * 1000`,
  machine_boot: "'bench'",
  received_at: "t + to_milliseconds((150 + random() * 200)::BIGINT)",
  event_at: "t",
  log_partition: `hash(n % ${CARS}) % 6`,
  log_offset: "n // 6",
  log_appended_at: "t + to_milliseconds(1000)",
  landed_at: `TIMESTAMPTZ '${BIG_DAY} 12:00:00Z'`,
  fix_at: "t",
  fix: "'3d'",
  latitude: "round(41.25 + random() / 10, 7)",
  longitude: "round(-95.9 + random() / 10, 7)",
  altitude_m: "round(300 + random() * 20, 1)",
  speed_kmh: "round(90 + random() * 20, 2)",
  heading_deg: "round(random() * 359, 1)",
  satellites_used: "8 + n % 5",
  hdop: "round(0.7 + random(), 2)",
  vehicle_type: "'car'",
};

export interface DayBed extends AsyncDisposable {
  readonly lake: OpenedLake;
  readonly engine: DuckDbEngine;
  readonly writer: DuckDbParquetWriter;
  /** Commits readings from one number up to another of a day that has so many. */
  append(from: number, to: number, ofDay: number, day?: string): Promise<void>;
}

/** A lake in a folder, and what compaction opens to work in it. */
export const openDayBed = async (folder: string): Promise<DayBed> => {
  await using opened = new AsyncDisposableStack();
  const options = { clock, random, logger: silentLogger, env: {}, path: (text: string) => text };
  const lake = opened.use(openLake({ lake: `file:${folder}`, catalog: "file" }, options));
  const incoming = await lake.incoming();
  const temporaryFolder = `${incoming}/spill`;
  const engine = opened.use(await DuckDbEngine.open({ memoryLimit: "1GB", threads: 2, temporaryFolder }));
  const writer = new DuckDbParquetWriter({ store: lake.store, clock, random, folder: incoming });
  const table = lake.tables.gps_data;
  const { definition } = table;
  const closing = opened.move();
  return {
    lake,
    engine,
    writer,
    append: async (from, to, ofDay, day = BIG_DAY) => {
      const step = Math.floor((DAY_MS * CARS) / ofDay);
      const columns = definition.columns.map(({ name }) => `${COLUMNS[name] ?? "NULL"} AS ${name}`);
      const select = `SELECT ${columns.join(", ")} FROM (
        SELECT n, TIMESTAMPTZ '${day} 00:00:00Z'
          + to_milliseconds((n // ${CARS} * ${step} + hash(n % ${CARS}) % ${step})::BIGINT) AS t
        FROM range(${from}, ${to}) numbers(n))`;
      using connection = await engine.connect();
      const begunAt = beginWork(clock);
      const file = await writer.write({ connection, definition, select, day });
      if (file === null) throw new Error("no rows");
      const base = await table.head();
      const commitId = uuidV7(unixMillis(clock.now()), random);
      const one = { base, partition: 0, rows: file.rows, key: file.key, commitId, begunAt, day };
      const outcome = await table.append({ ...batch(definition, one), files: [file] });
      if (outcome.kind !== "committed") throw new Error(outcome.reason);
    },
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  };
};
