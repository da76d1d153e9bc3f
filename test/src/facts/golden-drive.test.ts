import { FactBed, placeKey } from "@roadstream/cloud/testing";
import { OMAHA_TO_DES_MOINES, Route, Trip } from "@roadstream/hardware";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { tripRows, trueStops } from "./trip-rows.ts";

/*
 * Facts against the truth of the simulator, which no sensor tells: the road driven, the fuel burnt, when the car stood. The second
 * drive has an accident, a breakdown and an emergency stop; it crosses midnight.
 */
const ROUTE = new Route(OMAHA_TO_DES_MOINES);
const DRIVES = [
  { vehicle: "car-7", trip: new Trip({ seed: 7, route: ROUTE }), start: Date.UTC(2026, 2, 1, 8) },
  {
    vehicle: "car-42",
    trip: new Trip({ seed: 42, route: ROUTE, incidents: "each" }),
    start: Date.UTC(2026, 2, 1, 22, 50),
  },
] as const;

/** What docs/facts.md promises. */
const DISTANCE_SHARE = 0.01;
const FUEL_SHARE = 0.03;
const TIME_S = 2;

/** The road's limits by cell, the highest of each. */
const limits = (): ReadonlyMap<number, number> => {
  const found = new Map<number, number>();
  for (let metres = 0; metres <= ROUTE.lengthM; metres += 20) {
    const { latitude, longitude } = ROUTE.at(metres);
    const limit = ROUTE.limits.findLast(({ fromM }) => fromM <= metres)?.limitKmh ?? 0;
    const key = placeKey(latitude, longitude);
    found.set(key, Math.max(found.get(key) ?? 0, limit));
  }
  return found;
};

let bed: FactBed;
beforeAll(async () => {
  bed = await FactBed.open();
  const rows = [...limits()].map(([key, limit]) => `(${key}, ${limit})`);
  await bed.sql.run(`INSERT INTO speed_limit VALUES ${rows.join(", ")}`);
  for (const drive of DRIVES) await bed.merge(tripRows(drive.trip, drive));
  await bed.refresh();
}, 120_000);
afterAll(() => bed[Symbol.asyncDispose]());

describe.each(DRIVES)("$vehicle", ({ vehicle, trip, start }) => {
  const secondsIn = (time: unknown): number => (Date.parse(String(time)) - start) / 1000;

  test("the trip's way, fuel and times are the simulator's", async () => {
    const trips = await bed.rows(`FROM fact_trip WHERE vehicle_id = '${vehicle}'`);
    expect(trips).toHaveLength(1);
    const [found = {}] = trips;
    const truth = trip.truth();
    expect(Math.abs(Number(found["distance_km"]) / truth.distanceKm - 1)).toBeLessThan(DISTANCE_SHARE);
    expect(Math.abs(Number(found["fuel_l"]) / truth.fuelUsedL - 1)).toBeLessThan(FUEL_SHARE);
    expect(Math.abs(secondsIn(found["started_at"]))).toBeLessThanOrEqual(TIME_S);
    expect(Math.abs(secondsIn(found["ended_at"]) - truth.durationS)).toBeLessThanOrEqual(TIME_S);
  });

  test("it stood when and as long as the simulator stood, and in no tunnel", async () => {
    const stops = await bed.rows(`FROM fact_stop WHERE vehicle_id = '${vehicle}' ORDER BY started_at`);
    const truth = trueStops(trip, { kmh: 5, seconds: 10 });
    expect(truth.length).toBeGreaterThan(1);
    expect(stops).toHaveLength(truth.length);
    truth.forEach(({ fromS, untilS }, index) => {
      expect(Math.abs(secondsIn(stops[index]?.["started_at"]) - fromS)).toBeLessThanOrEqual(TIME_S);
      expect(Math.abs(secondsIn(stops[index]?.["ended_at"]) - untilS)).toBeLessThanOrEqual(TIME_S);
    });
  });

  test("it braked harshly in the accident alone, and was never too fast", async () => {
    const events = await bed.rows(
      `FROM fact_event WHERE vehicle_id = '${vehicle}' AND kind <> 'harsh_cornering' ORDER BY started_at`,
    );
    const accidents = trip.incidents.filter(({ kind }) => kind === "accident");
    expect(events.map(({ kind }) => kind)).toEqual(accidents.map(() => "harsh_braking"));
    accidents.forEach(({ activeAtS }, index) =>
      expect(Math.abs(secondsIn(events[index]?.["ended_at"]) - activeAtS)).toBeLessThanOrEqual(TIME_S),
    );
  });

  test("weathers add up to the trip", async () => {
    const [sum] = await bed.rows(
      `SELECT SUM(seconds) AS seconds, SUM(distance_km) AS km, SUM(fuel_l) AS fuel_l FROM fact_weather_impact WHERE vehicle_id = '${vehicle}'`,
    );
    const [found] = await bed.rows(`FROM fact_trip WHERE vehicle_id = '${vehicle}'`);
    expect(Number(sum?.["seconds"])).toBeCloseTo(Number(found?.["duration_s"]), 6);
    expect(Number(sum?.["km"])).toBeCloseTo(Number(found?.["distance_km"]), 6);
    expect(Number(sum?.["fuel_l"])).toBeCloseTo(Number(found?.["fuel_l"]), 6);
  });
});
