import type { Relation, Scope } from "./relation.ts";
import {
  CONTINUOUS_MS,
  CORNERING_FROM_KMH,
  MAX_SPEED_KMH,
  MAX_SUDDEN_MS,
  MIN_SUDDEN_MS,
  MOVING_KMH,
  PETROL_AIR_G_PER_L,
} from "./thresholds.ts";
import { DRIVING_CLOCK, timedRows } from "./timed-rows.ts";
import { whole, type Words } from "./words.ts";

/** One stream's rows in their own order: a difference between two sensors is no change of the car. */
const OWN = "PARTITION BY vehicle_id, span ORDER BY at_ms, seq, speed_kmh";

const last = (column: string): string => `LAG(${column}) OVER (${OWN})`;

const SUDDEN = `dt_ms BETWEEN ${MIN_SUDDEN_MS} AND ${MAX_SUDDEN_MS}`;

/** From km/h per millisecond to mm/s². */
const ALONG = `CASE WHEN ${SUDDEN} THEN ${whole("(speed_kmh - last_speed_kmh) * 1000000.0 / 3.6 / dt_ms")} END`;

const TURN = "heading_deg - last_heading_deg";
const SHORTER_TURN = `CASE WHEN ${TURN} > 180 THEN ${TURN} - 360 WHEN ${TURN} < -180 THEN ${TURN} + 360 ELSE ${TURN} END`;
const FAST_ENOUGH = `speed_kmh >= ${CORNERING_FROM_KMH} AND last_speed_kmh >= ${CORNERING_FROM_KMH}`;
/** Speed times the change of heading. */
const ACROSS = `CASE WHEN ${SUDDEN} AND ${FAST_ENOUGH} THEN ${whole(
  `(speed_kmh + last_speed_kmh) / 2 * RADIANS(${SHORTER_TURN}) * 1000000.0 / 3.6 / dt_ms`,
)} END`;

const gps = (
  words: Words,
  scope: Scope,
): string => `SELECT vehicle_id, span, at_ms, 0 AS source, seq, speed_kmh, latitude, longitude,
  CAST(NULL AS ${words.double}) AS odometer_km, CAST(NULL AS ${words.double}) AS fuel_level_pct, CAST(NULL AS INTEGER) AS engine,
  ${ALONG} AS along_mms2, ${ACROSS} AS across_mms2, CAST(NULL AS BIGINT) AS fuel_ul, CAST(NULL AS BIGINT) AS fuel_ms,
  CAST(NULL AS BIGINT) AS idle_ms
FROM (
  SELECT vehicle_id, span, at_ms, seq, speed_kmh, heading_deg, latitude, longitude,
    at_ms - ${last("at_ms")} AS dt_ms, ${last("speed_kmh")} AS last_speed_kmh, ${last("heading_deg")} AS last_heading_deg
  FROM (
${timedRows(
  {
    stream: "gps_data",
    columns: ["speed_kmh", "heading_deg", "latitude", "longitude"],
    where: `r.fix <> 'none' AND r.speed_kmh <= ${MAX_SPEED_KMH}`,
  },
  words,
  scope,
)}
  ) AS timed
) AS gps`;

/** Litres per hour: as the engine says, or from its air where the fuel is petrol. */
const FUEL = `COALESCE(fuel_rate_l_h, CASE WHEN fuel_type = 'gasoline' THEN mass_air_flow_g_s * 3600.0 / ${PETROL_AIR_G_PER_L.toFixed(1)} END)`;
const BOTH_KNOWN = `dt_ms <= ${CONTINUOUS_MS} AND fuel_l_h IS NOT NULL AND last_fuel_l_h IS NOT NULL`;
/** A litre per hour is a microlitre in 3.6 ms; the rate goes straight from one reading to the next. */
const BURNT = whole("(fuel_l_h + last_fuel_l_h) * dt_ms / 7.2");

/** A sampling of the time: right on average, and to one polling interval for one stop. */
const IDLE = `dt_ms <= ${CONTINUOUS_MS} AND engine_rpm > 0 AND speed_kmh < ${MOVING_KMH}`;

const obd = (
  words: Words,
  scope: Scope,
): string => `SELECT vehicle_id, span, at_ms, 1 AS source, seq, speed_kmh, latitude, longitude,
  odometer_km, fuel_level_pct, CASE WHEN engine_rpm > 0 THEN 1 WHEN engine_rpm = 0 THEN 0 END AS engine,
  ${ALONG} AS along_mms2, CAST(NULL AS BIGINT) AS across_mms2,
  CASE WHEN ${BOTH_KNOWN} THEN ${BURNT} END AS fuel_ul, CASE WHEN ${BOTH_KNOWN} THEN dt_ms END AS fuel_ms,
  CASE WHEN ${IDLE} THEN dt_ms END AS idle_ms
FROM (
  SELECT fuelled.*, at_ms - ${last("at_ms")} AS dt_ms, ${last("speed_kmh")} AS last_speed_kmh, ${last("fuel_l_h")} AS last_fuel_l_h
  FROM (
    SELECT vehicle_id, span, at_ms, seq, speed_kmh, latitude, longitude, odometer_km, fuel_level_pct, engine_rpm,
      ${FUEL} AS fuel_l_h
    FROM (
${timedRows(
  {
    stream: "vehicle_data",
    columns: [
      "speed_kmh",
      "latitude",
      "longitude",
      "odometer_km",
      "fuel_level_pct",
      "engine_rpm",
      "fuel_rate_l_h",
      "mass_air_flow_g_s",
      "fuel_type",
    ],
    where: `r.speed_kmh <= ${MAX_SPEED_KMH}`,
  },
  words,
  scope,
)}
    ) AS timed
  ) AS fuelled
) AS obd`;

/** Every reading of receiver and car that tells a speed, with what its own sensor's last reading says of the time between. */
export const DRIVING_READING: Relation = {
  name: "driving_reading",
  reads: [DRIVING_CLOCK],
  select: (words, scope) => `${gps(words, scope)}\nUNION ALL\n${obd(words, scope)}`,
};
