import { TOUCHED } from "./own-tables.ts";
import { dayBeginsSql, names, quoted, utcDaySql } from "./sql-text.ts";
import type { WarehouseTable } from "./warehouse-table.ts";

const DAY_MS = 86_400_000;

const dayAfter = (day: string): string =>
  new Date(Date.parse(`${day}T00:00:00Z`) + DAY_MS).toISOString().slice(0, 10);

interface Stretch {
  readonly from: string;
  /** Exclusive. */
  readonly to: string;
}

/** Days in order as stretches without holes: few conditions, by which an engine skips blocks. */
const stretches = (days: readonly string[]): readonly Stretch[] => {
  const all: Stretch[] = [];
  for (const day of days) {
    const last = all.at(-1);
    const to = dayAfter(day);
    if (last?.to === day) all[all.length - 1] = { from: last.from, to };
    else all.push({ from: day, to });
  }
  return all;
};

/** Whether a row of the table is of one of these days; the first of the sort key is the time by which the lake's days go. */
const onDays = ({ name, sortKey }: WarehouseTable, days: readonly string[]): string => {
  const time = `${quoted(name)}.${quoted(sortKey[0] ?? "event_at")}`;
  const ranges = stretches(days).map(
    ({ from, to }) => `${time} >= ${dayBeginsSql(from)} AND ${time} < ${dayBeginsSql(to)}`,
  );
  return ranges.map((range) => `(${range})`).join(" OR ");
};

/** Whether a row of the table stands on one of these days and is not among those that are merged; null for no days. */
export const missingRowsSql = (
  table: WarehouseTable,
  merging: string,
  days: readonly string[],
): string | null => {
  if (days.length === 0) return null;
  const same = table.identity.map(
    (name) => `${quoted(merging)}.${quoted(name)} = ${quoted(table.name)}.${quoted(name)}`,
  );
  return `(${onDays(table, days)}) AND NOT EXISTS (SELECT 1 FROM ${quoted(merging)} WHERE ${same.join(" AND ")})`;
};

/** Notes vehicles and days of rows that come, of those that they replace, and of those that go. */
export const touchedSql = (
  table: WarehouseTable,
  merging: string,
  missing: string | null,
): readonly string[] => {
  const into = `INSERT INTO ${quoted(TOUCHED.name)} (${names(TOUCHED.columns.map(({ name }) => name))})`;
  const pair = (source: string): string =>
    `SELECT DISTINCT ${quoted(source)}."vehicle_id", ${utcDaySql(`${quoted(source)}."event_at"`)} FROM ${quoted(source)}`;
  const same = table.identity.map(
    (name) => `${quoted(merging)}.${quoted(name)} = ${quoted(table.name)}.${quoted(name)}`,
  );
  return [
    `${into}\n${pair(merging)}`,
    `${into}\n${pair(table.name)} INNER JOIN ${quoted(merging)} ON ${same.join(" AND ")}`,
    ...(missing === null ? [] : [`${into}\n${pair(table.name)} WHERE ${missing}`]),
  ];
};
