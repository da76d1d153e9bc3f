import { createTempTable } from "./create-tables.ts";
import { LOADS, TOUCHED } from "./own-tables.ts";
import type { Warehouse } from "./ports.ts";
import { names, quoted } from "./sql-text.ts";
import type { WarehouseFacts } from "./warehouse-facts.ts";

export interface FactRefresh {
  readonly vehicles: number;
  /** Days of vehicles that were computed anew. */
  readonly days: number;
}

const BATCH = "touched_once";

/**
 * Computes facts anew for what loads have touched since the last time, and forgets it, in one transaction: a loader that
 * dies in between leaves it to the next one. Null when nothing was touched.
 */
export const refreshWarehouseFacts = async (
  warehouse: Warehouse,
  facts: WarehouseFacts,
): Promise<FactRefresh | null> => {
  const { dialect } = warehouse;
  const columns = names(TOUCHED.columns.map(({ name }) => name));
  const once = `SELECT DISTINCT ${columns} FROM ${quoted(TOUCHED.name)}`;
  const [row] = await warehouse.query(
    `SELECT COUNT(*), COUNT(DISTINCT "vehicle_id") FROM (${once}) AS "touched"`,
  );
  const days = Number(row?.[0] ?? 0);
  if (days === 0) return null;
  await warehouse.transact([
    // Nobody else's load may come between the copy and the forgetting.
    ...dialect.lock(LOADS.name),
    createTempTable(dialect, BATCH, TOUCHED, dialect.columnType),
    `INSERT INTO ${quoted(BATCH)} (${columns})\n${once}`,
    ...facts.refresh(dialect.name, BATCH),
    `DELETE FROM ${quoted(TOUCHED.name)}`,
    `DROP TABLE ${quoted(BATCH)}`,
  ]);
  return { vehicles: Number(row?.[1] ?? 0), days };
};
