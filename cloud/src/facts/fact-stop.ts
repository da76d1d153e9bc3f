import { DRIVING_USE } from "./driving-trip.ts";
import { degreesOf } from "./driving-slice.ts";
import { column, fact, type Fact } from "./fact.ts";
import { OF_TRIP } from "./fact-trip.ts";
import { placeKeySql } from "./place.ts";
import { MIN_STOP_MS } from "./thresholds.ts";
import { dayOfMs, inUnits } from "./words.ts";

const OF_ONE_TRIP = "PARTITION BY vehicle_id, span, trip_no ORDER BY slice";
const SO_FAR = `OVER (${OF_ONE_TRIP} ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)`;

const STOOD =
  "standing_ms + CASE WHEN stood = 1 AND quiet_ms IS NOT NULL AND begins = 0 THEN quiet_ms ELSE 0 END";

/** Slices in motion, with what was stood and idled up to their end. Being driven in a silence is motion up to its last moment. */
const MOVERS = `SELECT summed.*,
      CASE WHEN driven = 1 THEN first_ms ELSE first_moving_ms END AS move_ms,
      CASE WHEN driven = 1 AND last_moving_ms IS NULL THEN first_ms ELSE last_moving_ms END AS rest_ms
    FROM (
      SELECT driving_use.*, SUM(${STOOD}) ${SO_FAR} AS stood_so_far, SUM(idle_ms) ${SO_FAR} AS idle_so_far,
        ${STOOD} AS stood_here, idle_ms AS idle_here
      FROM driving_use
    ) AS summed
    WHERE first_moving_ms IS NOT NULL OR driven = 1`;

const last = (name: string): string => `LAG(${name}) OVER (${OF_ONE_TRIP})`;

/** Between two motions: from the last reading of the one to the first of the next, if readings say for most of it that the car stood. */
const BETWEEN = `SELECT vehicle_id, started_ms, rest_ms AS stop_ms, move_ms AS go_ms, stood_ms, idle_ms, position
  FROM (
    SELECT vehicle_id, started_ms, ${last("rest_ms")} AS rest_ms,
      CASE WHEN driven = 1 THEN last_ms_before ELSE move_ms END AS move_ms,
      stood_so_far - ${last("stood_so_far")} + ${last("stood_here")} AS stood_ms,
      idle_so_far - ${last("idle_so_far")} AS idle_ms,
      COALESCE(first_position, ${last("last_position")}) AS position
    FROM (
    ${MOVERS}
    ) AS movers
  ) AS pairs
  WHERE move_ms - rest_ms >= ${MIN_STOP_MS} AND stood_ms * 2 >= move_ms - rest_ms`;

/** Within trips: red lights, queues, refuelling with a short break. Between trips the car is parked; see the view parking. */
export const FACT_STOP: Fact = fact({
  name: "fact_stop",
  comment:
    "Where a car stood during a trip, for 10 s or longer. Between trips it is parked: see the view parking.",
  identity: ["vehicle_id", "started_at"],
  sortKey: ["trip_started_at"],
  renewal: "trips",
  reads: [DRIVING_USE],
  columns: [
    ...OF_TRIP,
    column("started_at", "timestamp", "Last reading in motion.", ({ timeOf }) => timeOf("stop_ms")),
    column("ended_at", "timestamp", "First reading in motion again.", ({ timeOf }) => timeOf("go_ms")),
    column("day", "date", "The UTC day of the beginning.", (words) => dayOfMs("stop_ms", words)),
    column("duration_s", "float64", "From beginning to end. Unit: s.", (words) =>
      inUnits("(go_ms - stop_ms)", 1000, words),
    ),
    column(
      "idle_s",
      "float64",
      "Of that with the engine running, to one polling interval. Unit: s.",
      (words) =>
        inUnits("CASE WHEN idle_ms < go_ms - stop_ms THEN idle_ms ELSE go_ms - stop_ms END", 1000, words),
    ),
    column(
      "place_key",
      "int64",
      "The cell in which it went on; see dim_place.",
      (words) => placeKeySql(...degreesOf("position", words)),
      { nullable: true },
    ),
  ],
  from: () => `FROM (\n  ${BETWEEN}\n) AS stops`,
});
