import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { geoJsonPlan } from "./geojson-plan.ts";
import { Route } from "./route.ts";

const LINE = [
  [-94, 41.5],
  [-93.99, 41.5, 300],
  [-93.98, 41.51],
];
const lineString = { type: "LineString", coordinates: LINE };
const plan = (value: unknown) => geoJsonPlan(JSON.stringify(value), "test");
const reason = (text: string): string | null => {
  const result = geoJsonPlan(text, "test");
  return result.ok ? null : result.reason;
};

describe("the first line is found in", () => {
  const feature = { type: "Feature", properties: null, geometry: lineString };
  const cases = {
    geometry: lineString,
    feature,
    collection: { type: "FeatureCollection", features: [{ type: "Feature", geometry: null }, feature] },
    "multi-line": { type: "MultiLineString", coordinates: [LINE, [[0, 0]]] },
    "geometry collection": {
      type: "GeometryCollection",
      geometries: [{ type: "Point", coordinates: [0, 0] }, lineString],
    },
  };
  test.each(Object.entries(cases))("a %s", (_, value) => {
    const result = plan(value);
    expect(result.ok && result.plan.points.length).toBe(3);
    expect(result.ok && result.plan.points[1]?.altitudeM).toBe(300);
  });
});

test("what is no road is refused by name", () => {
  const line = (coordinates: unknown): string => JSON.stringify({ type: "LineString", coordinates });
  const step = Array.from({ length: 4 }, (_, index) => [index * 0.9, 41]);
  expect(reason("{")).toBe("not_json");
  expect(reason("null")).toBe("no_line");
  expect(reason('{"type":"Point","coordinates":[1,2]}')).toBe("no_line");
  expect(reason(line([]))).toBe("too_few_points");
  expect(
    reason(
      line([
        [1, 2],
        [1, 2],
        [1, 2],
      ]),
    ),
  ).toBe("too_few_points");
  expect(
    reason(
      line([
        [1, 91],
        [1, 2],
      ]),
    ),
  ).toBe("bad_coordinate");
  expect(
    reason(
      line([
        [181, 1],
        [1, 2],
      ]),
    ),
  ).toBe("bad_coordinate");
  expect(reason('{"type":"LineString","coordinates":[[1e999,2],[1,2]]}')).toBe("bad_coordinate");
  expect(
    reason(
      line([
        ["1", "2"],
        [1, 2],
      ]),
    ),
  ).toBe("bad_coordinate");
  expect(
    reason(
      line([
        [0, 0],
        [20, 0],
      ]),
    ),
  ).toBe("gap_too_long");
  expect(
    reason(
      line([
        [0, 0],
        [0.001, 0],
      ]),
    ),
  ).toBe("too_short");
  expect(reason(line(Array.from({ length: 500_001 }, () => 0)))).toBe("too_many_points");
  expect(reason(line(step))).toBe(null);
  expect(reason(line(Array.from({ length: 60 }, (_, index) => [index * 0.85, (index % 2) * 0.01])))).toBe(
    "too_long",
  );
  expect(reason(`${"[".repeat(50_000)}${"]".repeat(50_000)}`)).not.toBe(null);
});

test("a nest of features without a bottom is given up, not followed", () => {
  let nested: unknown = lineString;
  for (let depth = 0; depth < 20; depth += 1) nested = { type: "FeatureCollection", features: [nested] };
  expect(plan(nested)).toEqual({ ok: false, reason: "no_line" });
});

test("any JSON gives a plan that can be driven, or a reason", () => {
  const coordinate = fc.oneof(
    fc.tuple(fc.double({ min: -0.2, max: 0.2, noNaN: true }), fc.double({ min: 41, max: 41.2, noNaN: true })),
    fc.jsonValue(),
  );
  const geometry = fc.record({
    type: fc.constant("LineString"),
    coordinates: fc.array(coordinate, { maxLength: 12 }),
  });
  fc.assert(
    fc.property(fc.oneof(geometry, fc.jsonValue()), (value) => {
      const result = plan(value);
      if (!result.ok) return;
      const route = new Route(result.plan);
      expect(route.lengthM).toBeGreaterThan(0);
      expect(Number.isFinite(route.at(route.lengthM / 2).headingDeg)).toBe(true);
    }),
  );
});
