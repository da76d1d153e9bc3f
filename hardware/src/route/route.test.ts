import { expect, test } from "vitest";
import { angleDifference, distanceM } from "./earth.ts";
import { OMAHA_TO_DES_MOINES } from "./omaha-des-moines.ts";
import type { RoutePlan } from "./route-plan.ts";
import { Route } from "./route.ts";

const route = new Route(OMAHA_TO_DES_MOINES);

test("the road from Omaha to Des Moines is as long as the real one and ends where it says", () => {
  expect(route.lengthM).toBeGreaterThan(215_000);
  expect(route.lengthM).toBeLessThan(225_000);
  expect(distanceM(route.at(0), { latitude: 41.2565, longitude: -95.9345 })).toBeLessThan(0.01);
  expect(distanceM(route.at(route.lengthM), { latitude: 41.5868, longitude: -93.625 })).toBeLessThan(0.01);
});

test("metres along the road are metres on the ground", () => {
  for (let atM = 0; atM + 7 < route.lengthM; atM += 997) {
    const apart = distanceM(route.at(atM), route.at(atM + 7));
    expect(apart).toBeGreaterThan(6.5);
    expect(apart).toBeLessThan(7.001);
  }
});

test("no corner is turned on the spot", () => {
  for (let atM = 0; atM < route.lengthM; atM += 5) {
    const turn = angleDifference(route.at(atM + 5).headingDeg, route.at(atM).headingDeg);
    expect(Math.abs(turn)).toBeLessThan(40);
  }
});

test("stops and limits lie on the road in order", () => {
  const places = route.stops.map(({ atM }) => atM);
  expect(places).toEqual(places.toSorted((a, b) => a - b));
  expect(route.stops.filter(({ kind }) => kind === "rest")).toHaveLength(1);
  expect(route.limits[0]).toEqual({ fromM: 0, limitKmh: 40 });
  expect(Math.max(...route.limits.map(({ limitKmh }) => limitKmh))).toBe(113);
});

test("a road may cross the 180th meridian", () => {
  const point = (longitude: number) => ({
    latitude: 60,
    longitude,
    limitKmh: 80,
    bendRadiusM: 50,
    altitudeM: 0,
    stop: null,
  });
  const plan: RoutePlan = { name: "date line", points: [point(179.95), point(-179.95)] };
  const across = new Route(plan);
  expect(across.lengthM).toBeLessThan(6000);
  for (let atM = 0; atM + 7 < across.lengthM; atM += 3) {
    expect(distanceM(across.at(atM), across.at(atM + 7))).toBeCloseTo(7, 3);
  }
});
