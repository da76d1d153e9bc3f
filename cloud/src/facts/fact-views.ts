import type { BiView } from "./bi-view.ts";
import { DIMENSIONS, FACTS } from "./fact-tables.ts";
import { MOVEMENT_BY_HOUR, PARKING, REFUELLINGS, TRIPS, VEHICLE_LAST_STATE } from "./movement-views.ts";
import { EVERYTHING, withClauses } from "./relation.ts";
import { EMERGENCY_ALERTS, EMERGENCY_TIMELINE, HARSH_DRIVING, WEATHER_IMPACT } from "./risk-views.ts";
import { DEPARTURE_HOURS, SEGMENT_SPEEDS, SLOW_SEGMENTS } from "./route-views.ts";
import { WORDS, type FactDialect } from "./words.ts";

/** Questions over the star schema; each behind those that it asks. */
export const BI_VIEWS: readonly BiView[] = [
  TRIPS,
  PARKING,
  REFUELLINGS,
  MOVEMENT_BY_HOUR,
  VEHICLE_LAST_STATE,
  HARSH_DRIVING,
  EMERGENCY_TIMELINE,
  EMERGENCY_ALERTS,
  WEATHER_IMPACT,
  SEGMENT_SPEEDS,
  SLOW_SEGMENTS,
  DEPARTURE_HOURS,
];

export interface NamedView {
  readonly name: string;
  readonly doc: string;
  readonly select: string;
}

/** For a warehouse, whose facts are tables. */
export const biViews = (dialect: FactDialect): readonly NamedView[] =>
  BI_VIEWS.map(({ name, doc, select }) => ({ name, doc, select: select(WORDS[dialect]) }));

/**
 * For a lake: the star schema as views over the streams, computed whenever they are asked, and the questions over it. Each
 * stands behind those that it names.
 */
export const lakeFactViews = (dialect: FactDialect): readonly NamedView[] => {
  const words = WORDS[dialect];
  return [
    ...FACTS.map(({ table, reads, select }) => ({
      name: table.name,
      doc: table.comment,
      select: `${withClauses(reads, words, EVERYTHING)}${select(words, EVERYTHING)}`,
    })),
    ...DIMENSIONS.map(({ table, keys, select }) => ({
      name: table.name,
      doc: table.comment,
      select: select(words, keys(words)),
    })),
    ...biViews(dialect),
  ];
};

export const FACT_VIEW_NAMES: readonly string[] = lakeFactViews("duckdb").map(({ name }) => name);
