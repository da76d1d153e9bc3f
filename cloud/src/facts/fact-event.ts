import { DRIVING_EVENT } from "./driving-event.ts";
import { column, fact, type Fact } from "./fact.ts";
import { OF_TRIP } from "./fact-trip.ts";
import { dayOfMs, hourOfMs, inUnits } from "./words.ts";

/** What a driver did that is counted. */
export const FACT_EVENT: Fact = fact({
  name: "fact_event",
  comment: "Harsh braking, acceleration and cornering, and speeding where the road's limit is known.",
  identity: ["vehicle_id", "kind", "started_at"],
  sortKey: ["trip_started_at"],
  renewal: "trips",
  reads: [DRIVING_EVENT],
  columns: [
    ...OF_TRIP,
    column("kind", "string", "harsh_braking, harsh_acceleration, harsh_cornering or speeding.", "kind"),
    column("started_at", "timestamp", "First reading that shows it.", ({ timeOf }) => timeOf("begun_ms")),
    column("ended_at", "timestamp", "Last reading that shows it.", ({ timeOf }) => timeOf("over_ms")),
    column("day", "date", "The UTC day of the beginning.", (words) => dayOfMs("begun_ms", words)),
    column("hour", "int32", "The UTC hour of the beginning.", hourOfMs("begun_ms")),
    column(
      "peak",
      "float64",
      "The most of it: m/s² along or across the road; of speeding, km/h above the limit.",
      (words) => inUnits("amount", 1000, words),
    ),
    column("limit_kmh", "int32", "The limit, of speeding. Unit: km/h.", "limit_kmh", { nullable: true }),
    column("fastest_kmh", "float64", "The highest speed of these readings. Unit: km/h.", "fastest_kmh"),
    column("slowest_kmh", "float64", "The lowest. Unit: km/h.", "slowest_kmh"),
    column("place_key", "int64", "The cell; see dim_place.", "place_key", { nullable: true }),
  ],
  from: () => "FROM driving_event",
});
