import type { TableName } from "@roadstream/shared";
import type { WarehouseDialect } from "./dialect.ts";
import type { WarehouseTable } from "./warehouse-table.ts";

/** Which rows of a table count, as a condition over the name that the table has in a statement. */
type RowCondition = (table: string) => string;

/** Rows of a table that facts are computed from. */
export interface FactSource {
  /** Which rows count; null: any. */
  readonly counts: RowCondition | null;
  /**
   * The day on which the facts of some rows stand beside that of event_at, and what is joined to the rows' name for it;
   * null: on none.
   */
  readonly standsOn:
    | ((table: string, dialect: WarehouseDialect["name"]) => { readonly join: string; readonly day: string })
    | null;
}

/** What is computed from the copies inside the warehouse. */
export interface WarehouseFacts {
  /** Tables that it is computed from. */
  readonly sources: Readonly<Partial<Record<TableName, FactSource>>>;
  readonly tables: readonly WarehouseTable[];
  /** Statements that compute it anew for the vehicles and days of a table with just these two columns; harmless when repeated. */
  refresh(dialect: WarehouseDialect["name"], touched: string): readonly string[];
  /** Statements that take what no fact names any more, once all are computed anew. */
  forget(dialect: WarehouseDialect["name"]): readonly string[];
  /** Questions over the tables, each behind those that it asks. */
  views(dialect: WarehouseDialect["name"]): readonly { readonly name: string; readonly select: string }[];
}
