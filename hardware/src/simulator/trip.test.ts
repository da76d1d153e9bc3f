import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { destination, distanceM } from "../route/earth.ts";
import { geoJsonPlan } from "../route/geojson-plan.ts";
import { OMAHA_TO_DES_MOINES } from "../route/omaha-des-moines.ts";
import { Route } from "../route/route.ts";
import { STEP_S } from "./drive.ts";
import { EMERGENCY_BRAKING_MS2, MAX_ACCELERATION_MS2, MAX_BRAKING_MS2 } from "./driver.ts";
import { Trip } from "./trip.ts";

const route = new Route(OMAHA_TO_DES_MOINES);
const TRIPS = [1, 7, 42].map((seed) => new Trip({ seed, route, incidents: seed === 42 ? "each" : "rare" }));

/** Every step of the integration, by its middle and its end. */
function* steps(
  trip: Trip,
): Generator<{ tripS: number; mid: ReturnType<Trip["at"]>; end: ReturnType<Trip["at"]> }> {
  const count = Math.round(trip.durationS / STEP_S);
  for (let step = 1; step <= count; step += 1) {
    const tripS = step * STEP_S;
    yield { tripS, mid: trip.at(tripS - STEP_S / 2), end: trip.at(tripS) };
  }
}

describe.each(TRIPS.map((trip) => [trip.seed, trip] as const))("seed %i", (_, trip) => {
  test("the integral of speed is the distance, the odometer and the way along the road", () => {
    let integral = 0;
    let last = trip.at(0);
    let way = 0;
    let furthestApart = 0;
    for (const { tripS, mid, end } of steps(trip)) {
      integral += mid.speedMs * STEP_S;
      furthestApart = Math.max(furthestApart, Math.abs(integral - end.distanceM));
      if (Math.round(tripS / STEP_S) % 10 === 0) {
        way += distanceM(last.position, end.position);
        last = end;
      }
    }
    expect(furthestApart).toBeLessThan(0.01);
    const begun = trip.carState(0).odometerKm ?? 0;
    const ended = trip.carState(trip.durationS).odometerKm ?? 0;
    expect((ended - begun) * 1000).toBeCloseTo(integral, 1);
    // Chords of one second cut the street corners a little.
    expect(Math.abs(way - integral)).toBeLessThan(integral * 0.001);
  });

  test("no step accelerates or brakes harder than a driver does, but for an accident", () => {
    const accidents = trip.incidents.filter(({ kind }) => kind === "accident");
    const most = { up: 0, down: 0, emergency: 0 };
    for (const { tripS, mid } of steps(trip)) {
      const emergency = accidents.some(
        ({ activeAtS }) => tripS > activeAtS - 6 && tripS <= activeAtS + STEP_S,
      );
      const down = emergency ? "emergency" : "down";
      most.up = Math.max(most.up, mid.accelerationMs2);
      most[down] = Math.max(most[down], -mid.accelerationMs2);
    }
    expect(most.up).toBeLessThanOrEqual(MAX_ACCELERATION_MS2 + 1e-6);
    expect(most.down).toBeLessThanOrEqual(MAX_BRAKING_MS2 + 1e-6);
    expect(most.emergency).toBeLessThanOrEqual(EMERGENCY_BRAKING_MS2 + 1e-6);
  });

  test("the speed keeps to the limit", () => {
    let excessKmh = -Infinity;
    let slowestMs = 0;
    for (const { end } of steps(trip)) {
      const limit = route.limits.findLast(({ fromM }) => fromM <= end.distanceM)?.limitKmh ?? 0;
      excessKmh = Math.max(excessKmh, end.speedMs * 3.6 - limit);
      slowestMs = Math.min(slowestMs, end.speedMs);
    }
    expect(excessKmh).toBeLessThan(1.5);
    expect(slowestMs).toBe(0);
  });

  test("it ends at its destination, standing, and stays there", () => {
    for (const tripS of [trip.durationS, trip.durationS + 1000]) {
      const end = trip.at(tripS);
      expect(end.speedMs).toBe(0);
      expect(end.accelerationMs2).toBe(0);
      expect(distanceM(end.position, { latitude: 41.5868, longitude: -93.625 })).toBeLessThan(0.5);
    }
    expect(trip.durationS).toBeGreaterThan(7200);
    expect(trip.durationS).toBeLessThan(10_800);
  });

  test("fuel, coolant, engine speed and the rest are a car's", () => {
    let fuelL = 0;
    let lastLevel = 100;
    for (let tripS = 0; tripS <= trip.durationS; tripS += 1) {
      const car = trip.carState(tripS);
      fuelL += (car.fuelRateLH ?? 0) / 3600;
      expect(car.engineRpm).toBeGreaterThan(600);
      expect(car.engineRpm).toBeLessThan(6000);
      expect(car.engineLoadPct).toBeLessThanOrEqual(100);
      expect(car.coolantTempC).toBeLessThan(100);
      expect(car.fuelLevelPct).toBeLessThanOrEqual(lastLevel);
      lastLevel = car.fuelLevelPct ?? 0;
    }
    expect(trip.carState(trip.durationS).coolantTempC).toBeGreaterThan(75);
    expect(Math.abs(fuelL - trip.truth().fuelUsedL)).toBeLessThan(trip.truth().fuelUsedL * 0.02);
    const litresPer100Km = (trip.truth().fuelUsedL / trip.truth().distanceKm) * 100;
    expect(litresPer100Km).toBeGreaterThan(3.5);
    expect(litresPer100Km).toBeLessThan(14);
  });
});

