import { biViews } from "../facts/fact-views.ts";
import { factTables } from "../facts/fact-tables.ts";
import { refreshFacts } from "../facts/refresh-facts.ts";
import type { WarehouseFacts } from "./warehouse-facts.ts";

/** Trips, stops, harsh driving and whatever else is told by the streams together. */
export const DRIVING_FACTS: WarehouseFacts = {
  sources: {
    gps_data: null,
    vehicle_data: null,
    weather_data: null,
    emergency_data: null,
    // A checkpoint a minute tells nothing of the driving.
    agent_events: (table) => `${table}."kind" = 'clock_corrected'`,
  },
  tables: factTables,
  refresh: refreshFacts,
  views: biViews,
};
