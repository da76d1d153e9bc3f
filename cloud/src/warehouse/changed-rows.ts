import { createTempTable } from "./create-tables.ts";
import type { WarehouseDialect } from "./dialect.ts";
import { dayBeginsSql, names, quoted } from "./sql-text.ts";
import { noteTouched } from "./touched-rows.ts";
import type { FactSource } from "./warehouse-facts.ts";
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

const sameRecord = ({ name, identity }: WarehouseTable, other: string): string =>
  identity
    .map((column) => `${quoted(other)}.${quoted(column)} = ${quoted(name)}.${quoted(column)}`)
    .join(" AND ");

export interface ChangedRows {
  readonly dialect: WarehouseDialect;
  readonly table: WarehouseTable;
  /** The temporary table of rows that come. */
  readonly merging: string;
  /** Days of which those are all that the lake has. */
  readonly wholeDays: readonly string[];
  /** Which rows facts are computed from; undefined: from none of this table. */
  readonly factRows: FactSource | undefined;
}

/** Deletes rows of whole days that the lake no longer has. */
const withoutMissing = ({ dialect, table, merging, wholeDays, factRows }: ChangedRows): readonly string[] => {
  if (wholeDays.length === 0) return [];
  const missing = `(${onDays(table, wholeDays)}) AND NOT EXISTS (SELECT 1 FROM ${quoted(merging)} WHERE ${sameRecord(table, merging)})`;
  return [
    ...(factRows === undefined
      ? []
      : noteTouched(dialect, factRows, { rows: table.name, from: quoted(table.name), where: missing })),
    `DELETE FROM ${quoted(table.name)}\nWHERE ${missing}`,
  ];
};

/** A copy that is older than the row in the table would put it back. */
const withoutOlder = ({ table, merging }: ChangedRows): string =>
  `DELETE FROM ${quoted(merging)} USING ${quoted(table.name)}\nWHERE ${sameRecord(table, merging)} AND ${quoted(table.name)}."landed_at" > ${quoted(merging)}."landed_at"`;

/** Of whole days most rows are in the table as they are: nothing is to be written of them, and no fact computed anew. */
const withoutUnchanged = ({ dialect, table, merging, wholeDays }: ChangedRows): readonly string[] => {
  if (wholeDays.length === 0) return [];
  const unchanged = `unchanged_${table.name}`;
  // Not bytes: they are large, and the same where all else is.
  const columns = names(table.columns.filter(({ type }) => type !== "bytes").map(({ name }) => name));
  const identity = table.columns.filter(({ name }) => table.identity.includes(name));
  const keys = names(identity.map(({ name }) => name));
  return [
    createTempTable(dialect, unchanged, { columns: identity, distKey: table.distKey }, dialect.columnType),
    [
      `INSERT INTO ${quoted(unchanged)} (${keys})`,
      `SELECT ${keys} FROM (`,
      `  SELECT ${columns} FROM ${quoted(merging)}`,
      `  INTERSECT`,
      `  SELECT ${columns} FROM ${quoted(table.name)} WHERE ${onDays(table, wholeDays)}`,
      `) AS "both"`,
    ].join("\n"),
    `DELETE FROM ${quoted(merging)} USING ${quoted(unchanged)}\nWHERE ${sameRecord({ ...table, name: unchanged }, merging)}`,
    `DROP TABLE ${quoted(unchanged)}`,
  ];
};

/** Before the merge: what went goes, and of what comes only what changes something stays; all that is noted for the facts. */
export const changedRows = (change: ChangedRows): readonly string[] => {
  const { dialect, table, merging, factRows } = change;
  const replaced = `${quoted(table.name)} INNER JOIN ${quoted(merging)} ON ${sameRecord(table, merging)}`;
  return [
    ...withoutMissing(change),
    withoutOlder(change),
    ...withoutUnchanged(change),
    ...(factRows === undefined
      ? []
      : [
          ...noteTouched(dialect, factRows, { rows: merging, from: quoted(merging) }),
          ...noteTouched(dialect, factRows, { rows: table.name, from: replaced }),
        ]),
  ];
};
