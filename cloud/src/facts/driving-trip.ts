import { DRIVING_LINE } from "./driving-line.ts";
import { DRIVING_STEP } from "./driving-step.ts";
import type { Relation } from "./relation.ts";
import { quotient } from "./words.ts";

export const MINUTE_MS = 60_000;

const TRIPS_SO_FAR =
  "OVER (PARTITION BY vehicle_id, span ORDER BY slice ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)";
const OF_TRIP = "OVER (PARTITION BY vehicle_id, span, trip_no)";

/** The slices of trips, each with its trip's beginning and end: the first and last reading in use. */
export const DRIVING_USE: Relation = {
  name: "driving_use",
  reads: [DRIVING_LINE],
  select: () => `SELECT *
FROM (
  SELECT numbered.*, MIN(first_active_ms) ${OF_TRIP} AS started_ms, MAX(in_use_ms) ${OF_TRIP} AS ended_ms
  FROM (
    SELECT driving_line.*, SUM(begins) ${TRIPS_SO_FAR} AS trip_no
    FROM driving_line
  ) AS numbered
  WHERE trip_no > 0
) AS bounded
WHERE first_ms <= ended_ms`,
};

/** The minutes of trips: by them a reading finds the trip to which it belongs. A minute has one trip at most. */
const DRIVING_MINUTE: Relation = {
  name: "driving_minute",
  reads: [DRIVING_USE],
  select:
    () => `SELECT DISTINCT vehicle_id, span, ${quotient("first_ms", MINUTE_MS)} AS trip_minute, started_ms, ended_ms
FROM driving_use`,
};

/** The steps of trips, out of all steps, under the alias `t`; their trip's bounds under `u`. */
export const STEPS_OF_TRIPS = {
  reads: [DRIVING_STEP, DRIVING_MINUTE],
  from: `driving_step AS t
JOIN driving_minute AS u ON t.vehicle_id = u.vehicle_id AND t.span = u.span AND ${quotient("t.at_ms", MINUTE_MS)} = u.trip_minute
  AND t.at_ms > u.started_ms AND t.at_ms <= u.ended_ms`,
} as const;
