import { ratio, secondsBetween, type BiView } from "./bi-view.ts";
import { AREA_CHARACTERS, geohashSql, mapCell } from "./place.ts";
import { REFUELLED_PCT } from "./thresholds.ts";

/** Shorter movements are shunting, or a receiver's noise. */
const TRIP_FROM_KM = 0.2;
/** Of a trip's time the car must have told what it burns, for its consumption to be one. */
const FUEL_KNOWN_SHARE = 0.9;

const AVERAGE_SPEED = ratio("distance_km * 3600", "moving_s");

export const TRIPS: BiView = {
  name: "trips",
  doc: "Trips on which the car went somewhere, with what they took on average and per 100 km.",
  select:
    () => `SELECT t.vehicle_id, t.started_at, t.ended_at, t.day, t.hour, t.duration_s, t.distance_km, t.moving_s, t.standing_s, t.idle_s,
  t.unseen_s, t.max_speed_kmh, ${AVERAGE_SPEED} AS moving_speed_kmh, t.fuel_l,
  CASE WHEN t.fuel_known_s >= t.duration_s * ${FUEL_KNOWN_SHARE} THEN ${ratio("t.fuel_l * 100", "t.distance_km")} END AS fuel_l_per_100km,
  ${geohashSql(mapCell("t.start_place_key"), AREA_CHARACTERS)} AS start_area,
  ${geohashSql(mapCell("t.end_place_key"), AREA_CHARACTERS)} AS end_area, t.start_place_key, t.end_place_key
FROM fact_trip AS t
WHERE t.distance_km >= ${TRIP_FROM_KM}`,
};

export const PARKING: BiView = {
  name: "parking",
  doc: "Where and how long cars stood between their trips; null until they drive again.",
  select: (
    words,
  ) => `SELECT vehicle_id, parked_at, left_at, ${secondsBetween("parked_at", "left_at", words)} AS duration_s, place_key
FROM (
  SELECT vehicle_id, ended_at AS parked_at, LEAD(started_at) OVER (PARTITION BY vehicle_id ORDER BY started_at) AS left_at,
    end_place_key AS place_key
  FROM fact_trip
) AS pauses`,
};

export const REFUELLINGS: BiView = {
  name: "refuellings",
  doc: "Trips on which the tank was found fuller than before: filled just before them, or at a short stop on the way.",
  select:
    () => `SELECT vehicle_id, started_at AS trip_started_at, level_before_pct, level_after_pct, level_after_pct - level_before_pct AS filled_pct
FROM (
  SELECT vehicle_id, started_at, fuel_most_pct AS level_after_pct,
    COALESCE(LAG(fuel_end_pct) OVER (PARTITION BY vehicle_id ORDER BY started_at), fuel_start_pct) AS level_before_pct
  FROM fact_trip
  WHERE fuel_most_pct IS NOT NULL
) AS levels
WHERE level_after_pct - level_before_pct >= ${REFUELLED_PCT}`,
};

export const MOVEMENT_BY_HOUR: BiView = {
  name: "movement_by_hour",
  doc: "How much a fleet moves: trips by the hour in which they began.",
  select:
    () => `SELECT t.day, t.hour, COUNT(*) AS trips, COUNT(DISTINCT t.vehicle_id) AS vehicles, SUM(t.distance_km) AS distance_km,
  SUM(t.moving_s) / 3600 AS moving_h, SUM(t.idle_s) / 3600 AS idle_h, ${ratio("SUM(t.distance_km) * 3600", "SUM(t.moving_s)")} AS moving_speed_kmh
FROM fact_trip AS t
WHERE t.distance_km >= ${TRIP_FROM_KM}
GROUP BY t.day, t.hour`,
};

/** What is asked for as last known, each for itself: a car may know its tank and not where it is. */
const LAST_KNOWN = [
  "position_at",
  "latitude",
  "longitude",
  "place_key",
  "odometer_km",
  "fuel_level_pct",
  "battery_v",
  "mil_on",
  "dtc_codes",
] as const;

export const VEHICLE_LAST_STATE: BiView = {
  name: "vehicle_last_state",
  doc: "What is last known of each vehicle, each value from the last day that had it.",
  select: () => {
    const last = LAST_KNOWN.map(
      (name) =>
        `FIRST_VALUE(${name}) OVER (PARTITION BY vehicle_id ORDER BY CASE WHEN ${name} IS NULL THEN 1 ELSE 0 END, day DESC ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS ${name}`,
    );
    return `SELECT s.vehicle_id, v.make, v.model, v.year, s.seen_at, ${LAST_KNOWN.map((name) => `s.${name}`).join(", ")}
FROM (
  SELECT vehicle_id, last_at AS seen_at, ROW_NUMBER() OVER (PARTITION BY vehicle_id ORDER BY day DESC) AS day_no,
    ${last.join(",\n    ")}
  FROM fact_vehicle_day
) AS s
LEFT JOIN dim_vehicle AS v ON s.vehicle_id = v.vehicle_id
WHERE s.day_no = 1`;
  },
};