test("the same seed gives the same trip, however it was asked", () => {
  const again = new Trip({ seed: 7, route });
  const trip = TRIPS[1]!;
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0, max: trip.durationS, noNaN: true }), { maxLength: 20 }),
      (moments) => {
        for (const tripS of moments) {
          expect(again.at(tripS)).toEqual(trip.at(tripS));
          expect(again.carState(tripS)).toEqual(trip.carState(tripS));
          expect(again.gnssAt(tripS)).toEqual(trip.gnssAt(tripS));
          expect(again.weatherAt(tripS)).toEqual(trip.weatherAt(tripS));
        }
      },
    ),
    { numRuns: 15 },
  );
});

test("other seeds are other cars, drivers and skies", () => {
  const trips = Array.from({ length: 12 }, (_, index) => new Trip({ seed: index + 1, route }));
  expect(new Set(trips.map(({ vehicle }) => vehicle.vin)).size).toBe(12);
  expect(new Set(trips.map(({ durationS }) => durationS)).size).toBeGreaterThan(9);
  expect(new Set(trips.map((trip) => trip.weatherAt(600).temperatureC)).size).toBe(12);
  expect(new Set(trips.map((trip) => trip.vehicle.model)).size).toBeGreaterThan(2);
});

test("any road is driven to its end within the limits of car and driver", () => {
  const leg = fc.record({
    turn: fc.integer({ min: -170, max: 170 }),
    metres: fc.integer({ min: 11, max: 900 }),
    limitKmh: fc.constantFrom(20, 50, 113),
    bendRadiusM: fc.constantFrom(5, 60, 900),
    stop: fc.constantFrom(null, null, "light" as const, "rest" as const),
  });
  const road = fc.array(leg, { minLength: 4, maxLength: 15 });
  const seed = fc.integer({ min: 0, max: 1000 });
  fc.assert(
    fc.property(road, seed, fc.constantFrom("none" as const, "each" as const), (legs, seed, incidents) => {
      let place = { latitude: 41, longitude: -94 };
      let heading = 0;
      const points = legs.map(({ turn, metres, limitKmh, bendRadiusM, stop }) => {
        heading += turn;
        place = destination(place, heading, metres);
        return { ...place, limitKmh, bendRadiusM, stop, altitudeM: 0 };
      });
      const trip = new Trip({ seed, route: new Route({ name: "any", points }), incidents });
      const accidents = trip.incidents
        .filter(({ kind }) => kind === "accident")
        .map(({ activeAtS }) => activeAtS);
      let [up, down] = [0, 0];
      for (const { tripS, mid } of steps(trip)) {
        const emergency = accidents.some((atS) => tripS > atS - 6 && tripS <= atS + STEP_S);
        up = Math.max(up, mid.accelerationMs2);
        if (!emergency) down = Math.max(down, -mid.accelerationMs2);
      }
      expect(up).toBeLessThanOrEqual(MAX_ACCELERATION_MS2 + 1e-6);
      expect(down).toBeLessThanOrEqual(MAX_BRAKING_MS2 + 1e-6);
      expect(trip.at(trip.durationS).speedMs).toBe(0);
      expect(trip.at(trip.durationS).distanceM).toBeCloseTo(trip.route.lengthM, 0);
    }),
    { numRuns: 30 },
  );
});

