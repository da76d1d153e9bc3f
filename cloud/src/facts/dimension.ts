import type { WarehouseTable } from "../warehouse/warehouse-table.ts";
import { described, type FactColumn } from "./fact.ts";
import type { Words } from "./words.ts";

/** A table that says more of what facts name: a vehicle, a day, an hour, a place. Small, and joined by its key. */
export interface Dimension {
  readonly table: WarehouseTable;
  /** What the facts name, as a SELECT of the keys; each key once. */
  readonly keys: (words: Words) => string;
  /** All columns, over the keys under the alias `k`. */
  readonly select: (words: Words, keys: string) => string;
}

export interface DimensionOptions {
  readonly name: string;
  readonly comment: string;
  /** The first is the key. */
  readonly columns: readonly FactColumn[];
  readonly keys: Dimension["keys"];
  /** What is worked out once for several columns, beside `k.*`. */
  readonly aside?: readonly string[];
}

export const dimension = ({ name, comment, columns, keys, aside = [] }: DimensionOptions): Dimension => ({
  table: {
    name,
    comment,
    columns: columns.map(described),
    identity: columns.slice(0, 1).map((column) => column.name),
    sortKey: columns.slice(0, 1).map((column) => column.name),
    distKey: null,
  },
  keys,
  select: (words, from) => {
    const prepared = aside.length === 0 ? from : `SELECT k.*, ${aside.join(", ")}\nFROM (\n${from}\n) AS k`;
    return `SELECT ${columns.map((column) => `${column.sql(words)} AS ${column.name}`).join(",\n  ")}\nFROM (\n${prepared}\n) AS k`;
  },
});
