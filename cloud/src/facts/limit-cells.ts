import { RoadstreamError } from "@roadstream/shared";
import { placeKey } from "./place.ts";

type Position = readonly [longitude: number, latitude: number];

/** Well below the side of a cell, so that no cell on the way is stepped over. */
const STEP_DEGREES = 0.0002;
const KMH_PER_MPH = 1.609344;

const isPosition = (value: unknown): value is Position =>
  Array.isArray(value) && value.length >= 2 && value.slice(0, 2).every((one) => Number.isFinite(one));

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Lines of a geometry; none of what is no road. */
const linesOf = (geometry: unknown): readonly (readonly Position[])[] => {
  if (!isObject(geometry) || !Array.isArray(geometry["coordinates"])) return [];
  const coordinates: readonly unknown[] = geometry["coordinates"];
  const isLine = (line: unknown): line is readonly Position[] =>
    Array.isArray(line) && line.every(isPosition);
  if (geometry["type"] === "LineString") return isLine(coordinates) ? [coordinates] : [];
  return geometry["type"] === "MultiLineString" ? coordinates.filter(isLine) : [];
};

/** `limit_kmh`, or OpenStreetMap's `maxspeed`: a number of km/h, or of miles with `mph`. Null where neither says a number. */
const limitOf = (properties: unknown): number | null => {
  if (!isObject(properties)) return null;
  const said = properties["limit_kmh"] ?? properties["maxspeed"];
  if (typeof said === "number") return Number.isFinite(said) && said > 0 ? Math.round(said) : null;
  const [, number, unit] =
    (typeof said === "string" ? /^\s*(\d{1,3})\s*(mph|km\/h|kmh)?\s*$/.exec(said) : null) ?? [];
  if (number === undefined) return null;
  return Math.round(Number(number) * (unit === "mph" ? KMH_PER_MPH : 1));
};

/**
 * Cells that roads go through, with the highest limit of theirs: nobody is called too fast for the road beside. Takes a GeoJSON
 * FeatureCollection; throws `usage` for anything else.
 */
export const limitCells = (geoJson: unknown): ReadonlyMap<number, number> => {
  const features = isObject(geoJson) ? geoJson["features"] : null;
  if (!Array.isArray(features))
    throw new RoadstreamError("usage", "limits come as a GeoJSON FeatureCollection of roads");
  const cells = new Map<number, number>();
  for (const feature of features as readonly unknown[]) {
    const limit = isObject(feature) ? limitOf(feature["properties"]) : null;
    if (!isObject(feature) || limit === null) continue;
    for (const line of linesOf(feature["geometry"]))
      for (const key of cellsAlong(line)) cells.set(key, Math.max(cells.get(key) ?? 0, limit));
  }
  return cells;
};

const cellsAlong = function* (line: readonly Position[]): Generator<number> {
  for (const [index, [longitude, latitude]] of line.entries()) {
    const [nextLongitude, nextLatitude] = line[index + 1] ?? [longitude, latitude];
    const [east, north] = [nextLongitude - longitude, nextLatitude - latitude];
    const steps = Math.max(1, Math.ceil(Math.max(Math.abs(east), Math.abs(north)) / STEP_DEGREES));
    for (let step = 0; step < steps; step += 1)
      yield placeKey(latitude + (north * step) / steps, longitude + (east * step) / steps);
  }
};
