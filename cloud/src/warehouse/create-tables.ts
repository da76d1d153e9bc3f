import type { WarehouseDialect } from "./dialect.ts";
import { literal, quoted } from "./sql-text.ts";
import type { WarehouseColumn, WarehouseTable } from "./warehouse-table.ts";

const columnSql = (dialect: WarehouseDialect, column: WarehouseColumn): string =>
  `${quoted(column.name)} ${dialect.columnType(column)}${column.nullable ? "" : " NOT NULL"}`;

/** Makes a table where there is none, with what each column means. */
export const createTable = (dialect: WarehouseDialect, table: WarehouseTable): readonly string[] => {
  const promise = dialect.promise(table);
  const lines = [
    ...table.columns.map((column) => columnSql(dialect, column)),
    ...(promise === null ? [] : [promise]),
  ];
  const layout = dialect.layout(table);
  return [
    `CREATE TABLE IF NOT EXISTS ${quoted(table.name)} (\n  ${lines.join(",\n  ")}\n)${layout === "" ? "" : ` ${layout}`}`,
    `COMMENT ON TABLE ${quoted(table.name)} IS ${literal(table.comment)}`,
    ...table.columns.map((column) => commentOn(table, column)),
  ];
};

const commentOn = (table: WarehouseTable, column: WarehouseColumn): string =>
  `COMMENT ON COLUMN ${quoted(table.name)}.${quoted(column.name)} IS ${literal(column.comment)}`;

/** Gives a table a nullable column that it lacks. */
export const addColumn = (
  dialect: WarehouseDialect,
  table: WarehouseTable,
  column: WarehouseColumn,
): readonly string[] => [
  `ALTER TABLE ${quoted(table.name)} ADD COLUMN ${quoted(column.name)} ${dialect.columnType(column)}`,
  commentOn(table, column),
];

/** A table that only this session sees, with the types of staging or of the table itself. */
export const createTempTable = (
  dialect: WarehouseDialect,
  name: string,
  { columns, distKey }: Pick<WarehouseTable, "columns" | "distKey">,
  typeOf: (column: WarehouseColumn) => string,
): string => {
  const layout = dialect.layout({ name, comment: "", columns, identity: [], sortKey: [], distKey });
  const lines = columns.map((column) => `${quoted(column.name)} ${typeOf(column)}`);
  return `CREATE TEMP TABLE ${quoted(name)} (${lines.join(", ")})${layout === "" ? "" : ` ${layout}`}`;
};
