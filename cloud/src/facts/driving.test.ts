import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { driveRows, streamRow, type Stretch, type StreamValues } from "../testing/driving-rows.ts";
import { FactBed } from "../testing/fact-bed.ts";
import { placeKey } from "./place.ts";

let bed: FactBed;
beforeAll(async () => {
  bed = await FactBed.open();
});
beforeEach(() => bed.clear());
afterAll(() => bed[Symbol.asyncDispose]());

const AT = "2026-03-01T10:00:00Z";
const drive = async (stretches: readonly Stretch[], at = AT): Promise<void> => {
  await bed.merge(driveRows(stretches, { at }));
  await bed.refresh();
};
const steady = (kmh: number, seconds = 20, more: Partial<Stretch> = {}): Stretch => ({
  seconds,
  kmh,
  obd: false,
  ...more,
});
const events = () =>
  bed.rows("SELECT kind, started_at, ended_at, peak, limit_kmh FROM fact_event ORDER BY started_at, kind");

describe("harsh driving", () => {
  test("is braking and accelerating by more than ordinary drivers do, each run of it once", async () => {
    // 14 km/h in a second are 3.9 m/s²; 9 are 2.5.
    await drive([
      steady(80),
      steady(66, 1),
      steady(52, 1),
      steady(38),
      steady(50, 1),
      steady(62),
      steady(53),
      steady(62),
    ]);
    expect(await events()).toEqual([
      {
        kind: "harsh_braking",
        started_at: "2026-03-01T10:00:20.000Z",
        ended_at: "2026-03-01T10:00:22.000Z",
        peak: 3.889,
        limit_kmh: null,
      },
      {
        kind: "harsh_acceleration",
        started_at: "2026-03-01T10:00:42.000Z",
        ended_at: "2026-03-01T10:00:43.000Z",
        peak: 3.333,
        limit_kmh: null,
      },
    ]);
  });

  test("is cornering by speed and change of heading, also across north", async () => {
    await drive([
      steady(50, 20, { heading: 350 }),
      steady(50, 1, { heading: 8 }),
      steady(50, 20, { heading: 26 }),
    ]);
    expect(await events()).toMatchObject([{ kind: "harsh_cornering", peak: 4.363 }]);
  });

  test("is no jump that no tyre can do, no difference of two sensors, and nothing across a silence", async () => {
    await drive([steady(80), steady(20, 1), steady(80), steady(80, 30, { gps: false }), steady(20)]);
    expect(await events()).toEqual([]);
    await bed.clear();
    const slower = driveRows([{ seconds: 60, kmh: 60, gps: false }], {
      at: "2026-03-01T10:00:00.300Z",
      poll: 2,
    });
    await bed.merge(slower);
    await drive([steady(80, 60)]);
    expect(await events()).toEqual([]);
  });
});

test("speeding is told only where a limit is given, and not for a moment", async () => {
  const at100km = placeKey(0, 100 / 111.195);
  const cells = Array.from({ length: 20 }, (_, east) => `(${at100km + east}, 50)`);
  await bed.sql.run(`INSERT INTO speed_limit VALUES ${cells.join(", ")}`);
  await drive([steady(54), steady(70, 3), steady(54), steady(70, 12), steady(54), steady(90, 300)]);
  const [one, two, ...rest] = (await events()).filter(({ kind }) => kind === "speeding");
  expect(one).toMatchObject({
    kind: "speeding",
    started_at: "2026-03-01T10:00:43.000Z",
    peak: 20,
    limit_kmh: 50,
  });
  expect(two).toMatchObject({ kind: "speeding", peak: 40 });
  expect(rest).toEqual([]);
});

test("weather has its share of a trip by the minute, up to half an hour after it was told", async () => {
  const told = (at: string, condition: string, rain: number) =>
    streamRow("weather_data", "car-1", at, {
      source: "nws",
      weather_condition: condition,
      precipitation_mm_h: rain,
    });
  await bed.merge([told("2026-03-01T09:45:30Z", "clear", 0), told("2026-03-01T10:05:00Z", "rain", 4.5)]);
  await bed.merge(
    driveRows(
      [
        { seconds: 600, kmh: 72 },
        { seconds: 1, kmh: 58 },
        { seconds: 1800, kmh: 43 },
      ],
      { at: AT },
    ),
  );
  await bed.refresh();
  const impact = await bed.rows(
    "SELECT weather_condition, seconds, round(distance_km, 1) AS km, round(fuel_l, 2) AS fuel_l, harsh_brakings, most_precipitation_mm_h AS rain FROM fact_weather_impact ORDER BY ALL",
  );
  expect(impact).toEqual([
    { weather_condition: "clear", seconds: 299, km: 6, fuel_l: 0.48, harsh_brakings: "0", rain: 0 },
    { weather_condition: "rain", seconds: 1800, km: 23.9, fuel_l: 3, harsh_brakings: "1", rain: 4.5 },
    { weather_condition: "unknown", seconds: 301, km: 3.6, fuel_l: 0.52, harsh_brakings: "0", rain: null },
  ]);
  expect(
    await bed.rows("SELECT round(moving_speed_kmh) AS kmh FROM weather_impact ORDER BY weather_condition"),
  ).toEqual([{ kmh: 72 }, { kmh: 48 }, { kmh: 43 }]);
});

