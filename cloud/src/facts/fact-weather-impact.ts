import { DRIVING_EVENT } from "./driving-event.ts";
import { DRIVING_PART, minuteOf } from "./driving-part.ts";
import { DRIVING_WEATHER } from "./driving-weather.ts";
import { column, fact, type Fact } from "./fact.ts";
import { OF_TRIP } from "./fact-trip.ts";
import { dayOfMs, inUnits } from "./words.ts";

const countOf = (kind: string): string => `SUM(CASE WHEN kind = '${kind}' THEN 1 ELSE 0 END)`;

/** Both are by trip and minute, and so is the weather. */
const PARTS = `SELECT vehicle_id, span, started_ms, trip_minute, SUM(seen_ms) AS seen_ms, SUM(standing_ms) AS standing_ms,
      SUM(distance_mm) AS distance_mm, SUM(fuel_ul) AS fuel_ul, SUM(fuel_ms) AS fuel_ms, 0 AS brakings, 0 AS accelerations
    FROM driving_part
    GROUP BY vehicle_id, span, started_ms, trip_minute
    UNION ALL
    SELECT vehicle_id, span, started_ms, ${minuteOf("begun_ms")} AS trip_minute, 0 AS seen_ms, 0 AS standing_ms,
      0 AS distance_mm, 0 AS fuel_ul, 0 AS fuel_ms, ${countOf("harsh_braking")} AS brakings, ${countOf("harsh_acceleration")} AS accelerations
    FROM driving_event
    GROUP BY vehicle_id, span, started_ms, ${minuteOf("begun_ms")}`;

/** What a trip was like in each weather that it met. */
export const FACT_WEATHER_IMPACT: Fact = fact({
  name: "fact_weather_impact",
  comment: "A trip's driving in each weather condition that it met: speed, braking and fuel.",
  identity: ["vehicle_id", "trip_started_at", "weather_condition"],
  sortKey: ["trip_started_at"],
  renewal: "trips",
  reads: [DRIVING_PART, DRIVING_EVENT, DRIVING_WEATHER],
  columns: [
    ...OF_TRIP,
    column(
      "weather_condition",
      "string",
      "In words; unknown without a reading of the last half hour.",
      "weather_condition",
      {
        maxLength: 128,
      },
    ),
    column("day", "date", "The UTC day of the trip's beginning.", (words) => dayOfMs("started_ms", words)),
    column("seconds", "float64", "For how long. Unit: s.", (words) => inUnits("seen_ms", 1000, words)),
    column("standing_s", "float64", "Of that slower than 5 km/h. Unit: s.", (words) =>
      inUnits("standing_ms", 1000, words),
    ),
    column("distance_km", "float64", "How far. Unit: km.", (words) =>
      inUnits("distance_mm", 1_000_000, words),
    ),
    column("fuel_l", "float64", "Burnt, as far as the car told. Unit: l.", (words) =>
      inUnits("fuel_ul", 1_000_000, words),
    ),
    column("fuel_known_s", "float64", "For how long the car told it. Unit: s.", (words) =>
      inUnits("fuel_ms", 1000, words),
    ),
    column("harsh_brakings", "int64", "How often.", "brakings"),
    column("harsh_accelerations", "int64", "How often.", "accelerations"),
    column("most_precipitation_mm_h", "float64", "The heaviest. Unit: mm/h.", "most_precipitation", {
      nullable: true,
    }),
  ],
  from: () => `FROM (
  SELECT p.vehicle_id, p.started_ms, COALESCE(w.weather_condition, 'unknown') AS weather_condition,
    SUM(p.seen_ms) AS seen_ms, SUM(p.standing_ms) AS standing_ms, SUM(p.distance_mm) AS distance_mm, SUM(p.fuel_ul) AS fuel_ul,
    SUM(p.fuel_ms) AS fuel_ms, SUM(p.brakings) AS brakings, SUM(p.accelerations) AS accelerations,
    MAX(w.precipitation_mm_h) AS most_precipitation
  FROM (
    ${PARTS}
  ) AS p
  LEFT JOIN driving_weather AS w ON p.vehicle_id = w.vehicle_id AND p.span = w.span AND p.trip_minute = w.weather_minute
  GROUP BY p.vehicle_id, p.span, p.started_ms, COALESCE(w.weather_condition, 'unknown')
) AS impact`,
});
