import type { WarehouseTable } from "../warehouse/warehouse-table.ts";
import type { Dimension } from "./dimension.ts";
import { DIM_DAY, DIM_HOUR, DIM_PLACE, DIM_VEHICLE } from "./dimensions.ts";
import { column, described, type Fact } from "./fact.ts";
import { FACT_EMERGENCY } from "./fact-emergency.ts";
import { FACT_EVENT } from "./fact-event.ts";
import { FACT_SEGMENT } from "./fact-segment.ts";
import { FACT_STOP } from "./fact-stop.ts";
import { FACT_TRIP } from "./fact-trip.ts";
import { FACT_VEHICLE_DAY } from "./fact-vehicle-day.ts";
import { FACT_WEATHER_IMPACT } from "./fact-weather-impact.ts";

export const FACTS: readonly Fact[] = [
  FACT_TRIP,
  FACT_STOP,
  FACT_EVENT,
  FACT_SEGMENT,
  FACT_WEATHER_IMPACT,
  FACT_EMERGENCY,
  FACT_VEHICLE_DAY,
];

export const DIMENSIONS: readonly Dimension[] = [DIM_VEHICLE, DIM_DAY, DIM_HOUR, DIM_PLACE];

/** Given, not computed: no stream tells a limit. Whoever has them fills it; facts of days that come later use it. */
export const SPEED_LIMIT_TABLE: WarehouseTable = {
  name: "speed_limit",
  comment:
    "Speed limits by cell, filled by whoever has them. A cell crossed by several roads has the highest of theirs.",
  columns: [
    column("place_key", "int64", "The cell; see dim_place.", ""),
    column("limit_kmh", "int32", "The limit. Unit: km/h.", ""),
  ].map(described),
  identity: ["place_key"],
  sortKey: ["place_key"],
  distKey: null,
};

/** The star schema: what a warehouse needs besides the streams' own tables. */
export const factTables: readonly WarehouseTable[] = [
  ...DIMENSIONS.map(({ table }) => table),
  ...FACTS.map(({ table }) => table),
  SPEED_LIMIT_TABLE,
];
