import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { driveRows, streamRow, type Stretch } from "../testing/driving-rows.ts";
import { FactBed } from "../testing/fact-bed.ts";
import { SLICE_MS } from "./driving-slice.ts";
import { MINUTE_MS } from "./driving-trip.ts";
import { CONTINUOUS_MS, MIN_STOP_MS } from "./thresholds.ts";

let bed: FactBed;
beforeAll(async () => {
  bed = await FactBed.open();
});
beforeEach(() => bed.clear());
afterAll(() => bed[Symbol.asyncDispose]());

const DRIVE: Stretch = { seconds: 120, kmh: 72 };
const STAND: Stretch = { seconds: 60, kmh: 0 };
const PARKED: Stretch = { seconds: 400, kmh: 0, engine: false };

const trips = () =>
  bed.rows(
    "SELECT started_at, ended_at, round(distance_km, 2) AS km, duration_s, moving_s, standing_s, unseen_s FROM fact_trip ORDER BY ALL",
  );
const stops = () => bed.rows("SELECT started_at, ended_at, duration_s, idle_s FROM fact_stop ORDER BY ALL");

const drive = async (stretches: readonly Stretch[], at = "2026-03-01T10:00:00Z"): Promise<void> => {
  await bed.merge(driveRows(stretches, { at }));
  await bed.refresh();
};

