import type { ColumnType } from "@roadstream/shared";

export interface WarehouseColumn {
  readonly name: string;
  readonly type: ColumnType | "date";
  readonly comment: string;
  readonly nullable: boolean;
  /** Of strings in UTF-16 units, of bytes in bytes; null for other types. */
  readonly maxLength: number | null;
}

/** A table of the warehouse: a stream's copy, or a table of facts. Each engine's DDL derives from it. */
export interface WarehouseTable {
  readonly name: string;
  readonly comment: string;
  readonly columns: readonly WarehouseColumn[];
  /** The columns whose values together stand in one row only. Redshift does not enforce it: whoever writes must. */
  readonly identity: readonly string[];
  readonly sortKey: readonly string[];
  /** Rows of the same value lie together on one node; null: the table is small, and every node keeps a copy. */
  readonly distKey: string | null;
}
