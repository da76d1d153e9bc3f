import type { LiveFile, TableDefinition } from "../ports.ts";
import type { CellRow } from "./evidence.ts";

export interface RowSearch {
  readonly definition: TableDefinition;
  readonly files: readonly LiveFile[];
  /** Column names and the values that they must have. */
  readonly equal: Readonly<Record<string, string | number>>;
  /** The range columns `seq_from` and `seq_to` must hold this number. */
  readonly covering?: number;
}

export interface FoundRow {
  readonly values: CellRow;
  readonly file: LiveFile;
}

/** Finds rows of a table by their columns' values; null never matches. */
export type FindRows = (search: RowSearch) => Promise<readonly FoundRow[]>;
