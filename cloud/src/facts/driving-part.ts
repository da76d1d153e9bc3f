import { MINUTE_MS, STEPS_OF_TRIPS } from "./driving-trip.ts";
import type { Relation } from "./relation.ts";
import { quotient } from "./words.ts";

/** A trip's sums by minute and cell: what stays of its steps for what asks about places and weather. */
export const DRIVING_PART: Relation = {
  name: "driving_part",
  reads: STEPS_OF_TRIPS.reads,
  select:
    () => `SELECT t.vehicle_id, t.span, u.started_ms, u.trip_minute, t.place_key, MIN(t.at_ms) AS entered_ms,
  COALESCE(SUM(t.dt_ms), 0) AS seen_ms, COALESCE(SUM(CASE WHEN t.moving = 0 THEN t.dt_ms END), 0) AS standing_ms,
  COALESCE(SUM(t.distance_mm), 0) AS distance_mm, COALESCE(SUM(t.fuel_ul), 0) AS fuel_ul, COALESCE(SUM(t.fuel_ms), 0) AS fuel_ms
FROM ${STEPS_OF_TRIPS.from}
GROUP BY t.vehicle_id, t.span, u.started_ms, u.trip_minute, t.place_key`,
};

/** The minute of a moment, as driving_part counts it. */
export const minuteOf = (ms: string): string => quotient(ms, MINUTE_MS);
