import { expect, test } from "vitest";
import { limitCells } from "./limit-cells.ts";
import { placeKey } from "./place.ts";

const road = (properties: object, coordinates: unknown, type = "LineString") => ({
  type: "Feature",
  properties,
  geometry: { type, coordinates },
});
const cells = (...features: readonly unknown[]) => limitCells({ type: "FeatureCollection", features });

test("a road's limit holds in every cell on its way; of two roads the higher one", () => {
  const found = cells(
    road({ limit_kmh: 50 }, [
      [9, 48],
      [9.01, 48],
    ]),
    road(
      { maxspeed: "60 mph" },
      [
        [
          [9.005, 47.999],
          [9.005, 48.001],
        ],
      ],
      "MultiLineString",
    ),
  );
  for (let longitude = 9; longitude < 9.01; longitude += 0.001)
    expect(found.has(placeKey(48, longitude))).toBe(true);
  expect(found.get(placeKey(48, 9.001))).toBe(50);
  expect(found.get(placeKey(48, 9.005))).toBe(97);
});

test("what says no limit, or is no road, is left out; what is no collection is refused", () => {
  const line = [
    [9, 48],
    [9.1, 48],
  ];
  for (const said of [
    {},
    { maxspeed: "none" },
    { maxspeed: "DE:urban" },
    { limit_kmh: -5 },
    { limit_kmh: null },
  ])
    expect(cells(road(said, line)).size).toBe(0);
  expect(cells(road({ limit_kmh: 50 }, [9, 48], "Point"), null, { type: "Feature" }).size).toBe(0);
  expect(() => limitCells([])).toThrow(expect.objectContaining({ code: "usage" }) as Error);
});
