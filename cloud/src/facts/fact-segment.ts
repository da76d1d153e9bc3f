import { DRIVING_PART } from "./driving-part.ts";
import { column, fact, type Fact } from "./fact.ts";
import { OF_TRIP } from "./fact-trip.ts";
import { dayOfMs, hourOfMs, inUnits } from "./words.ts";

/** How fast each trip came through each cell: what slow roads and better hours are found by. */
export const FACT_SEGMENT: Fact = fact({
  name: "fact_segment",
  comment:
    "A trip's way through a cell of the map: how long and how far. A cell passed twice in one trip is one row.",
  identity: ["vehicle_id", "trip_started_at", "place_key"],
  sortKey: ["trip_started_at"],
  renewal: "trips",
  reads: [DRIVING_PART],
  columns: [
    ...OF_TRIP,
    column("place_key", "int64", "The cell; see dim_place.", "place_key"),
    column("day", "date", "The UTC day of the first reading there.", (words) => dayOfMs("entered_ms", words)),
    column("hour", "int32", "The UTC hour of it.", hourOfMs("entered_ms")),
    column("seconds", "float64", "For how long. Unit: s.", (words) => inUnits("seen_ms", 1000, words)),
    column("standing_s", "float64", "Of that slower than 5 km/h. Unit: s.", (words) =>
      inUnits("standing_ms", 1000, words),
    ),
    column("distance_km", "float64", "How far. Unit: km.", (words) =>
      inUnits("distance_mm", 1_000_000, words),
    ),
  ],
  from: () => `FROM (
  SELECT vehicle_id, started_ms, place_key, MIN(entered_ms) AS entered_ms, SUM(seen_ms) AS seen_ms,
    SUM(standing_ms) AS standing_ms, SUM(distance_mm) AS distance_mm
  FROM driving_part
  WHERE place_key IS NOT NULL
  GROUP BY vehicle_id, span, started_ms, place_key
) AS segments`,
});
