import { ratio, type BiView } from "./bi-view.ts";
import { geohashSql, mapCell, placeLatitudeSql, placeLongitudeSql } from "./place.ts";

/** Slower than this share of the fastest hour's speed is slow. */
const SLOW_SHARE = 0.6;

const SPEED = ratio("SUM(distance_km) * 3600", "SUM(seconds)");

export const SEGMENT_SPEEDS: BiView = {
  name: "segment_speeds",
  doc: "Speed through each cell by UTC hour, standing included. Few cars make a row a person: filter by vehicles.",
  select: (
    words,
  ) => `SELECT s.place_key, ${geohashSql(mapCell("s.place_key"))} AS geohash, ${placeLatitudeSql(mapCell("s.place_key"), words)} AS latitude,
  ${placeLongitudeSql(mapCell("s.place_key"), words)} AS longitude, s.hour, s.passes, s.vehicles, s.distance_km, s.speed_kmh,
  MAX(s.speed_kmh) OVER (PARTITION BY s.place_key) AS best_speed_kmh
FROM (
  SELECT place_key, hour, COUNT(*) AS passes, COUNT(DISTINCT vehicle_id) AS vehicles, SUM(distance_km) AS distance_km, ${SPEED} AS speed_kmh
  FROM fact_segment
  GROUP BY place_key, hour
) AS s`,
};

export const SLOW_SEGMENTS: BiView = {
  name: "slow_segments",
  doc: `Cells and UTC hours in which cars are slower than ${SLOW_SHARE} of that cell's best hour.`,
  select:
    () => `SELECT place_key, geohash, latitude, longitude, hour, passes, vehicles, speed_kmh, best_speed_kmh, speed_kmh / best_speed_kmh AS share_of_best
FROM ${SEGMENT_SPEEDS.name}
WHERE speed_kmh < best_speed_kmh * ${SLOW_SHARE}`,
};

export const DEPARTURE_HOURS: BiView = {
  name: "departure_hours",
  doc: "From one area of about 5 km to another: how long trips take by the UTC hour in which they begin, the best hour first.",
  select: () => `SELECT start_area, end_area, hour, trips, vehicles, mean_duration_s, mean_distance_km,
  ROW_NUMBER() OVER (PARTITION BY start_area, end_area ORDER BY mean_duration_s, hour) AS best_no,
  mean_duration_s - MIN(mean_duration_s) OVER (PARTITION BY start_area, end_area) AS longer_than_best_s
FROM (
  SELECT start_area, end_area, hour, COUNT(*) AS trips, COUNT(DISTINCT vehicle_id) AS vehicles, AVG(duration_s) AS mean_duration_s,
    AVG(distance_km) AS mean_distance_km
  FROM trips
  WHERE start_area IS NOT NULL AND end_area IS NOT NULL AND start_area <> end_area
  GROUP BY start_area, end_area, hour
) AS hours`,
};
