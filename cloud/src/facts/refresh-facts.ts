import type { WarehouseTable } from "../warehouse/warehouse-table.ts";
import type { Dimension } from "./dimension.ts";
import { DIM_DAY, DIM_HOUR, DIM_PLACE, DIM_VEHICLE } from "./dimensions.ts";
import { SPEED_LIMIT } from "./driving-event.ts";
import type { Fact, Renewal } from "./fact.ts";
import { FACTS_INCIDENT } from "./fact-emergency.ts";
import { FACTS } from "./fact-tables.ts";
import { clausesOf, withSources, type Relation, type Scope } from "./relation.ts";
import { clocksKnown, FACTS_CLOCK, factsClockSql } from "./known-clocks.ts";
import { FACTS_DAY, FACTS_SPAN, daysSql, spansSql } from "./spans.ts";
import { DRIVING_CLOCK } from "./timed-rows.ts";
import { WORDS, type FactDialect, type Words } from "./words.ts";

/** A table of this session. Redshift's is gone with it; DuckDB's holds memory until it is dropped. */
const temporary = (name: string, select: string, { dialect }: Words): string =>
  dialect === "duckdb"
    ? `CREATE OR REPLACE TEMP TABLE ${name} AS\n${select}`
    : `CREATE TEMP TABLE ${name} DISTKEY (vehicle_id) AS\n${select}`;

const dropped = (names: readonly string[], { dialect }: Words): readonly string[] =>
  dialect === "duckdb" ? names.map((name) => `DROP TABLE ${name}`) : [];

const columns = ({ columns }: WarehouseTable): string => columns.map(({ name }) => name).join(", ");

/** Which of a fact's rows are computed anew, over the fact's own name. */
const RENEWED: Readonly<
  Record<Renewal, { readonly using: string; readonly where: (table: WarehouseTable) => string }>
> = {
  trips: {
    using: FACTS_SPAN.table,
    where: ({ name, columns }) => {
      const begin = columns.some((column) => column.name === "trip_started_at")
        ? "trip_started_at"
        : "started_at";
      return `${name}.vehicle_id = ${FACTS_SPAN.table}.vehicle_id AND ${name}.${begin} BETWEEN ${FACTS_SPAN.table}.from_at AND ${FACTS_SPAN.table}.until_at`;
    },
  },
  days: {
    using: FACTS_DAY.table,
    where: ({ name }) =>
      `${name}.vehicle_id = ${FACTS_DAY.table}.vehicle_id AND ${name}.day = ${FACTS_DAY.table}.day`,
  },
  incidents: {
    using: FACTS_INCIDENT,
    where: ({ name }) =>
      `${name}.vehicle_id = ${FACTS_INCIDENT}.vehicle_id AND ${name}.incident_id = ${FACTS_INCIDENT}.incident_id`,
  },
};

const SCOPES: Readonly<Record<Renewal, Scope>> = {
  trips: FACTS_SPAN,
  days: FACTS_DAY,
  incidents: FACTS_SPAN,
};

const replaced = ({ table, renewal, select }: Fact, words: Words): readonly string[] => {
  const { using, where } = RENEWED[renewal];
  return [
    `DELETE FROM ${table.name} USING ${using} WHERE ${where(table)}`,
    `INSERT INTO ${table.name} (${columns(table)})\n${select(words, SCOPES[renewal])}`,
  ];
};

/** Incidents of which a row stands on a day concerned, or may have stood: any since the incident began, also when it was said to be over. */
const incidentsSql = (words: Words): string => `SELECT DISTINCT r.vehicle_id, r.incident_id
FROM emergency_data AS r
JOIN ${FACTS_DAY.table} AS s ON r.vehicle_id = s.vehicle_id AND ${words.msOf("r.event_at")} BETWEEN s.from_ms AND s.until_ms
UNION
SELECT f.vehicle_id, f.incident_id
FROM fact_emergency AS f
JOIN ${FACTS_DAY.table} AS s ON f.vehicle_id = s.vehicle_id AND f.began_at <= s.until_at`;

/** Members that are missing; those that no fact names any more do no harm, and are looked for by {@link forgetMembers} alone. */
const completed = ({ table, select }: Dimension, keys: string, words: Words): string => {
  const key = table.identity[0] ?? "";
  const missing = `SELECT n.* FROM (\n${keys}\n) AS n\nWHERE NOT EXISTS (SELECT 1 FROM ${table.name} AS o WHERE o.${key} = n.${key})`;
  return `INSERT INTO ${table.name} (${columns(table)})\n${select(words, missing)}`;
};

