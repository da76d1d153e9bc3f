import type { TableName } from "@roadstream/shared";
import type { WarehouseDialect } from "./dialect.ts";
import type { WarehouseTable } from "./warehouse-table.ts";

/** What is computed from the copies inside the warehouse. */
export interface WarehouseFacts {
  /** Tables whose rows it is computed from. */
  readonly sources: readonly TableName[];
  readonly tables: readonly WarehouseTable[];
  /** Statements that compute it anew for the vehicles and days of a table with just these two columns; harmless when repeated. */
  refresh(dialect: WarehouseDialect["name"], touched: string): readonly string[];
}

export const NO_FACTS: WarehouseFacts = { sources: [], tables: [], refresh: () => [] };
