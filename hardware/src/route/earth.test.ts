import fc from "fast-check";
import { expect, test } from "vitest";
import { angleDifference, bearingDeg, destination, distanceM, offsetM } from "./earth.ts";

const place = fc.record({
  latitude: fc.double({ min: -80, max: 80, noNaN: true }),
  longitude: fc.double({ min: -180, max: 180, noNaN: true }),
});

test("a degree of latitude is 111.195 km on the mean sphere", () => {
  expect(distanceM({ latitude: 41, longitude: -95 }, { latitude: 42, longitude: -95 })).toBeCloseTo(
    111_195.08,
    1,
  );
});

test("walking a bearing for a distance arrives at that bearing and distance", () => {
  fc.assert(
    fc.property(
      place,
      fc.double({ min: 0, max: 359.99, noNaN: true }),
      fc.double({ min: 1, max: 200_000, noNaN: true }),
      (from, bearing, metres) => {
        const to = destination(from, bearing, metres);
        expect(distanceM(from, to)).toBeCloseTo(metres, 3);
        expect(Math.abs(angleDifference(bearingDeg(from, to), bearing))).toBeLessThan(1e-3);
      },
    ),
  );
});

test("an offset of some metres is that far away in that direction", () => {
  const from = { latitude: 41.5, longitude: -94 };
  const to = offsetM(from, 3, 4);
  expect(distanceM(from, to)).toBeCloseTo(5, 4);
  expect(bearingDeg(from, to)).toBeCloseTo(36.87, 2);
});
