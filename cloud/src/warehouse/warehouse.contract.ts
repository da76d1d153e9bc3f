import { hours, seededRandom, silentLogger, uptimeMillis, type Clock, type Logger } from "@roadstream/shared";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { objectsAt } from "../object-store/objects-at.ts";
import { COUNTED_ROWS } from "../testing/counted-rows.ts";
import { hastyClock } from "../testing/redshift-bed.ts";
import type { SomeRow } from "../testing/row-select.ts";
import { WrittenLake } from "../testing/written-lake.ts";
import type { ObjectStore } from "../ports.ts";
import { cellText } from "../sql/cell-text.ts";
import { OWN_TABLES } from "./own-tables.ts";
import type { Warehouse } from "./ports.ts";
import { STREAM_TABLES } from "./stream-tables.ts";
import { WarehouseLoader, type LoaderOptions } from "./warehouse-loader.ts";

/** A warehouse of its own. */
export interface WarehouseBed extends AsyncDisposable {
  /** With files of that store. */
  open(store: ObjectStore): Promise<Warehouse>;
}

const loaderOf = (
  written: WrittenLake,
  open: () => Promise<Warehouse>,
  more: Partial<LoaderOptions> = {},
): WarehouseLoader =>
  new WarehouseLoader({
    lake: written.lake.tables,
    tables: ["gps_data", "dead_letters"],
    facts: COUNTED_ROWS,
    open,
    objectsAt: objectsAt(written.lake.store),
    clock: hastyClock,
    random: seededRandom(7),
    logger: silentLogger,
    signal: new AbortController().signal,
    ...more,
  });

/** Readings of a car, numbered, one a second from a moment on. */
export const readings = (
  vehicle: string,
  from: number,
  to: number,
  more: SomeRow = {},
): readonly SomeRow[] => {
  const start = Date.parse(String(more["event_at"] ?? "2026-03-01T23:59:50Z"));
  return Array.from({ length: to - from + 1 }, (_, at) => ({
    vehicle_id: vehicle,
    boot_id: "0190d5e4-7b1a-7abc-8def-0123456789ab",
    seq: from + at,
    landed_at: "2026-03-02T01:00:00.123Z",
    speed_kmh: (from + at) / 4,
    fix: "3d",
    ...more,
    event_at: new Date(start + at * 1000).toISOString(),
  }));
};

/** Seconds are all that these rows' times have. */
const SECONDS = "CAST(EXTRACT(EPOCH FROM event_at) AS BIGINT)";

/** That the warehouse has the rows of the lake, each once, and so many. */
export const expectSame = async (
  written: WrittenLake,
  open: () => Promise<Warehouse>,
  count: number,
): Promise<void> => {
  const columns = ["vehicle_id", "boot_id", "seq", "speed_kmh", "fix"];
  const there = await ask(open, `SELECT ${columns.join(", ")}, ${SECONDS} FROM gps_data`);
  const here = (await written.rows("gps_data")).map((row) => {
    const cells = columns.map((column) => cellText(row[column] ?? null));
    return [...cells, Date.parse(cellText(row["event_at"] ?? null) ?? "") / 1000].join(" ");
  });
  expect(there.toSorted()).toEqual(here.toSorted());
  expect(there.length).toBe(count);
};

const DAY = "CAST(event_at AT TIME ZONE 'UTC' AS DATE)";

const ask = async (open: () => Promise<Warehouse>, sql: string): Promise<readonly string[]> => {
  await using warehouse = await open();
  return (await warehouse.query(sql)).map((row) => row.join(" "));
};

const facts = (open: () => Promise<Warehouse>): Promise<readonly string[]> =>
  ask(open, "SELECT vehicle_id, CAST(day AS VARCHAR(10)), positions FROM counted_rows ORDER BY 1, 2");

const ALL_TABLES = [...OWN_TABLES, ...Object.values(STREAM_TABLES), ...COUNTED_ROWS.tables];

/** To make all tables anew for each test would take most of the time. */
const empty = async (opened: Warehouse): Promise<void> => {
  await using warehouse = opened;
  await warehouse.transact(ALL_TABLES.map(({ name }) => `DELETE FROM ${name}`));
};

