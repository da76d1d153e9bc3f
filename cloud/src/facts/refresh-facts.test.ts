import type { StreamName } from "@roadstream/shared";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { STREAM_TABLES } from "../warehouse/stream-tables.ts";
import { driveRows, streamRow, type Stretch, type StreamRow } from "../testing/driving-rows.ts";
import { FactBed, onDuckDb } from "../testing/fact-bed.ts";
import { factTables } from "./fact-tables.ts";
import { lakeFactViews } from "./fact-views.ts";
import { refreshFacts } from "./refresh-facts.ts";

let bed: FactBed;
beforeAll(async () => {
  bed = await FactBed.open();
});
beforeEach(() => bed.clear());
afterAll(() => bed[Symbol.asyncDispose]());

const MINUTE = 60_000;
const START = Date.parse("2026-03-01T23:00:00Z");

/** Stretches about as long as the thresholds: standing for around 5 minutes, silent for around half an hour. */
const STRETCH: fc.Arbitrary<Stretch> = fc.record({
  seconds: fc.constantFrom(7, 40, 290, 310, 700, 1790, 2100),
  kmh: fc.constantFrom(0, 4, 36, 90),
  gps: fc.boolean(),
  obd: fc.boolean(),
  engine: fc.boolean(),
});

interface History {
  readonly rows: readonly StreamRow[];
  /** In which load each row comes. */
  readonly load: (index: number) => number;
  /** What goes after the last load: rows of a condition of SQL, by stream. */
  readonly gone: readonly { readonly stream: StreamName; readonly where: string }[];
}

const LOADS = 3;

/** What retention, erasure or an operator may take. */
const REMOVAL = fc.record({
  stream: fc.constantFrom<StreamName[]>("gps_data", "vehicle_data", "agent_events", "emergency_data"),
  where: fc.constantFrom(
    "true",
    "CAST(event_at AS DATE) = DATE '2026-03-01'",
    "CAST(event_at AS DATE) = DATE '2026-03-02'",
    "seq % 2 = 0",
    "clock IN ('unsynced', 'gnss')",
  ),
});

/** An evening and a night of one car in readings far apart, weather, an emergency and a stretch without a clock; rows come in any load. */
const history = (vehicle: string): fc.Arbitrary<History> =>
  fc
    .record({
      stretches: fc.array(STRETCH, { minLength: 2, maxLength: 7 }),
      begin: fc.integer({ min: 0, max: 58 }),
      loads: fc.array(fc.nat({ max: LOADS - 1 }), { minLength: 60, maxLength: 60 }),
      /** Single rows come late, or whole blocks as after a lost connection, or all of a day: what is touched then ends at midnight. */
      block: fc.constantFrom(1, 10, 60, "day" as const, "day" as const),
      isUnsynced: fc.boolean(),
      /** What the words of what time it was are told by. */
      clocks: fc.array(fc.constantFrom("gnss", "ntp", "rtc"), { minLength: 1, maxLength: 2 }),
      removals: fc.array(REMOVAL, { maxLength: 2 }),
    })
    .map(({ stretches, begin, loads, block, isUnsynced, clocks, removals }) => {
      const at = START + begin * MINUTE;
      const time = (minutes: number): Date => new Date(at + minutes * MINUTE);
      const words = [
        streamRow("weather_data", vehicle, time(-20), { source: "nws", weather_condition: "rain" }),
        streamRow("weather_data", vehicle, time(25), { source: "nws", weather_condition: "clear" }),
        ...["active", "resolved"].map((status, index) =>
          streamRow("emergency_data", vehicle, time(10 + 200 * index), {
            incident_id: `i-${vehicle}`,
            type: "medical",
            status,
            severity: "minor",
            source: "button",
          }),
        ),
      ];
      const receivedAt = time(24 * 60).toISOString();
      const lost = driveRows([{ seconds: 60, kmh: 50 }], {
        vehicle,
        at: receivedAt,
        unsynced: { uptimeMs: 0, receivedAt },
      });
      // Of one moment, and days apart.
      const found = clocks.map((clock, index) =>
        streamRow("agent_events", vehicle, time(400 - index * 3000), {
          kind: "clock_corrected",
          machine_boot: "m-unsynced",
          clock,
        }),
      );
      const drive = driveRows(stretches, { vehicle, at: time(0).toISOString(), fixEvery: 7, poll: 15 });
      const rows = [...drive, ...words, ...(isUnsynced ? [...lost, ...found] : [])];
      const dayOf = (row: StreamRow | undefined): number =>
        new Date(String(row?.row["event_at"])).getUTCDate();
      const part = (index: number): number =>
        block === "day" ? dayOf(rows[index]) : Math.floor(index / block);
      return {
        rows,
        load: (index) => loads[part(index) % loads.length] ?? 0,
        gone: removals.map(({ stream, where }) => ({
          stream,
          where: `vehicle_id = '${vehicle}' AND ${where}`,
        })),
      };
    });

