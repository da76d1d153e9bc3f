import type { Relation } from "./relation.ts";
import { minuteOf } from "./driving-part.ts";
import { WEATHER_MINUTES } from "./thresholds.ts";
import { DRIVING_CLOCK, timedRows } from "./timed-rows.ts";

/** 0, 1, 2 … as rows: not every engine has VALUES in FROM. */
const COUNT = Array.from({ length: WEATHER_MINUTES }, (_, minute) => `SELECT ${minute} AS later`).join(
  " UNION ALL ",
);

/**
 * The weather of each minute: the last row before its end, no older than half an hour. Minutes, so that readings find theirs by
 * equality: a join by ranges would compare all rows of a vehicle with all.
 */
export const DRIVING_WEATHER: Relation = {
  name: "driving_weather",
  reads: [DRIVING_CLOCK],
  select: (
    words,
    scope,
  ) => `SELECT vehicle_id, span, weather_minute + later AS weather_minute, weather_condition, precipitation_mm_h
FROM (
  SELECT newest.*, LEAD(weather_minute) OVER (PARTITION BY vehicle_id, span ORDER BY weather_minute) AS next_minute
  FROM (
    SELECT minutes.*,
      ROW_NUMBER() OVER (PARTITION BY vehicle_id, span, weather_minute ORDER BY at_ms DESC, seq DESC, weather_condition) AS age
    FROM (
      SELECT weather.*, ${minuteOf("at_ms")} AS weather_minute
      FROM (
${timedRows(
  {
    stream: "weather_data",
    columns: ["weather_condition", "precipitation_mm_h"],
    where: "r.weather_condition IS NOT NULL",
    begin: "since",
  },
  words,
  scope,
)}
      ) AS weather
    ) AS minutes
  ) AS newest
  WHERE age = 1
) AS told
CROSS JOIN (${COUNT}) AS lasting
WHERE next_minute IS NULL OR weather_minute + later < next_minute`,
};
