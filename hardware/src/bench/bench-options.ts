import {
  millis,
  parseDuration,
  parseIsoTime,
  RoadstreamError,
  type DurationMs,
  type UnixMillis,
} from "@roadstream/shared";
import type { ReceiverOrder } from "../receiver/epoch-bytes.ts";
import { MAX_RATE_HZ } from "../receiver/virtual-gps-receiver.ts";
import type { IncidentPlan } from "../simulator/incidents.ts";
import { MAX_PACE, MIN_PACE, type Pace } from "./trip-clock.ts";

/** What `simulated?…` can say. */
export interface BenchQuery {
  /** A GeoJSON file; null: Omaha to Des Moines. */
  readonly routeFile: string | null;
  readonly seed: number;
  readonly pace: Pace;
  readonly startAt: UnixMillis | null;
  /** Trip time after which the trip is cut off. */
  readonly duration: DurationMs | null;
  /** Trip time at which it begins: what lies before was driven already. */
  readonly from: DurationMs;
  readonly rateHz: number;
  readonly order: ReceiverOrder;
  readonly incidents: IncidentPlan;
}

const MAX_SEED = 2 ** 31 - 1;

const unusable = (key: string, expected: string): RoadstreamError =>
  new RoadstreamError("usage", `simulated: ${key} must be ${expected}`);

const oneOf = <T extends string>(key: string, text: string | null, allowed: readonly [T, ...T[]]): T => {
  if (text === null) return allowed[0];
  const found = allowed.find((value) => value === text);
  if (found === undefined) throw unusable(key, `one of ${allowed.join(", ")}`);
  return found;
};

const whole = (
  key: string,
  text: string | null,
  limits: { from: number; to: number; otherwise: number },
): number => {
  if (text === null) return limits.otherwise;
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= limits.from && value <= limits.to) return value;
  throw unusable(key, `a whole number from ${limits.from} to ${limits.to}`);
};

const paceOf = (text: string | null): Pace => {
  if (text === null) return 1;
  if (text === "max") return "max";
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (value >= MIN_PACE && value <= MAX_PACE) return value;
  throw unusable("pace", `max or a number from ${MIN_PACE} to ${MAX_PACE}`);
};

/** A length of trip time; null where the key is absent. */
const tripTime = (key: string, text: string | null, atLeastMs: number): DurationMs | null => {
  if (text === null) return null;
  const parsed = parseDuration(text);
  if (parsed === null || parsed < atLeastMs) throw unusable(key, "a time like 90s or 30m");
  return parsed;
};

const KEYS = ["route", "seed", "pace", "start", "duration", "from", "rate", "order", "incidents"];

/** Reads `?route=FILE.geojson&seed=7&pace=60…` (with or without the question mark); throws `usage` for anything else. */
export const parseBenchQuery = (text: string): BenchQuery => {
  const query = new URLSearchParams(text);
  const unknown = [...query.keys()].find((key) => !KEYS.includes(key));
  if (unknown !== undefined) {
    throw new RoadstreamError("usage", `simulated: unknown option ${JSON.stringify(unknown)}`, {
      hint: `options are ${KEYS.join(", ")}`,
    });
  }
  const start = query.get("start");
  const startAt = start === null ? null : parseIsoTime(start.replace(/(:\d\d)Z$/, "$1.000Z"));
  if (start !== null && startAt === null) throw unusable("start", "a time like 2026-05-01T12:00:00Z");
  return {
    routeFile: query.get("route"),
    seed: whole("seed", query.get("seed"), { from: 0, to: MAX_SEED, otherwise: 1 }),
    pace: paceOf(query.get("pace")),
    startAt,
    duration: tripTime("duration", query.get("duration"), 1000),
    from: tripTime("from", query.get("from"), 0) ?? millis(0),
    rateHz: whole("rate", query.get("rate"), { from: 1, to: MAX_RATE_HZ, otherwise: 1 }),
    order: oneOf("order", query.get("order"), ["ublox", "sirf"]),
    incidents: oneOf("incidents", query.get("incidents"), ["rare", "none", "each"]),
  };
};

/** The text of a query with single settings put over it. */
export const queryText = (
  text: string,
  over: { readonly seed: string | null; readonly pace: string | null; readonly route: string | null },
): string => {
  const query = new URLSearchParams(text);
  for (const key of ["seed", "pace", "route"] as const) {
    const value = over[key];
    if (value !== null) query.set(key, value);
  }
  return query.toString();
};