test("a trip has its way, its time and what it stood, with the engine running or not", async () => {
  await drive([DRIVE, STAND, DRIVE]);
  expect(await trips()).toEqual([
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
  expect(await stops()).toEqual([
    {
      started_at: "2026-03-01T10:01:59.000Z",
      ended_at: "2026-03-01T10:03:00.000Z",
      duration_s: 61,
      idle_s: 60,
    },
  ]);
  expect(await bed.rows("SELECT idle_s, fuel_l, fuel_known_s FROM fact_trip")).toEqual([
    // 290 s of 6 l/h, each step rounded to a microlitre.
    { idle_s: 60, fuel_l: 0.483343, fuel_known_s: 290 },
  ]);
});

test("standing with the engine off for longer than five minutes is the end of a trip, idling is not", async () => {
  await drive([DRIVE, PARKED, DRIVE, { seconds: 900, kmh: 0 }, DRIVE]);
  expect(await trips()).toMatchObject([
    { started_at: "2026-03-01T10:00:00.000Z", duration_s: 119, standing_s: 0 },
    { started_at: "2026-03-01T10:08:40.000Z", duration_s: 1139, standing_s: 900 },
  ]);
  expect(await bed.rows("SELECT parked_at, left_at, duration_s FROM parking ORDER BY ALL")).toEqual([
    { parked_at: "2026-03-01T10:01:59.000Z", left_at: "2026-03-01T10:08:40.000Z", duration_s: 401 },
    { parked_at: "2026-03-01T10:27:39.000Z", left_at: null, duration_s: null },
  ]);
});

describe("a tunnel is not a stop", () => {
  test("where the adapter tells the speed without a fix", async () => {
    await drive([DRIVE, { seconds: 420, kmh: 72, gps: false }, DRIVE]);
    expect(await trips()).toMatchObject([{ km: 13.18, duration_s: 659, standing_s: 0, unseen_s: 0 }]);
    expect(await stops()).toEqual([]);
  });

  test.each([60, 420])(
    "where nothing tells anything for %d s, but the car comes out further on",
    async (seconds) => {
      await drive([
        { ...DRIVE, obd: false },
        { seconds, kmh: 72, gps: false, obd: false },
        { ...DRIVE, obd: false },
      ]);
      expect(await trips()).toMatchObject([
        {
          km: Math.round((239 + seconds) * 2) / 100,
          duration_s: 239 + seconds,
          standing_s: 0,
          unseen_s: seconds + 1,
        },
      ]);
      expect(await stops()).toEqual([]);
    },
  );

  test("where it comes out after longer than half an hour it is another trip", async () => {
    await drive([DRIVE, { seconds: 1900, kmh: 72, gps: false, obd: false }, DRIVE]);
    expect(await trips()).toHaveLength(2);
  });
});

test("a car that is carried without its odometer was not driven", async () => {
  await drive([DRIVE, STAND, { seconds: 700, kmh: 30, gps: false, obd: false, carried: true }, STAND, DRIVE]);
  expect(await trips()).toMatchObject([{ km: 2.39 }, { km: 2.39 }]);
});

test("standing still without readings counts as standing once the car is found where it was", async () => {
  await drive([DRIVE, STAND, { seconds: 200, kmh: 0, gps: false, obd: false }, STAND, DRIVE]);
  expect(await trips()).toMatchObject([{ standing_s: 320, unseen_s: 0, km: 4.78 }]);
  expect(await stops()).toMatchObject([{ duration_s: 321 }]);
});

test("a trip across midnight is one trip of the day on which it began", async () => {
  await drive([{ seconds: 1200, kmh: 36 }], "2026-03-01T23:50:00Z");
  expect(await bed.rows("SELECT day, hour, duration_s, round(distance_km, 2) AS km FROM fact_trip")).toEqual([
    { day: "2026-03-01", hour: 23, duration_s: 1199, km: 11.99 },
  ]);
});

test("late rows open a trip again and correct it, and all that belongs to it", async () => {
  const rows = driveRows([DRIVE, { seconds: 900, kmh: 72 }, DRIVE, STAND, DRIVE], {
    at: "2026-03-01T23:50:00Z",
  });
  const isLate = ({ row }: (typeof rows)[number]): boolean => {
    const at = Date.parse(String(row["event_at"]));
    return at >= Date.parse("2026-03-01T23:52:00Z") && at < Date.parse("2026-03-02T00:06:00Z");
  };
  await bed.merge(rows.filter((row) => !isLate(row)));
  await bed.refresh();
  // Its two ends look like one long tunnel.
  expect(await trips()).toMatchObject([{ unseen_s: 841 }]);
  await bed.merge(rows.filter((row) => isLate(row)));
  await bed.refresh();
  expect(await trips()).toMatchObject([
    { started_at: "2026-03-01T23:50:00.000Z", duration_s: 1319, unseen_s: 0 },
  ]);
  const corrected = await bed.facts();
  await bed.recompute();
  expect(corrected).toEqual(await bed.facts());
});

test("rows that come twice, and facts that are computed twice, change nothing", async () => {
  await drive([DRIVE, STAND, DRIVE]);
  const once = await bed.facts();
  await bed.sql.run("INSERT INTO touched VALUES ('car-1', DATE '2026-03-01'), ('car-1', DATE '2026-03-01')");
  await bed.refresh();
  expect(await bed.facts()).toEqual(once);
});

test("what went from the streams goes from the facts", async () => {
  await bed.merge(driveRows([DRIVE], { at: "2026-03-01T10:00:00Z", vehicle: "car-2" }));
  await drive([DRIVE, STAND, DRIVE]);
  for (const stream of ["gps_data", "vehicle_data"] as const)
    await bed.remove(stream, "vehicle_id = 'car-1'");
  await bed.refresh();
  const vehicles = Object.values(await bed.facts()).flatMap((rows) =>
    rows.map((row) => (row as Readonly<Record<string, unknown>>)["vehicle_id"]),
  );
  expect([...new Set(vehicles)]).toEqual(["car-2"]);
});

test("a tank that is fuller than it was at the last trip's end was filled", async () => {
  await bed.merge(driveRows([DRIVE], { at: "2026-03-01T10:00:00Z", fuelPct: 30 }));
  await bed.merge(driveRows([DRIVE], { at: "2026-03-01T12:00:00Z", fuelPct: 28 }));
  await bed.merge(driveRows([DRIVE], { at: "2026-03-03T09:00:00Z", fuelPct: 95 }));
  await bed.refresh();
  expect(await bed.rows("SELECT trip_started_at, filled_pct FROM refuellings")).toEqual([
    { trip_started_at: "2026-03-03T09:00:00.000Z", filled_pct: 67 },
  ]);
});

test("a trip that was recorded without a clock stands where it was driven once the car knows the time", async () => {
  const receivedAt = "2026-03-05T08:00:00.000Z";
  await bed.merge(driveRows([DRIVE], { at: receivedAt, unsynced: { uptimeMs: 50_000, receivedAt } }));
  await bed.refresh();
  const word = streamRow("agent_events", "car-1", "2026-03-01T10:02:30Z", {
    kind: "clock_corrected",
    uptime_ms: 200_000,
    machine_boot: "m-unsynced",
    event_at: "2026-03-01T10:02:30.000Z",
  });
  await bed.merge([word]);
  await bed.refresh();
  expect(await trips()).toMatchObject([
    { started_at: "2026-03-01T10:00:00.000Z", ended_at: "2026-03-01T10:01:59.000Z", km: 2.38 },
  ]);
  expect(await bed.rows("SELECT day, gps_rows FROM fact_vehicle_day")).toEqual([
    { day: "2026-03-01", gps_rows: "120" },
  ]);
  const corrected = await bed.facts();
  await bed.recompute();
  expect(await bed.facts()).toEqual(corrected);
});

test("slices are such that a stop ends in another than it began, a silence spans one, and each lies in one minute", () => {
  expect(MIN_STOP_MS).toBeGreaterThanOrEqual(SLICE_MS);
  expect(CONTINUOUS_MS).toBeGreaterThan(SLICE_MS);
  expect(MINUTE_MS % SLICE_MS).toBe(0);
});
