import { DRIVING_USE } from "./driving-trip.ts";
import { degreesOf } from "./driving-slice.ts";
import { column, fact, type Fact, type FactColumn } from "./fact.ts";
import { placeKeySql } from "./place.ts";
import { dayOfMs, hourOfMs, inUnits, type Words } from "./words.ts";

/** What every fact that belongs to a trip begins with: whose it is, and which trip's, by its beginning. */
export const OF_TRIP: readonly FactColumn[] = [
  column("vehicle_id", "string", "The vehicle.", "vehicle_id"),
  column("trip_started_at", "timestamp", "The trip, by its beginning.", ({ timeOf }) => timeOf("started_ms")),
];

const seconds =
  (ms: string) =>
  (words: Words): string =>
    inUnits(ms, 1000, words);

const kilometres =
  (mm: string) =>
  (words: Words): string =>
    inUnits(mm, 1_000_000, words);

const cellOf =
  (position: string) =>
  (words: Words): string =>
    placeKeySql(...degreesOf(position, words));

/** Of the slice in which the trip begins only what lies behind its beginning counts; a silence before it is not the trip's. */
const STANDING = `CASE
      WHEN begins = 1 THEN CASE WHEN standing_ms < last_ms - started_ms THEN standing_ms ELSE last_ms - started_ms END
      WHEN stood = 1 AND quiet_ms IS NOT NULL THEN standing_ms + quiet_ms
      ELSE standing_ms END`;

const ends = (column: string, name: string): string =>
  `MIN(CASE WHEN ${column} IS NOT NULL THEN slice END) OVER (PARTITION BY vehicle_id, span, trip_no) AS first_${name},
      MAX(CASE WHEN ${column} IS NOT NULL THEN slice END) OVER (PARTITION BY vehicle_id, span, trip_no) AS last_${name}`;

/** A trip's sums over its slices, and what stands in its first and last slice that has it. */
const TOTALS = `SELECT vehicle_id, span, started_ms, ended_ms, SUM(readings) AS readings,
    SUM(distance_mm) AS distance_mm, SUM(CASE WHEN begins = 1 THEN 0 ELSE unseen_mm END) AS unseen_mm,
    SUM(CASE WHEN begins = 1 THEN 0 ELSE unseen_ms END) AS unseen_ms, SUM(${STANDING}) AS standing_ms, SUM(idle_ms) AS idle_ms,
    SUM(fuel_ul) AS fuel_ul, COALESCE(SUM(fuel_ms), 0) AS fuel_ms, MAX(max_speed_kmh) AS max_speed_kmh,
    MAX(CASE WHEN slice = first_place THEN first_position END) AS first_position,
    MAX(CASE WHEN slice = last_place THEN last_position END) AS last_position,
    MAX(CASE WHEN slice = first_fuel THEN most_fuel_pct END) AS first_fuel_pct,
    MIN(CASE WHEN slice = last_fuel THEN least_fuel_pct END) AS last_fuel_pct, MAX(most_fuel_pct) AS most_fuel_pct
  FROM (
    SELECT driving_use.*,
      ${ends("first_position", "place")},
      ${ends("least_fuel_pct", "fuel")}
    FROM driving_use
  ) AS ended
  GROUP BY vehicle_id, span, started_ms, ended_ms`;

const MAYBE = { nullable: true } as const;

/** One row per trip, also of those in which the engine ran and the car did not move. */
export const FACT_TRIP: Fact = fact({
  name: "fact_trip",
  comment:
    "Trips by event time: from the first motion or running engine to the last, with no more than 5 minutes of neither in between.",
  identity: ["vehicle_id", "started_at"],
  sortKey: ["started_at"],
  renewal: "trips",
  reads: [DRIVING_USE],
  columns: [
    column("vehicle_id", "string", "The vehicle.", "vehicle_id"),
    column("started_at", "timestamp", "First reading in motion or with the engine running.", ({ timeOf }) =>
      timeOf("started_ms"),
    ),
    column("ended_at", "timestamp", "Last such reading.", ({ timeOf }) => timeOf("ended_ms")),
    column("day", "date", "The UTC day of the beginning.", (words) => dayOfMs("started_ms", words)),
    column("hour", "int32", "The UTC hour of the beginning.", hourOfMs("started_ms")),
    column("duration_s", "float64", "From beginning to end. Unit: s.", seconds("(ended_ms - started_ms)")),
    column(
      "distance_km",
      "float64",
      "Speed over time; through silences by odometer or position. Unit: km.",
      kilometres("(distance_mm + unseen_mm)"),
    ),
    column(
      "moving_s",
      "float64",
      "Neither standing nor unseen. Unit: s.",
      seconds("(ended_ms - started_ms - standing_ms - unseen_ms)"),
    ),
    column("standing_s", "float64", "Slower than 5 km/h. Unit: s.", seconds("standing_ms")),
    column(
      "idle_s",
      "float64",
      "Standing with the engine running, as far as the car told. Unit: s.",
      seconds("idle_ms"),
    ),
    column(
      "unseen_s",
      "float64",
      "Silences of more than 30 s in which the car is not known to have stood. Unit: s.",
      seconds("unseen_ms"),
    ),
    column("unseen_km", "float64", "Driven in them. Unit: km.", kilometres("unseen_mm")),
    column("max_speed_kmh", "float64", "The highest reading. Unit: km/h.", "max_speed_kmh"),
    column(
      "fuel_l",
      "float64",
      "Burnt, as far as the car told; null where it did not. Unit: l.",
      (words) => inUnits("fuel_ul", 1_000_000, words),
      MAYBE,
    ),
    column("fuel_known_s", "float64", "For how long the car told it. Unit: s.", seconds("fuel_ms")),
    column("fuel_start_pct", "float64", "Tank level first seen. Unit: %.", "first_fuel_pct", MAYBE),
    column("fuel_end_pct", "float64", "Tank level last seen. Unit: %.", "last_fuel_pct", MAYBE),
    column("fuel_most_pct", "float64", "Highest tank level seen. Unit: %.", "most_fuel_pct", MAYBE),
    column(
      "start_place_key",
      "int64",
      "Cell of the first position; see dim_place.",
      cellOf("first_position"),
      MAYBE,
    ),
    column(
      "end_place_key",
      "int64",
      "Cell of the last position; see dim_place.",
      cellOf("last_position"),
      MAYBE,
    ),
    column("readings", "int64", "How many readings tell of it.", "readings"),
  ],
  from: () => `FROM (\n  ${TOTALS}\n) AS trip`,
});
