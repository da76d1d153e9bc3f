import { ratio, type BiView } from "./bi-view.ts";

export const HARSH_DRIVING: BiView = {
  name: "harsh_driving",
  doc: "How often each car was braked, accelerated and cornered harshly, and driven too fast, by day and per 100 km.",
  select: () => {
    const count = (kind: string, name: string): string =>
      `SUM(CASE WHEN kind = '${kind}' THEN 1 ELSE 0 END) AS ${name}`;
    return `SELECT t.vehicle_id, t.day, t.distance_km, COALESCE(e.brakings, 0) AS brakings, COALESCE(e.accelerations, 0) AS accelerations,
  COALESCE(e.cornerings, 0) AS cornerings, COALESCE(e.speedings, 0) AS speedings,
  ${ratio("COALESCE(e.brakings, 0) * 100", "t.distance_km")} AS brakings_per_100km
FROM (
  SELECT vehicle_id, day, SUM(distance_km) AS distance_km FROM fact_trip GROUP BY vehicle_id, day
) AS t
LEFT JOIN (
  SELECT f.vehicle_id, p.day, ${count("harsh_braking", "brakings")}, ${count("harsh_acceleration", "accelerations")},
    ${count("harsh_cornering", "cornerings")}, ${count("speeding", "speedings")}
  FROM fact_event AS f
  JOIN fact_trip AS p ON f.vehicle_id = p.vehicle_id AND f.trip_started_at = p.started_at
  GROUP BY f.vehicle_id, p.day
) AS e ON t.vehicle_id = e.vehicle_id AND t.day = e.day`;
  },
};

export const EMERGENCY_TIMELINE: BiView = {
  name: "emergency_timeline",
  doc: "Emergencies in the order in which they began, with the trip on which they happened and the car.",
  select:
    () => `SELECT e.began_at, e.resolved_at, e.duration_s, e.vehicle_id, v.make, v.model, e.incident_id, e.type, e.severity, e.source,
  CASE WHEN e.resolved_at IS NULL THEN 'active' ELSE 'resolved' END AS status,
  e.latitude, e.longitude, e.place_key, e.description, t.started_at AS trip_started_at
FROM fact_emergency AS e
LEFT JOIN dim_vehicle AS v ON e.vehicle_id = v.vehicle_id
LEFT JOIN fact_trip AS t ON e.vehicle_id = t.vehicle_id AND e.began_at BETWEEN t.started_at AND t.ended_at`,
};

export const EMERGENCY_ALERTS: BiView = {
  name: "emergency_alerts",
  doc: "How many emergencies there were of each kind and day, how long they lasted, and how many are not over.",
  select:
    () => `SELECT day, type, severity, COUNT(*) AS incidents, SUM(CASE WHEN resolved_at IS NULL THEN 1 ELSE 0 END) AS still_active,
  AVG(duration_s) AS mean_duration_s, MAX(duration_s) AS longest_s, COUNT(DISTINCT vehicle_id) AS vehicles
FROM fact_emergency
GROUP BY day, type, severity`,
};

const MOVING = "(SUM(seconds) - SUM(standing_s))";

export const WEATHER_IMPACT: BiView = {
  name: "weather_impact",
  doc: "Speed, braking and fuel by weather condition.",
  select:
    () => `SELECT weather_condition, COUNT(DISTINCT vehicle_id) AS vehicles, SUM(distance_km) AS distance_km, SUM(seconds) / 3600 AS hours,
  ${ratio("SUM(distance_km) * 3600", MOVING)} AS moving_speed_kmh, ${ratio("SUM(harsh_brakings) * 100", "SUM(distance_km)")} AS brakings_per_100km,
  ${ratio("SUM(CASE WHEN fuel_known_s > 0 THEN fuel_l END) * 100", "SUM(CASE WHEN fuel_known_s > 0 THEN distance_km * fuel_known_s / seconds END)")} AS fuel_l_per_100km,
  MAX(most_precipitation_mm_h) AS most_precipitation_mm_h
FROM fact_weather_impact
WHERE seconds > 0
GROUP BY weather_condition`,
};
