import { RoadstreamError } from "@roadstream/shared";
import { addColumn, createTable } from "./create-tables.ts";
import { LOADS } from "./own-tables.ts";
import type { Warehouse } from "./ports.ts";
import { literal } from "./sql-text.ts";
import type { WarehouseTable } from "./warehouse-table.ts";

export interface Prepared {
  readonly created: readonly string[];
  /** `table.column` */
  readonly added: readonly string[];
}

const columnsThere = async (warehouse: Warehouse): Promise<ReadonlyMap<string, ReadonlySet<string>>> => {
  const rows = await warehouse.query(
    `SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = ${literal(warehouse.dialect.schema)}`,
  );
  const tables = new Map<string, Set<string>>();
  for (const [table, column] of rows) {
    if (table === null || table === undefined) continue;
    const columns = tables.get(table) ?? new Set();
    tables.set(table, columns.add(column ?? ""));
  }
  return tables;
};

/** Columns that a table lacks; throws where one of them must not be null, since rows are there without it. */
const lacking = (table: WarehouseTable, there: ReadonlySet<string>): WarehouseTable["columns"] =>
  table.columns.filter((column) => {
    if (there.has(column.name)) return false;
    if (column.nullable) return true;
    throw new RoadstreamError(
      "refused",
      `${table.name} of the warehouse lacks the required column ${column.name}`,
      {
        hint: "it was made by something else: load into another schema or file",
      },
    );
  });

/** As many to a transaction as it takes. */
const inPortions = (statements: readonly string[], most: number): readonly (readonly string[])[] => {
  const size = Math.min(most, Math.max(1, statements.length));
  return Array.from({ length: Math.ceil(statements.length / size) }, (_, at) =>
    statements.slice(at * size, (at + 1) * size),
  );
};

/** Brings the warehouse up to these tables: makes those that are missing, and adds nullable columns. Tables of others stay. */
export const prepareTables = async (
  warehouse: Warehouse,
  tables: readonly WarehouseTable[],
): Promise<Prepared> => {
  const { dialect } = warehouse;
  // What loaders lock comes first, and for itself: from then on they wait for one another.
  const [lockable = ""] = createTable(dialect, LOADS);
  await warehouse.transact([lockable]);
  const there = await columnsThere(warehouse);
  const created: string[] = [];
  const added: string[] = [];
  const statements: string[] = [];
  for (const table of tables) {
    const columns = there.get(table.name);
    if (columns === undefined) {
      created.push(table.name);
      statements.push(...createTable(dialect, table));
      continue;
    }
    for (const column of lacking(table, columns)) {
      added.push(`${table.name}.${column.name}`);
      statements.push(...addColumn(dialect, table, column));
    }
  }
  const portions = inPortions(statements, dialect.maxStatements - 1);
  for (const portion of portions) await warehouse.transact([...dialect.lock(LOADS.name), ...portion]);
  return { created, added };
};
