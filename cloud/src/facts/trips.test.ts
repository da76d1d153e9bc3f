import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { driveRows, type DriveOptions, type Stretch, type StreamRow } from "../testing/driving-rows.ts";
import { FactBed } from "../testing/fact-bed.ts";
import { SLICE_MS } from "./driving-slice.ts";
import { MINUTE_MS } from "./driving-trip.ts";
import { CONTINUOUS_MS, MIN_STOP_MS } from "./thresholds.ts";

const DRIVE: Stretch = { seconds: 120, kmh: 72 };
const STAND: Stretch = { seconds: 60, kmh: 0 };
const PARKED: Stretch = { seconds: 400, kmh: 0, engine: false };
/** Neither sensor tells anything. */
const SILENT = { gps: false, obd: false };

/** Each drive is of a car of its own; the facts of all are computed at once. */
const fleet: StreamRow[] = [];
const drives = (
  vehicle: string,
  stretches: readonly Stretch[],
  options: Partial<DriveOptions> = {},
): string => {
  fleet.push(...driveRows(stretches, { at: "2026-03-01T10:00:00Z", ...options, vehicle }));
  return vehicle;
};

let bed: FactBed;
beforeAll(async () => {
  bed = await FactBed.open();
  await bed.merge(fleet);
  await bed.refresh();
}, 60_000);
afterAll(() => bed[Symbol.asyncDispose]());

const asked = (columns: string, table: string) => (vehicle: string) =>
  bed.rows(`SELECT ${columns} FROM ${table} WHERE vehicle_id = '${vehicle}' ORDER BY ALL`);
const trips = asked(
  "started_at, ended_at, round(distance_km, 2) AS km, duration_s, moving_s, standing_s, unseen_s",
  "fact_trip",
);
const stops = asked("started_at, ended_at, duration_s, idle_s", "fact_stop");

describe("a trip", () => {
  const simple = drives("simple", [DRIVE, STAND, DRIVE]);
  test("has its way, its time and what it stood, with the engine running or not", async () => {
    expect(await trips(simple)).toEqual([
      {
        started_at: "2026-03-01T10:00:00.000Z",
        ended_at: "2026-03-01T10:04:59.000Z",
        km: 4.78,
        duration_s: 299,
        moving_s: 239,
        standing_s: 60,
        unseen_s: 0,
      },
    ]);
    expect(await stops(simple)).toEqual([
      {
        started_at: "2026-03-01T10:01:59.000Z",
        ended_at: "2026-03-01T10:03:00.000Z",
        duration_s: 61,
        idle_s: 60,
      },
    ]);
    // 290 s of 6 l/h, each step rounded to a microlitre.
    expect(await asked("idle_s, fuel_l, fuel_known_s", "fact_trip")(simple)).toEqual([
      { idle_s: 60, fuel_l: 0.483343, fuel_known_s: 290 },
    ]);
  });

  const paused = drives("paused", [DRIVE, PARKED, DRIVE, { seconds: 900, kmh: 0 }, DRIVE]);
  test("ends with standing for longer than five minutes with the engine off, not with idling", async () => {
    expect(await trips(paused)).toMatchObject([
      { started_at: "2026-03-01T10:00:00.000Z", duration_s: 119, standing_s: 0 },
      { started_at: "2026-03-01T10:08:40.000Z", duration_s: 1139, standing_s: 900 },
    ]);
    expect(await asked("parked_at, left_at, duration_s", "parking")(paused)).toEqual([
      { parked_at: "2026-03-01T10:01:59.000Z", left_at: "2026-03-01T10:08:40.000Z", duration_s: 401 },
      { parked_at: "2026-03-01T10:27:39.000Z", left_at: null, duration_s: null },
    ]);
  });

  const late = drives("late", [{ seconds: 1200, kmh: 36 }], { at: "2026-03-01T23:50:00Z" });
  test("across midnight is one trip of the day on which it began", async () => {
    expect(await asked("day, hour, duration_s, round(distance_km, 2) AS km", "fact_trip")(late)).toEqual([
      { day: "2026-03-01", hour: 23, duration_s: 1199, km: 11.99 },
    ]);
  });
});

describe("a tunnel is not a stop", () => {
  const fixless = drives("fixless", [DRIVE, { seconds: 420, kmh: 72, gps: false }, DRIVE]);
  test("where the adapter tells the speed without a fix", async () => {
    expect(await trips(fixless)).toMatchObject([{ km: 13.18, duration_s: 659, standing_s: 0, unseen_s: 0 }]);
    expect(await stops(fixless)).toEqual([]);
  });

  const gpsOnly: Stretch = { ...DRIVE, obd: false };
  const blind = [60, 420].map((seconds) => ({
    seconds,
    vehicle: drives(`blind-${seconds}`, [gpsOnly, { seconds, kmh: 72, ...SILENT }, gpsOnly]),
  }));
  test.each(blind)(
    "where nothing tells anything for $seconds s, but the car comes out further on",
    async ({ seconds, vehicle }) => {
      const km = Math.round((239 + seconds) * 2) / 100;
      expect(await trips(vehicle)).toMatchObject([
        { km, duration_s: 239 + seconds, standing_s: 0, unseen_s: seconds + 1 },
      ]);
      expect(await stops(vehicle)).toEqual([]);
    },
  );

  const lost = drives("lost", [DRIVE, { seconds: 1900, kmh: 72, ...SILENT }, DRIVE]);
  test("but the end of a trip where it lasts longer than half an hour", async () => {
    expect(await trips(lost)).toHaveLength(2);
  });
});

describe("a silence", () => {
  const carried = drives("carried", [
    DRIVE,
    STAND,
    { seconds: 700, kmh: 30, ...SILENT, carried: true },
    STAND,
    DRIVE,
  ]);
  test("in which a car is carried without its odometer is no driving", async () => {
    expect(await trips(carried)).toMatchObject([{ km: 2.39 }, { km: 2.39 }]);
  });

  const still = drives("still", [DRIVE, STAND, { seconds: 200, kmh: 0, ...SILENT }, STAND, DRIVE]);
  test("is standing once the car is found where it was", async () => {
    expect(await trips(still)).toMatchObject([{ standing_s: 320, unseen_s: 0, km: 4.78 }]);
    expect(await stops(still)).toMatchObject([{ duration_s: 321 }]);
  });
});

describe("a tank", () => {
  const thirsty = drives("thirsty", [DRIVE], { fuelPct: 30 });
  drives(thirsty, [DRIVE], { at: "2026-03-01T12:00:00Z", fuelPct: 28 });
  drives(thirsty, [DRIVE], { at: "2026-03-03T09:00:00Z", fuelPct: 95 });
  test("that is fuller than it was at the last trip's end was filled", async () => {
    expect(await asked("trip_started_at, filled_pct", "refuellings")(thirsty)).toEqual([
      { trip_started_at: "2026-03-03T09:00:00.000Z", filled_pct: 67 },
    ]);
  });
});

test("slices are such that a stop ends in another than it began, a silence spans one, and each lies in one minute", () => {
  expect(MIN_STOP_MS).toBeGreaterThanOrEqual(SLICE_MS);
  expect(CONTINUOUS_MS).toBeGreaterThan(SLICE_MS);
  expect(MINUTE_MS % SLICE_MS).toBe(0);
});
