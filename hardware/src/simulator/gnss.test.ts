import { expect, test } from "vitest";
import { distanceM } from "../route/earth.ts";
import { OMAHA_TO_DES_MOINES } from "../route/omaha-des-moines.ts";
import { Route } from "../route/route.ts";
import { Trip } from "./trip.ts";

const route = new Route(OMAHA_TO_DES_MOINES);
const TRIPS = [1, 2, 3, 4, 5, 6].map((seed) => new Trip({ seed, route }));

test("the error is some metres, and hardly another one a second later", () => {
  const errors: number[] = [];
  const changes: number[] = [];
  for (const trip of TRIPS) {
    let last: { east: number; north: number } | null = null;
    for (let tripS = 60; tripS < trip.durationS; tripS += 1) {
      const truth = trip.at(tripS).position;
      const { solution } = trip.gnssAt(tripS);
      if (solution === null) {
        last = null;
        continue;
      }
      const east =
        (solution.longitude - truth.longitude) * 111_195 * Math.cos((truth.latitude * Math.PI) / 180);
      const north = (solution.latitude - truth.latitude) * 111_195;
      errors.push(distanceM(truth, solution));
      if (last !== null) changes.push(Math.hypot(east - last.east, north - last.north));
      last = { east, north };
    }
  }
  const meanSquare = (values: readonly number[]) =>
    Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
  expect(meanSquare(errors)).toBeGreaterThan(1.9);
  expect(meanSquare(errors)).toBeLessThan(3);
  expect(meanSquare(changes)).toBeLessThan(0.8);
});

test("there is no fix at first, then a flat one, then a full one; and an outage or two later", () => {
  for (const trip of TRIPS) {
    const [coldStart, ...later] = trip.gnss.outages;
    const firstS = coldStart!.untilS;
    expect(firstS).toBeGreaterThan(15);
    expect(firstS).toBeLessThan(35);
    expect(trip.gnssAt(0)).toMatchObject({ solution: null, timeKnown: false });
    expect(trip.gnssAt(firstS - 1)).toMatchObject({ solution: null, timeKnown: true });
    expect(trip.gnssAt(firstS).solution).toMatchObject({ fix: "2d", satellitesUsed: 3 });
    expect(trip.gnssAt(firstS + 10).solution?.fix).toBe("3d");
    expect(later.length).toBeGreaterThanOrEqual(1);
    expect(later.length).toBeLessThanOrEqual(2);
    for (const { fromS, untilS } of later) {
      expect(trip.gnssAt(fromS - 0.1).solution).not.toBe(null);
      expect(trip.gnssAt((fromS + untilS) / 2).solution).toBe(null);
      expect(untilS - fromS).toBeLessThan(17);
    }
  }
});

test("a standing car has no course", () => {
  const trip = TRIPS[0]!;
  expect(trip.gnssAt(trip.durationS).solution).toMatchObject({ speedMs: 0, courseDeg: null });
});
