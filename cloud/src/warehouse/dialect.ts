import type { View } from "../views/view.ts";
import type { WarehouseColumn, WarehouseTable } from "./warehouse-table.ts";

/** What engines do not say alike in the statements of a load. Everything else is one SQL for all of them. */
export interface WarehouseDialect {
  readonly name: "duckdb" | "redshift";
  /** In which schema a name without one is looked up. */
  readonly schema: string;
  /** A transaction has at most this many statements. */
  readonly maxStatements: number;
  readonly columnType: (column: WarehouseColumn) => string;
  /** How the rows lie: what stands behind a table's columns. */
  readonly layout: (table: WarehouseTable) => string;
  /** What the engine takes for granted of a table's rows, inside its columns; null: nothing. */
  readonly promise: (table: WarehouseTable) => string | null;
  /** The type in which a file's column is read into staging. */
  readonly stagingType: (column: WarehouseColumn) => string;
  /** That value as the table has it. */
  readonly fromStaging: (expression: string, column: WarehouseColumn) => string;
  /** What keeps a second loader waiting until the end of the transaction; must stand first. */
  readonly lock: (table: string) => readonly string[];
  /** Makes a view over the copies, or makes it anew; keys of objects stand behind `objectsAt`. */
  readonly createView: (view: View, objectsAt: string) => string;
}