const placesNamed = (): string =>
  [
    "SELECT place_key FROM driving_part",
    ...["fact_stop", "fact_event"].map(
      (fact) =>
        `SELECT f.place_key FROM ${fact} AS f JOIN ${FACTS_SPAN.table} AS s ON f.vehicle_id = s.vehicle_id AND f.trip_started_at BETWEEN s.from_at AND s.until_at`,
    ),
    ...["start_place_key", "end_place_key"].map(
      (place) =>
        `SELECT f.${place} AS place_key FROM fact_trip AS f JOIN ${FACTS_SPAN.table} AS s ON f.vehicle_id = s.vehicle_id AND f.started_at BETWEEN s.from_at AND s.until_at`,
    ),
    ...["fact_vehicle_day", "fact_emergency"].map(
      (fact) =>
        `SELECT f.place_key FROM ${fact} AS f JOIN ${FACTS_DAY.table} AS s ON f.vehicle_id = s.vehicle_id AND f.day = s.day`,
    ),
  ].join("\nUNION ");

const dimensions = (words: Words): readonly string[] => {
  const isConcerned = `vehicle_id IN (SELECT vehicle_id FROM ${FACTS_DAY.table})`;
  const days = `SELECT day FROM ${FACTS_DAY.table} UNION SELECT f.day FROM fact_trip AS f JOIN ${FACTS_SPAN.table} AS s ON f.vehicle_id = s.vehicle_id AND f.started_at BETWEEN s.from_at AND s.until_at UNION SELECT day FROM fact_emergency WHERE ${isConcerned}`;
  const places = `SELECT place_key FROM (\n${placesNamed()}\n) AS named\nWHERE place_key IS NOT NULL`;
  const { table, select, keys } = DIM_VEHICLE;
  return [
    `DELETE FROM ${table.name} WHERE ${isConcerned}`,
    `INSERT INTO ${table.name} (${columns(table)})\n${select(words, `SELECT * FROM (\n${keys(words)}\n) AS described\nWHERE ${isConcerned}`)}`,
    completed(DIM_DAY, days, words),
    completed(DIM_HOUR, DIM_HOUR.keys(words), words),
    completed(DIM_PLACE, places, words),
  ];
};

/** What is there already: a table that is given, and what the first statement makes. */
const GIVEN: readonly Relation[] = [SPEED_LIMIT, DRIVING_CLOCK];
const RELATIONS = withSources(FACTS.flatMap(({ reads }) => reads)).filter(
  (relation) => !GIVEN.includes(relation),
);

/** Read by one relation alone, and therefore computed within it: its rows, of which there are as many as readings, are kept nowhere. */
const isInline = (relation: Relation): boolean =>
  RELATIONS.includes(relation) &&
  RELATIONS.filter(({ reads }) => reads.includes(relation)).length === 1 &&
  !FACTS.some(({ reads }) => reads.includes(relation));

const inlined = (relation: Relation): readonly Relation[] =>
  relation.reads.filter(isInline).flatMap((one) => [...inlined(one), one]);

const STEPS = RELATIONS.filter((relation) => !isInline(relation));

const stepSql = (relation: Relation, words: Words): string =>
  `${clausesOf(inlined(relation), words, FACTS_SPAN)}${relation.select(words, FACTS_SPAN)}`;

/**
 * The statements that bring the facts up to date with the streams' tables, for one transaction. `touched` names a table with
 * columns vehicle_id and day: where rows came, changed or went, by the UTC day of event_at. Only what can have changed by
 * that is computed anew; the result is that of computing everything.
 */
export const refreshFacts = (dialect: FactDialect, touched: string): readonly string[] => {
  const words = WORDS[dialect];
  return [
    temporary(DRIVING_CLOCK.name, DRIVING_CLOCK.select(words, FACTS_DAY), words),
    temporary(FACTS_CLOCK, factsClockSql(), words),
    temporary(FACTS_DAY.table, daysSql(touched, words), words),
    temporary(FACTS_SPAN.table, spansSql(words), words),
    temporary(FACTS_INCIDENT, incidentsSql(words), words),
    ...STEPS.map((step) => temporary(step.name, stepSql(step, words), words)),
    ...FACTS.flatMap((fact) => replaced(fact, words)),
    ...dimensions(words),
    ...clocksKnown(),
    ...dropped(
      [
        ...STEPS.map(({ name }) => name),
        FACTS_INCIDENT,
        FACTS_SPAN.table,
        FACTS_DAY.table,
        FACTS_CLOCK,
        DRIVING_CLOCK.name,
      ],
      words,
    ),
  ];
};

/** Takes days and places that no fact names any more: for as many facts as there are, not for each load. */
export const forgetMembers = (dialect: FactDialect): readonly string[] =>
  [DIM_DAY, DIM_PLACE].map(({ table, keys }) => {
    const key = table.identity[0] ?? "";
    const named = `SELECT 1 FROM (\n${keys(WORDS[dialect])}\n) AS n WHERE n.${key} = ${table.name}.${key}`;
    return `DELETE FROM ${table.name}\nWHERE NOT EXISTS (${named})`;
  });
