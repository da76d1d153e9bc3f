import type { WarehouseDialect } from "./dialect.ts";
import { TOUCHED } from "./own-tables.ts";
import { names, quoted, utcDaySql } from "./sql-text.ts";
import type { FactSource } from "./warehouse-facts.ts";

/** Rows that come or go. */
export interface TouchedRows {
  /** The name that they have in `from`. */
  readonly rows: string;
  readonly from: string;
  readonly where?: string;
}

/**
 * SELECTs of the vehicles and days on which facts of these rows stand or will: the day of event_at, and where some are known to
 * stand elsewhere. Each for itself: a condition may name so many days that a statement takes it once.
 */
export const touchedSql = (
  dialect: WarehouseDialect["name"],
  { counts, standsOn }: FactSource,
  { rows, from, where }: TouchedRows,
): readonly string[] => {
  const name = quoted(rows);
  const all = [where, counts?.(name)].filter((one) => one !== undefined);
  const condition = all.length === 0 ? "" : ` WHERE ${all.map((one) => `(${one})`).join(" AND ")}`;
  const select = (day: string, join = ""): string =>
    `SELECT DISTINCT ${name}."vehicle_id", ${day} AS "day" FROM ${from}${join}${condition}`;
  const elsewhere = standsOn?.(name, dialect);
  return [
    select(utcDaySql(`${name}."event_at"`)),
    ...(elsewhere === undefined ? [] : [select(elsewhere.day, ` ${elsewhere.join}`)]),
  ];
};

/** Notes for what facts are to be computed anew. */
export const noteTouched = (
  dialect: WarehouseDialect,
  source: FactSource,
  rows: TouchedRows,
): readonly string[] =>
  touchedSql(dialect.name, source, rows).map(
    (select) =>
      `INSERT INTO ${quoted(TOUCHED.name)} (${names(TOUCHED.columns.map(({ name }) => name))})\n${select}`,
  );