test("an emergency is one row from its begin to its end, whenever its rows come, beside the trip on which it happened", async () => {
  const word = (at: string, status: string, severity: string, more: StreamValues = {}) =>
    streamRow("emergency_data", "car-1", at, {
      incident_id: "i-1",
      type: "accident",
      status,
      severity,
      source: "impact",
      ...more,
    });
  await bed.merge(driveRows([{ seconds: 600, kmh: 72 }], { at: "2026-03-01T23:55:00Z" }));
  await bed.merge([word("2026-03-01T23:58:00Z", "active", "minor")]);
  await bed.refresh();
  expect(await bed.rows("SELECT status, duration_s FROM emergency_timeline")).toEqual([
    { status: "active", duration_s: null },
  ]);
  await bed.merge([
    word("2026-03-02T00:20:00Z", "resolved", "major", { description: "over" }),
    word("2026-03-01T23:59:00Z", "active", "minor", { latitude: 0, longitude: 0.9 }),
  ]);
  await bed.refresh();
  expect(
    await bed.rows(
      "SELECT began_at, status, duration_s, severity, longitude, description, trip_started_at FROM emergency_timeline",
    ),
  ).toEqual([
    {
      began_at: "2026-03-01T23:58:00.000Z",
      status: "resolved",
      duration_s: 1320,
      severity: "major",
      longitude: 0.9,
      description: "over",
      trip_started_at: "2026-03-01T23:55:00.000Z",
    },
  ]);
});

test("what is last known of a car is each value's last, whatever came after without it", async () => {
  await bed.merge(driveRows([{ seconds: 30, kmh: 36 }], { at: "2026-03-01T10:00:00Z", fuelPct: 41 }));
  await bed.merge([
    streamRow("vehicle_data", "car-1", "2026-03-02T10:00:00Z", {
      fuel_level_pct: 40,
      dtc_codes: "",
      mil_on: true,
      make: "Volvo",
    }),
    streamRow("vehicle_data", "car-1", "2026-03-02T10:00:10Z", { speed_kmh: 0, battery_v: 12.6 }),
    streamRow("gps_data", "car-1", "2026-03-03T10:00:00Z", { fix: "none" }),
  ]);
  await bed.refresh();
  const [state] = await bed.rows("SELECT * FROM vehicle_last_state");
  expect(state).toMatchObject({
    make: "Volvo",
    seen_at: "2026-03-03T10:00:00.000Z",
    position_at: "2026-03-01T10:00:29.000Z",
    latitude: 0,
    odometer_km: 1000.2,
    fuel_level_pct: 40,
    battery_v: 12.6,
    mil_on: true,
    dtc_codes: "",
  });
});

test("a slow cell is one that is slower than in its best hour; the best hour to leave is the one with the shortest trips", async () => {
  for (const [hour, kmh] of [
    ["07", 20],
    ["11", 60],
  ] as const)
    await bed.merge(
      driveRows([steady(kmh, (20 * 3600) / kmh)], {
        at: `2026-03-02T${hour}:00:00Z`,
        vehicle: `car-${hour}`,
      }),
    );
  await bed.refresh();
  const slow = await bed.rows(
    "SELECT DISTINCT hour, round(speed_kmh) AS kmh, round(best_speed_kmh) AS best FROM slow_segments",
  );
  expect(slow).toEqual([{ hour: 7, kmh: 20, best: 60 }]);
  expect(
    await bed.rows(
      "SELECT hour, best_no, round(longer_than_best_s) AS longer_s FROM departure_hours ORDER BY ALL",
    ),
  ).toEqual([
    { hour: 7, best_no: "2", longer_s: 2400 },
    { hour: 11, best_no: "1", longer_s: 0 },
  ]);
});
