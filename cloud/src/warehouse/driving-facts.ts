import { biViews } from "../facts/fact-views.ts";
import { factTables } from "../facts/fact-tables.ts";
import { forgetMembers, refreshFacts } from "../facts/refresh-facts.ts";
import { CORRECTED_STREAMS, KNOWN_CLOCKS, knownDay } from "../facts/known-clocks.ts";
import { WORDS } from "../facts/words.ts";
import type { FactSource, WarehouseFacts } from "./warehouse-facts.ts";

/** Rows without a clock count on the day on which they were measured, as it was known when the facts were computed. */
const MEASURED: FactSource = {
  counts: null,
  standsOn: (table, dialect) => knownDay(table, WORDS[dialect]),
};

/** Trips, stops, harsh driving and whatever else is told by the streams together. */
export const DRIVING_FACTS: WarehouseFacts = {
  sources: {
    ...Object.fromEntries(CORRECTED_STREAMS.map((stream) => [stream, MEASURED])),
    // A checkpoint a minute tells nothing of the driving.
    agent_events: { counts: (table) => `${table}."kind" = 'clock_corrected'`, standsOn: null },
  },
  tables: [...factTables, KNOWN_CLOCKS],
  refresh: refreshFacts,
  forget: forgetMembers,
  views: biViews,
};
