import { LOADS, TOUCHED } from "./own-tables.ts";
import type { Warehouse } from "./ports.ts";
import { names, quoted, utcDaySql } from "./sql-text.ts";
import { STREAM_TABLES } from "./stream-tables.ts";
import type { WarehouseFacts } from "./warehouse-facts.ts";

/** So many cells in one statement stay below the Data API's limit of 100 kB. */
const CELLS_PER_STATEMENT = 2000;

/** Vehicles and days of the facts that there are. */
const ofFacts = (facts: WarehouseFacts): readonly string[] =>
  facts.tables
    .filter(({ columns }) =>
      TOUCHED.columns.every((wanted) => columns.some(({ name }) => name === wanted.name)),
    )
    .map(({ name }) => `SELECT "vehicle_id", "day" FROM ${quoted(name)}`);

const ofRows = (facts: WarehouseFacts): readonly string[] =>
  Object.values(STREAM_TABLES)
    .filter(({ name }) => Object.hasOwn(facts.sources, name))
    .map(({ name }) => `SELECT "vehicle_id", ${utcDaySql(`"event_at"`)} AS "day" FROM ${quoted(name)}`);

const touch = (selects: readonly string[]): string => {
  const touched = quoted(TOUCHED.name);
  return [
    `INSERT INTO ${touched} (${names(TOUCHED.columns.map(({ name }) => name))})`,
    `SELECT "vehicle_id", "day" FROM (`,
    selects.join("\nUNION "),
    `) AS "all"`,
    `WHERE NOT EXISTS (SELECT 1 FROM ${touched} AS "t" WHERE "t"."vehicle_id" = "all"."vehicle_id" AND "t"."day" = "all"."day")`,
  ].join("\n");
};

/**
 * Notes every vehicle and day as touched, those of rows and those of facts that no row stands behind any more: after a change
 * of what facts mean.
 */
export const touchEverything = (warehouse: Warehouse, facts: WarehouseFacts): Promise<void> =>
  warehouse.transact([...warehouse.dialect.lock(LOADS.name), touch([...ofRows(facts), ...ofFacts(facts)])]);

/** What a change of everything leaves behind. */
export const forgetUnnamed = (warehouse: Warehouse, facts: WarehouseFacts): Promise<void> =>
  warehouse.transact([...warehouse.dialect.lock(LOADS.name), ...facts.forget(warehouse.dialect.name)]);

export interface LimitCells {
  readonly table: string;
  readonly cells: ReadonlyMap<number, number>;
}

/**
 * Puts these limits, by cell, in the place of all that were there. Each of its transactions notes all facts as to be computed
 * anew: whatever ends it in the middle, and whoever computes facts meanwhile, they are owed as long as they do not know all limits.
 */
export const replaceLimits = async (
  warehouse: Warehouse,
  facts: WarehouseFacts,
  { table, cells }: LimitCells,
): Promise<void> => {
  const { dialect } = warehouse;
  const rows = [...cells].map(([key, limit]) => `(${key}, ${limit})`);
  const statements = Array.from({ length: Math.ceil(rows.length / CELLS_PER_STATEMENT) }, (_, at) => {
    const some = rows.slice(at * CELLS_PER_STATEMENT, (at + 1) * CELLS_PER_STATEMENT);
    return `INSERT INTO ${quoted(table)} ("place_key", "limit_kmh") VALUES ${some.join(", ")}`;
  });
  const all = [`DELETE FROM ${quoted(table)}`, ...statements];
  const noted = [...dialect.lock(LOADS.name), touch(ofFacts(facts))];
  const most = Math.min(all.length, dialect.maxStatements - noted.length);
  for (let at = 0; at < all.length; at += most)
    await warehouse.transact([...noted, ...all.slice(at, at + most)]);
};
