import { DRIVING_READING } from "./driving-reading.ts";
import { placeKeySql } from "./place.ts";
import type { Relation } from "./relation.ts";
import { CONTINUOUS_MS, MOVING_KMH, TRIP_BREAK_MS } from "./thresholds.ts";
import { flag, whole } from "./words.ts";

const IN_ORDER = "PARTITION BY vehicle_id, span ORDER BY at_ms, source, seq, speed_kmh";

const WAY = whole("(speed_kmh + last_speed_kmh) * dt_ms / 7.2");
/** Fast before and after a short silence: it went on so, if nothing tells better. */
const GUESSED = `dt_ms <= ${TRIP_BREAK_MS} AND speed_kmh >= ${MOVING_KMH} AND last_speed_kmh >= ${MOVING_KMH}`;

/**
 * Both sensors' readings in one order, each with the step that led to it. A kilometre per hour is a millimetre in 3.6 ms;
 * the speed goes straight from one reading to the next. dt_ms is null for a first reading, quiet_ms is that of a silence.
 */
export const DRIVING_STEP: Relation = {
  name: "driving_step",
  reads: [DRIVING_READING],
  select:
    () => `SELECT vehicle_id, span, at_ms, speed_kmh, latitude, longitude, odometer_km, fuel_level_pct, engine,
  along_mms2, across_mms2, fuel_ul, fuel_ms, idle_ms,
  ${placeKeySql("latitude", "longitude")} AS place_key,
  CASE WHEN dt_ms <= ${CONTINUOUS_MS} THEN dt_ms END AS dt_ms,
  CASE WHEN dt_ms > ${CONTINUOUS_MS} THEN dt_ms END AS quiet_ms,
  CASE WHEN dt_ms <= ${CONTINUOUS_MS} THEN ${WAY} END AS distance_mm,
  CASE WHEN dt_ms > ${CONTINUOUS_MS} AND ${GUESSED} THEN ${WAY} END AS guessed_mm,
  ${flag(`speed_kmh >= ${MOVING_KMH}`)} AS moving
FROM (
  SELECT driving_reading.*, at_ms - LAG(at_ms) OVER (${IN_ORDER}) AS dt_ms, LAG(speed_kmh) OVER (${IN_ORDER}) AS last_speed_kmh
  FROM driving_reading
) AS step`,
};