/** Each a history of its own, so that one round of statements judges many. */
const CARS = 10;

/** On a busy machine. */
const LIMIT_MS = 120_000;

test(
  "whatever comes and goes in whatever order, the facts are those of computing everything at once",
  {
    timeout: LIMIT_MS,
  },
  async () => {
    const fleet = fc.tuple(...Array.from({ length: CARS }, (_, car) => history(`car-${car}`)));
    await fc.assert(
      fc.asyncProperty(fleet, async (cars) => {
        await bed.clear();
        for (let load = 0; load < LOADS; load += 1) {
          await bed.merge(cars.flatMap((car) => car.rows.filter((_, index) => car.load(index) === load)));
          await bed.refresh();
        }
        for (const { stream, where } of cars.flatMap(({ gone }) => gone)) await bed.remove(stream, where);
        await bed.refresh();
        const incremental = await bed.facts();
        await bed.recompute();
        expect(incremental).toEqual(await bed.facts());
      }),
      { numRuns: 2, endOnFailure: true },
    );
  },
);

describe("one definition", () => {
  const rows = (): readonly StreamRow[] => [
    ...driveRows(
      [
        { seconds: 300, kmh: 72 },
        { seconds: 90, kmh: 0 },
        { seconds: 200, kmh: 50, gps: false, obd: false },
        { seconds: 30, kmh: 20 },
      ],
      { at: "2026-03-01T23:56:00.250Z" },
    ),
    streamRow("weather_data", "car-1", "2026-03-01T23:50:00Z", { source: "nws", weather_condition: "rain" }),
    streamRow("emergency_data", "car-1", "2026-03-01T23:58:00Z", {
      incident_id: "i-1",
      type: "fire",
      status: "active",
      severity: "major",
      source: "button",
    }),
  ];

  test("gives the same tables in Redshift's SQL", async () => {
    await bed.merge(rows());
    await bed.refresh();
    const ours = await bed.facts();
    await bed.sql.run("INSERT INTO touched VALUES ('car-1', DATE '2026-03-01')");
    await bed.refresh("redshift");
    expect(await bed.facts()).toEqual(ours);
  });

  test.each(["duckdb", "athena"] as const)(
    "gives the same rows as views over a lake in %s's SQL",
    async (dialect) => {
      await bed.merge(rows());
      await bed.refresh();
      const places = await bed.rows("FROM dim_place ORDER BY ALL");
      expect(places.length).toBeGreaterThan(10);
      const tables = factTables.map(({ name }) => name).filter((name) => name !== "speed_limit");
      await bed.sql.run("CREATE SCHEMA lake");
      for (const name of Object.keys(STREAM_TABLES))
        await bed.sql.run(`CREATE VIEW lake.${name} AS FROM main.${name}`);
      await bed.sql.run("SET search_path = 'lake,main'");
      try {
        for (const { name, select } of lakeFactViews(dialect))
          await bed.sql.run(onDuckDb(`CREATE VIEW lake.${name} AS ${select}`));
        for (const name of tables)
          expect(await bed.rows(`FROM lake.${name} ORDER BY ALL`), name).toEqual(
            await bed.rows(`FROM main.${name} ORDER BY ALL`),
          );
      } finally {
        await bed.sql.run("SET search_path = 'main'");
        await bed.sql.run("DROP SCHEMA lake CASCADE");
      }
    },
  );

  test("fits into one transaction of the Redshift Data API, with what the loader adds", () => {
    expect(refreshFacts("redshift", "touched").length).toBeLessThanOrEqual(32);
  });
});
