import type { TableName } from "@roadstream/shared";
import type { WarehouseDialect } from "./dialect.ts";
import type { WarehouseTable } from "./warehouse-table.ts";

/** Which rows of a table count, as a condition over the name that the table has in a statement. */
export type RowCondition = (table: string) => string;

/** What is computed from the copies inside the warehouse. */
export interface WarehouseFacts {
  /** Tables that it is computed from; null where any row matters. */
  readonly sources: Readonly<Partial<Record<TableName, RowCondition | null>>>;
  readonly tables: readonly WarehouseTable[];
  /** Statements that compute it anew for the vehicles and days of a table with just these two columns; harmless when repeated. */
  refresh(dialect: WarehouseDialect["name"], touched: string): readonly string[];
  /** Questions over the tables, each behind those that it asks. */
  views(dialect: WarehouseDialect["name"]): readonly { readonly name: string; readonly select: string }[];
}