test("the weather changes slowly", () => {
  for (const trip of TRIPS) {
    for (let tripS = 60; tripS < trip.durationS; tripS += 60) {
      const [before, now] = [trip.weatherAt(tripS - 60), trip.weatherAt(tripS)];
      expect(Math.abs(now.temperatureC - before.temperatureC)).toBeLessThan(1);
      expect(Math.abs(now.humidityPct - before.humidityPct)).toBeLessThan(5);
      expect(Math.abs(now.windSpeedKmh - before.windSpeedKmh)).toBeLessThan(3);
      expect(now.precipitationMmH > 0).toBe(/rain|snow|thunder/.test(now.condition));
    }
  }
});

test("incidents stop the car, last, and leave their trouble code", () => {
  const trip = TRIPS[2]!;
  expect(trip.incidents.map(({ kind }) => kind)).toEqual(["breakdown", "medical", "accident"]);
  for (const incident of trip.incidents) {
    expect(trip.at(incident.activeAtS).speedMs).toBe(0);
    expect(trip.at((incident.activeAtS + incident.resolvedAtS) / 2).speedMs).toBe(0);
    expect(trip.at(incident.resolvedAtS + 10).speedMs).toBeGreaterThan(1);
  }
  const [breakdown, , accident] = trip.incidents;
  expect(trip.at(accident!.activeAtS - 1).speedMs).toBeGreaterThan(7);
  const codesAt = (tripS: number) => {
    const { milOn, storedCodes, pendingCodes } = trip.carState(tripS);
    return { milOn, storedCodes, pendingCodes };
  };
  const code = breakdown!.troubleCode;
  expect(codesAt(breakdown!.activeAtS - 200)).toEqual({ milOn: false, storedCodes: [], pendingCodes: [] });
  expect(codesAt(breakdown!.activeAtS - 60)).toEqual({ milOn: false, storedCodes: [], pendingCodes: [code] });
  expect(codesAt(breakdown!.activeAtS + 1)).toEqual({ milOn: true, storedCodes: [code], pendingCodes: [] });
});

test("incidents are rare unless asked for", () => {
  const plan = geoJsonPlan(
    JSON.stringify({
      type: "LineString",
      coordinates: [
        [-94, 41],
        [-93.9, 41],
        [-93.8, 41.02],
      ],
    }),
    "short",
  );
  if (!plan.ok) throw new Error(plan.reason);
  const short = new Route(plan.plan);
  const count = (incidents: "rare" | "none") =>
    Array.from(
      { length: 60 },
      (_, seed) => new Trip({ seed, route: short, incidents }).incidents.length,
    ).filter((length) => length > 0).length;
  expect(count("none")).toBe(0);
  expect(count("rare")).toBeGreaterThan(2);
  expect(count("rare")).toBeLessThan(25);
});