/** What every warehouse does, whatever engine it is. */
export const warehouseContract = (name: string, make: () => Promise<WarehouseBed>): void => {
  describe(`a warehouse: ${name}`, () => {
    let written: WrittenLake;
    let bed: WarehouseBed;
    const open = () => bed.open(written.lake.store);
    const loader = (more: Partial<LoaderOptions> = {}) => loaderOf(written, open, more);

    beforeAll(async () => {
      bed = await make();
    });
    beforeEach(async () => {
      written = await WrittenLake.open();
    });
    afterEach(async () => {
      await empty(await open());
      await written[Symbol.asyncDispose]();
    });
    afterAll(() => bed[Symbol.asyncDispose]());

    test("takes all rows at first, then exactly the new files; facts follow what changed", async () => {
      const one = loader();
      await written.append("gps_data", readings("car-1", 1, 20));
      expect(await one.round()).toMatchObject({
        tables: [
          { table: "gps_data", mode: "reconcile", files: 2, rows: 20, days: 0 },
          { table: "dead_letters", mode: "current" },
        ],
        failures: [],
        facts: { vehicles: 1, days: 2 },
      });
      await expectSame(written, open, 20);
      await written.append("gps_data", readings("car-2", 1, 3));
      await written.append("gps_data", readings("car-1", 21, 22));
      expect(await one.round()).toMatchObject({
        tables: [{ mode: "append", files: 2, rows: 5, days: 0 }, {}],
        facts: { vehicles: 2, days: 2 },
      });
      await expectSame(written, open, 25);
      expect(await facts(open)).toEqual(["car-1 2026-03-01 12", "car-1 2026-03-02 10", "car-2 2026-03-01 3"]);
    });

    test("is asked nothing while the lake stands still", async () => {
      let opened = 0;
      const one = loader({ open: () => ((opened += 1), open()) });
      await written.append("gps_data", readings("car-1", 1, 3));
      await one.round();
      expect(await one.round()).toEqual({ tables: [], failures: [], facts: null });
      expect(opened).toBe(1);
      // A new process asks where it stands, and finds nothing to do.
      expect(await loader().round()).toMatchObject({ tables: [{ mode: "current" }, { mode: "current" }] });
    });

    test("is loaded anew when its tables were dropped under a loader that stays", async () => {
      let uptime = 0;
      const clock: Clock = { ...hastyClock, uptime: () => uptimeMillis(uptime) };
      const one = loader({ clock });
      await written.append("gps_data", readings("car-1", 1, 3));
      await one.round();
      const drop = async (): Promise<void> => {
        await using warehouse = await open();
        for (const { name } of ALL_TABLES) await warehouse.transact([`DROP TABLE ${name} CASCADE`]);
      };
      await drop();
      await written.append("gps_data", readings("car-1", 4, 4));
      // What it knows of the warehouse is wrong, as it finds out.
      const failed = await one.round();
      expect(failed.failures.length).toBeGreaterThan(0);
      expect(await one.round()).toMatchObject({ tables: [{ rows: 4 }, {}], failures: [] });
      await expectSame(written, open, 4);
      // Where nothing lands, it does once a day.
      await drop();
      uptime += hours(24) - 1;
      expect(await one.round()).toEqual({ tables: [], failures: [], facts: null });
      uptime += 1;
      expect(await one.round()).toMatchObject({ tables: [{ rows: 4 }, {}], failures: [] });
      await expectSame(written, open, 4);
      expect(await one.round()).toEqual({ tables: [], failures: [], facts: null });
    });

    test("loads nothing anew when files are compacted", async () => {
      const one = loader();
      for (const seq of [1, 2, 3]) await written.append("gps_data", readings("car-1", seq, seq));
      await one.round();
      await written.append("gps_data", readings("car-1", 4, 4));
      await written.compact("gps_data");
      expect(await one.round()).toMatchObject({ tables: [{ mode: "append", files: 1, rows: 1 }, {}] });
      await expectSame(written, open, 4);
    });

    test("lets go of rows that went from the lake, with their facts", async () => {
      const one = loader();
      await written.append("gps_data", [...readings("car-1", 1, 4), ...readings("car-2", 1, 4)]);
      await written.append("gps_data", readings("car-2", 5, 6, { event_at: "2026-03-05T00:00:00Z" }));
      await one.round();
      await written.append("gps_data", readings("car-1", 5, 6));
      await written.remove("gps_data", "vehicle_id = 'car-2'");
      // Nothing is computed for car-1 of the day that was compared whole, but of the rows that came.
      expect(await one.round()).toMatchObject({
        tables: [{ mode: "append", days: 2 }, {}],
        facts: { days: 3 },
      });
      await expectSame(written, open, 6);
      await written.remove("gps_data", "seq = 6");
      expect(await one.round()).toMatchObject({ tables: [{ days: 1 }, {}], facts: { vehicles: 1, days: 1 } });
      await expectSame(written, open, 5);
      expect(await facts(open)).toEqual(["car-1 2026-03-01 5"]);
    });

    test("changes of more days than a transaction takes go by several, and on from where they were interrupted", async () => {
      const days = [1, 2, 3, 4, 5].map((day) => `2026-03-0${day}T10:00:00Z`);
      for (const [at, day] of days.entries())
        await written.append("gps_data", readings("car-1", at + 1, at + 1, { event_at: day }));
      await loader().round();
      await written.append(
        "gps_data",
        days.flatMap((day, at) => readings("car-2", at + 1, at + 1, { event_at: day })),
      );
      await written.remove("gps_data", "vehicle_id = 'car-1'");
      const stepLimits = { bytes: 1e9, files: 100, days: 2 };
      const stopping = new AbortController();
      const steps: number[] = [];
      const onStep = ({ step }: { readonly step: number }): void => {
        steps.push(step);
        stopping.abort();
      };
      const stopped = loader({ stepLimits, onStep, signal: stopping.signal }).round();
      await expect(stopped).rejects.toThrow();
      expect(await loader({ stepLimits, onStep }).round()).toMatchObject({
        tables: [{ mode: "reconcile", files: 3, rows: 3, days: 3 }, {}],
        failures: [],
      });
      expect(steps).toEqual([1, 1, 2]);
      await expectSame(written, open, 5);
      await written.append("gps_data", readings("car-2", 6, 6));
      await written.expire("gps_data");
      // What days had is known exactly: nothing is compared whole.
      expect(await loader().round()).toMatchObject({ tables: [{ mode: "reconcile", rows: 1, days: 0 }, {}] });
      await expectSame(written, open, 6);
    });

    test("compares whole days by identity where the snapshot that it knew was expired", async () => {
      const one = loader();
      await written.append("gps_data", [...readings("car-1", 1, 4), ...readings("car-2", 1, 4)]);
      await written.append("gps_data", readings("car-2", 5, 6, { event_at: "2026-03-05T00:00:00Z" }));
      await written.append("gps_data", readings("car-1", 5, 6, { event_at: "2026-03-07T00:00:00Z" }));
      await one.round();
      await written.append("gps_data", readings("car-1", 7, 8));
      await written.remove("gps_data", "vehicle_id = 'car-2'");
      await written.expire("gps_data");
      // Not the day of March that nothing happened to.
      expect(await one.round()).toMatchObject({ tables: [{ mode: "reconcile", rows: 6, days: 2 }, {}] });
      await expectSame(written, open, 8);
      await written.append("gps_data", readings("car-1", 9, 9));
      expect(await loader().round()).toMatchObject({ tables: [{ mode: "append", rows: 1 }, {}] });
      await expectSame(written, open, 9);
      // Nothing but new files came meanwhile: they are all that is read.
      await written.append("gps_data", readings("car-1", 10, 11));
      await written.expire("gps_data");
      expect(await one.round()).toMatchObject({
        tables: [{ mode: "reconcile", files: 1, rows: 2, days: 0 }, {}],
      });
      await expectSame(written, open, 11);
    });

    test("has a record once, as it landed last, also where copies of it stand on different days", async () => {
      const one = loader();
      await written.append("gps_data", readings("car-1", 1, 2));
      await one.round();
      const late = { event_at: "2026-03-04T00:00:00Z", landed_at: "2026-03-04T01:00:00Z" };
      await written.append("gps_data", readings("car-1", 2, 2, late));
      await one.round();
      // An older copy that comes later.
      const old = { event_at: "2026-03-06T00:00:00Z", landed_at: "2026-03-01T01:00:00Z" };
      await written.append("gps_data", [...readings("car-1", 2, 3, old), ...readings("car-1", 3, 3)]);
      await one.round();
      expect(await ask(open, `SELECT seq, CAST(${DAY} AS VARCHAR(10)) FROM gps_data ORDER BY 1`)).toEqual([
        "1 2026-03-01",
        "2 2026-03-04",
        "3 2026-03-01",
      ]);
      expect(await facts(open)).toEqual(["car-1 2026-03-01 2", "car-1 2026-03-04 1"]);
    });

    test("loads the same rows once with two loaders at a time", async () => {
      const two = [loader(), loader({ random: seededRandom(8) })];
      for (let at = 0; at < 4; at += 1) {
        await written.append("gps_data", readings("car-1", at * 5 + 1, at * 5 + 5));
        const rounds = await Promise.all(two.map((one) => one.round()));
        expect(rounds.flatMap(({ failures }) => failures)).toEqual([]);
      }
      await expectSame(written, open, 20);
      expect(await facts(open)).toEqual(["car-1 2026-03-01 20"]);
    });

    test("believes no cursor that another loader has moved, and brings back no row that went meanwhile", async () => {
      const [stale, other] = [loader(), loader()];
      await written.append("gps_data", readings("car-1", 1, 4));
      await stale.round();
      await written.append("gps_data", [...readings("car-1", 5, 6), ...readings("car-2", 1, 2)]);
      await other.round();
      await written.remove("gps_data", "vehicle_id = 'car-2'");
      await other.round();
      await written.append("gps_data", readings("car-1", 7, 7));
      expect(await stale.round()).toMatchObject({ tables: [{ rows: 1, conflicts: 1 }, {}], failures: [] });
      await expectSame(written, open, 7);
    });

    test("is given nullable columns that it lacks, and its views", async () => {
      await written.append(
        "gps_data",
        readings("car-1", 1, 2, { latitude: 41.25, longitude: -95.5, heading_deg: 90 }),
      );
      await loader().round();
      {
        await using warehouse = await open();
        const viewed = await warehouse.query("SELECT device_id, direction FROM seed_gps_data");
        expect(viewed[0]).toEqual(["car-1", "East"]);
        await warehouse.transact([
          "DROP VIEW seed_vehicle_data",
          "DROP VIEW seed_gps_data",
          "DROP VIEW moments",
        ]);
        await warehouse.transact(["ALTER TABLE gps_data DROP COLUMN vehicle_type"]);
      }
      await written.append("gps_data", readings("car-1", 3, 3, { vehicle_type: "bus" }));
      await loader().round();
      await using warehouse = await open();
      expect(await warehouse.query("SELECT vehicle_type FROM gps_data ORDER BY seq")).toEqual([
        [null],
        [null],
        ["bus"],
      ]);
    });

    test("refuses rows of another lake; what fails holds up no other table", async () => {
      await written.append("gps_data", readings("car-1", 1, 2));
      await loader().round();
      await using other = await WrittenLake.open();
      await other.append("gps_data", readings("car-9", 1, 2));
      const letter = { dead_letter_id: "a".repeat(32), received_at: "2026-03-01T00:00:00Z" };
      await other.append("dead_letters", [letter]);
      const warned: string[] = [];
      const logger: Logger = { ...silentLogger, warn: (event) => void warned.push(event) };
      const round = await loaderOf(other, () => bed.open(other.lake.store), { logger }).round();
      expect(round).toMatchObject({
        tables: [{ table: "dead_letters", rows: 1 }],
        failures: [{ table: "gps_data", error: { code: "refused" } }],
      });
      expect(warned).toEqual(["not_loaded"]);
      await expectSame(written, open, 2);
    });
  });
};
