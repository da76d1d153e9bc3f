import { distanceM, type GeoPoint } from "./earth.ts";
import type { PlanPoint, RoutePlan } from "./route-plan.ts";

export const MAX_GEOJSON_CHARS = 32 * 1024 * 1024;
export const MAX_GEOJSON_POINTS = 500_000;
/** How deep features and geometries may nest before a line is found. */
const MAX_DEPTH = 8;
const MAX_FEATURES_LOOKED_AT = 1000;
/** A longer gap is not a road but two tracks in one line. */
const MAX_GAP_M = 100_000;
const MIN_LENGTH_M = 500;
const MAX_LENGTH_M = 5_000_000;
/** Headings lose their meaning near the poles. */
const MAX_LATITUDE = 85;

/** Recorded tracks jitter by metres: points nearer to each other than this say nothing about the road. */
const MIN_SPACING_M = 10;
const CITY_END_M = 2000;
const DEFAULT_CITY_KMH = 50;
const DEFAULT_ROAD_KMH = 100;
const DEFAULT_ALTITUDE_M = 250;
const BEND_RADIUS_M = 60;

export type GeoJsonRefusal =
  | "too_large"
  | "not_json"
  | "no_line"
  | "bad_coordinate"
  | "too_few_points"
  | "too_many_points"
  | "gap_too_long"
  | "too_short"
  | "too_long";

export type GeoJsonResult =
  | { readonly ok: true; readonly plan: RoutePlan }
  | { readonly ok: false; readonly reason: GeoJsonRefusal };

interface TrackPoint extends GeoPoint {
  readonly altitudeM: number;
}

const refuse = (reason: GeoJsonRefusal): GeoJsonResult => ({ ok: false, reason });

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The coordinates of the first line found, of RFC 7946's LineString and MultiLineString; null when there is none. */
const findLine = (value: unknown, depth: number): readonly unknown[] | null => {
  if (!isObject(value) || depth > MAX_DEPTH) return null;
  const inside = (list: unknown): readonly unknown[] | null => {
    if (!Array.isArray(list)) return null;
    for (const item of list.slice(0, MAX_FEATURES_LOOKED_AT)) {
      const found = findLine(item, depth + 1);
      if (found !== null) return found;
    }
    return null;
  };
  switch (value["type"]) {
    case "FeatureCollection":
      return inside(value["features"]);
    case "Feature":
      return findLine(value["geometry"], depth + 1);
    case "GeometryCollection":
      return inside(value["geometries"]);
    case "LineString":
      return Array.isArray(value["coordinates"]) ? value["coordinates"] : null;
    case "MultiLineString": {
      const lines: unknown = value["coordinates"];
      const first: unknown = Array.isArray(lines) ? lines[0] : null;
      return Array.isArray(first) ? first : null;
    }
    default:
      return null;
  }
};

const finite = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);

/** RFC 7946 section 3.1.1: longitude, latitude, optionally altitude in metres; more members are ignored. */
const parsePoint = (value: unknown): TrackPoint | null => {
  if (!Array.isArray(value)) return null;
  const [longitude, latitude, altitude] = value as readonly unknown[];
  if (!finite(longitude) || !finite(latitude)) return null;
  if (Math.abs(latitude) > MAX_LATITUDE || Math.abs(longitude) > 180) return null;
  const known = finite(altitude) && altitude > -500 && altitude < 9000;
  return { latitude, longitude, altitudeM: known ? altitude : DEFAULT_ALTITUDE_M };
};

const parseTrack = (line: readonly unknown[]): GeoJsonRefusal | readonly TrackPoint[] => {
  const track: TrackPoint[] = [];
  for (const item of line) {
    const point = parsePoint(item);
    if (point === null) return "bad_coordinate";
    const last = track.at(-1);
    const step = last === undefined ? Infinity : distanceM(last, point);
    if (last !== undefined && step > MAX_GAP_M) return "gap_too_long";
    if (step >= MIN_SPACING_M) track.push(point);
  }
  return track;
};

/** Streets at both ends and a country road between; the route's own bends slow the car further. */
const withLimits = (track: readonly TrackPoint[], along: readonly number[], lengthM: number): PlanPoint[] =>
  track.map((point, index) => {
    const atM = along[index] ?? 0;
    const city = atM < CITY_END_M || atM > lengthM - CITY_END_M;
    return {
      ...point,
      limitKmh: city ? DEFAULT_CITY_KMH : DEFAULT_ROAD_KMH,
      bendRadiusM: BEND_RADIUS_M,
      stop: null,
    };
  });

/** A plan from any GeoJSON text that holds a line, with default limits. The text is hostile until it has passed. */
export const geoJsonPlan = (text: string, name: string): GeoJsonResult => {
  if (text.length > MAX_GEOJSON_CHARS) return refuse("too_large");
  let root: unknown;
  try {
    root = JSON.parse(text);
  } catch {
    return refuse("not_json");
  }
  const line = findLine(root, 0);
  if (line === null) return refuse("no_line");
  if (line.length > MAX_GEOJSON_POINTS) return refuse("too_many_points");
  const track = parseTrack(line);
  if (typeof track === "string") return refuse(track);
  if (track.length < 2) return refuse("too_few_points");
  const along: number[] = [];
  let lengthM = 0;
  track.forEach((point, index) => {
    const before = track[index - 1];
    if (before !== undefined) lengthM += distanceM(before, point);
    along.push(lengthM);
  });
  if (lengthM < MIN_LENGTH_M) return refuse("too_short");
  if (lengthM > MAX_LENGTH_M) return refuse("too_long");
  return { ok: true, plan: { name, points: withLimits(track, along, lengthM) } };
};
