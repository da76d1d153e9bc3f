import { LOADS, TOUCHED } from "./own-tables.ts";
import type { Warehouse } from "./ports.ts";
import { names, quoted, utcDaySql } from "./sql-text.ts";
import { STREAM_TABLES } from "./stream-tables.ts";
import type { WarehouseFacts } from "./warehouse-facts.ts";

/** So many cells in one statement stay below the Data API's limit of 100 kB. */
const CELLS_PER_STATEMENT = 2000;

/** Notes every vehicle and day as touched: after a change of what facts mean, or of what they are told. */
export const touchEverything = async (warehouse: Warehouse, facts: WarehouseFacts): Promise<void> => {
  const days = Object.values(STREAM_TABLES)
    .filter(({ name }) => Object.hasOwn(facts.sources, name))
    .map(({ name }) => `SELECT "vehicle_id", ${utcDaySql(`"event_at"`)} AS "day" FROM ${quoted(name)}`);
  await warehouse.transact([
    ...warehouse.dialect.lock(LOADS.name),
    `INSERT INTO ${quoted(TOUCHED.name)} (${names(TOUCHED.columns.map(({ name }) => name))})\n${days.join("\nUNION ")}`,
  ]);
};

/** Puts these limits, by cell, in the place of all that were there. */
export const replaceLimits = async (
  warehouse: Warehouse,
  table: string,
  cells: ReadonlyMap<number, number>,
): Promise<void> => {
  const rows = [...cells].map(([key, limit]) => `(${key}, ${limit})`);
  const statements = Array.from({ length: Math.ceil(rows.length / CELLS_PER_STATEMENT) }, (_, at) => {
    const some = rows.slice(at * CELLS_PER_STATEMENT, (at + 1) * CELLS_PER_STATEMENT);
    return `INSERT INTO ${quoted(table)} ("place_key", "limit_kmh") VALUES ${some.join(", ")}`;
  });
  const all = [`DELETE FROM ${quoted(table)}`, ...statements];
  const most = Math.min(all.length, warehouse.dialect.maxStatements - 1);
  for (let at = 0; at < all.length; at += most) await warehouse.transact(all.slice(at, at + most));
};
