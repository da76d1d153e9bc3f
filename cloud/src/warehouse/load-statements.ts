import { RoadstreamError, type UnixMillis } from "@roadstream/shared";
import { createTempTable } from "./create-tables.ts";
import type { WarehouseDialect } from "./dialect.ts";
import type { LoadStep } from "./load-step.ts";
import { changedRows } from "./changed-rows.ts";
import { LOADED_DAYS, LOADS } from "./own-tables.ts";
import { daySql, literal, names, quoted, timeSql } from "./sql-text.ts";
import type { FactSource } from "./warehouse-facts.ts";
import type { WarehouseColumn, WarehouseTable } from "./warehouse-table.ts";

/** Staged files of one schema: a temporary table and the statement that fills it. */
export interface StagedSchema {
  readonly name: string;
  /** The table's columns that these files have, in the files' order. */
  readonly columns: readonly WarehouseColumn[];
  readonly fill: string;
}

export interface LoadedUpTo {
  readonly loadNumber: number;
  readonly tableUuid: string;
  readonly snapshotId: bigint | null;
  readonly sequence: number;
}

export interface StepLoad {
  readonly dialect: WarehouseDialect;
  readonly table: WarehouseTable;
  readonly mode: string;
  readonly step: LoadStep;
  readonly staged: readonly StagedSchema[];
  /** The cursor that this step is a step from, and what it becomes. */
  readonly before: number;
  readonly after: LoadedUpTo;
  /** Up to which snapshot the step's days are complete. */
  readonly daysSequence: number;
  readonly loadedAt: UnixMillis;
  /** Which rows facts are computed from; undefined: from none of this table. */
  readonly factRows: FactSource | undefined;
}

/** Which of several copies of a record is the last one. */
const NEWEST_FIRST = `"landed_at" DESC, "log_partition" DESC, "log_offset" DESC`;

/**
 * The load's row, as the guard of its transaction: when another loader came first its number is null, which the column
 * does not take. It must come before anything else is read or written.
 */
const ledgerRow = ({ table, mode, step, before, after, loadedAt }: StepLoad): string => {
  const rows = step.files.reduce((sum, file) => sum + file.rows, 0);
  const values = [
    literal(table.name),
    `CASE WHEN COALESCE(MAX("load_number"), 0) = ${before} THEN ${after.loadNumber} END`,
    literal(after.tableUuid),
    after.snapshotId === null ? "CAST(NULL AS VARCHAR(64))" : literal(String(after.snapshotId)),
    String(after.sequence),
    literal(mode),
    String(step.files.length),
    String(rows),
    timeSql(loadedAt),
  ];
  return `INSERT INTO ${quoted(LOADS.name)} (${names(LOADS.columns.map(({ name }) => name))})\nSELECT ${values.join(", ")}\nFROM ${quoted(LOADS.name)}\nWHERE "table_name" = ${literal(table.name)}`;
};

const dayRows = ({ table, step, after, daysSequence }: StepLoad): readonly string[] => {
  const rows = [...step.days].map(
    ([day, change]) =>
      `(${literal(table.name)}, ${after.loadNumber}, ${daySql(day)}, ${daysSequence}, ${change})`,
  );
  if (rows.length === 0) return [];
  return [
    `INSERT INTO ${quoted(LOADED_DAYS.name)} (${names(LOADED_DAYS.columns.map(({ name }) => name))})\nVALUES ${rows.join(", ")}`,
  ];
};

/** The staged rows as the table has them: columns that a schema lacks are null, one row of each identity. */
const mergeRows = ({ dialect, table, staged }: StepLoad, merging: string): string => {
  const all = staged.map(({ name, columns }) => {
    const has = new Set(columns.map((column) => column.name));
    const values = table.columns.map((column) => {
      const value = has.has(column.name)
        ? dialect.fromStaging(quoted(column.name), column)
        : `CAST(NULL AS ${dialect.columnType(column)})`;
      return `${value} AS ${quoted(column.name)}`;
    });
    return `SELECT ${values.join(", ")} FROM ${quoted(name)}`;
  });
  const columns = names(table.columns.map(({ name }) => name));
  const order = `ROW_NUMBER() OVER (PARTITION BY ${names(table.identity)} ORDER BY ${NEWEST_FIRST})`;
  return [
    `INSERT INTO ${quoted(merging)} (${columns})`,
    `SELECT ${columns}`,
    `FROM (SELECT ${columns}, ${order} AS "copy" FROM (${all.join(" UNION ALL ")}) AS "staged") AS "copies"`,
    `WHERE "copy" = 1`,
  ].join("\n");
};

const sameRecord = ({ identity }: WarehouseTable, a: string, b: string): string =>
  identity.map((name) => `${quoted(a)}.${quoted(name)} = ${quoted(b)}.${quoted(name)}`).join(" AND ");

const merge = (table: WarehouseTable, merging: string): string => {
  const columns = table.columns.map(({ name }) => name);
  const changed = columns.filter((name) => !table.identity.includes(name));
  const value = (name: string): string => `${quoted(merging)}.${quoted(name)}`;
  return [
    `MERGE INTO ${quoted(table.name)} USING ${quoted(merging)}`,
    `ON ${sameRecord(table, table.name, merging)}`,
    `WHEN MATCHED THEN UPDATE SET ${changed.map((name) => `${quoted(name)} = ${value(name)}`).join(", ")}`,
    `WHEN NOT MATCHED THEN INSERT (${names(columns)}) VALUES (${columns.map(value).join(", ")})`,
  ].join("\n");
};

/** The statements of one transaction that loads a step; all of it happens, or nothing. */
export const loadStatements = (load: StepLoad): readonly string[] => {
  const { dialect, table, step, staged, factRows } = load;
  const merging = `merging_${table.name}`;
  const guarded = [...dialect.lock(LOADS.name), ledgerRow(load), ...dayRows(load)];
  if (step.files.length === 0 && step.wholeDays.length === 0) return guarded;
  const fills = staged.flatMap(({ name, columns, fill }) => [
    createTempTable(dialect, name, { columns, distKey: table.distKey }, dialect.stagingType),
    fill,
  ]);
  const change = { dialect, table, merging, wholeDays: step.wholeDays, factRows };
  const statements = [
    ...guarded,
    ...fills,
    createTempTable(dialect, merging, table, dialect.columnType),
    ...(staged.length === 0 ? [] : [mergeRows(load, merging)]),
    ...changedRows(change),
    merge(table, merging),
    ...[...staged.map(({ name }) => name), merging].map((name) => `DROP TABLE ${quoted(name)}`),
  ];
  if (statements.length > dialect.maxStatements)
    throw new RoadstreamError("invariant", `${statements.length} statements in one transaction`);
  return statements;
};
