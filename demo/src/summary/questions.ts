/** What the demo asks the lake at its end, as an example. */
export const EXAMPLE = {
  question: "How fast, and how thirsty, in which weather?",
  sql: "SELECT weather_condition AS weather, count(*) AS readings, round(avg(speed_kmh), 1) AS km_h, round(avg(vehicle_fuel_rate_l_h), 1) AS litres_h FROM moments GROUP BY ALL ORDER BY readings DESC",
} as const;

/** For whoever wants to ask on. */
export const NEXT_SQL =
  "SELECT event_at, latitude, longitude, speed_kmh, vehicle_engine_rpm, weather_condition FROM moments ORDER BY event_at DESC LIMIT 10";

/** Kilometres that the cars' own odometers counted, per boot of an agent. Boot ids are UUIDs and need no quoting. */
export const distanceSql = (boots: readonly string[]): string =>
  `SELECT coalesce(sum(km), 0) AS km FROM (SELECT max(odometer_km) - min(odometer_km) AS km FROM vehicle_data WHERE boot_id IN (${boots.map((boot) => `'${boot}'`).join(", ")}) GROUP BY vehicle_id, boot_id)`;
