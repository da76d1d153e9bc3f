import type { WarehouseColumn, WarehouseTable } from "../warehouse/warehouse-table.ts";
import type { Relation, Scope } from "./relation.ts";
import type { Words } from "./words.ts";

/** A column of a fact with the expression that computes it. */
export interface FactColumn extends WarehouseColumn {
  readonly sql: (words: Words) => string;
}

/**
 * What becomes of a fact's rows when readings change: `trips`: those of the trips within the spans concerned · `days`: those of
 * the days concerned · `incidents`: those of the incidents concerned.
 */
export type Renewal = "trips" | "days" | "incidents";

/** A table of facts: of the warehouse, or a view over the lake. */
export interface Fact {
  readonly table: WarehouseTable;
  readonly renewal: Renewal;
  /** The relations that it reads. */
  readonly reads: readonly Relation[];
  /** The columns in the table's order. */
  readonly select: (words: Words, scope: Scope) => string;
}

type Sql = string | ((words: Words) => string);
interface More {
  readonly nullable?: boolean;
  readonly maxLength?: number;
}

/** A column, never null unless said. */
export const column = (
  name: string,
  type: WarehouseColumn["type"],
  comment: string,
  sql: Sql,
  { nullable = false, maxLength = 64 }: More = {},
): FactColumn => ({
  name,
  type,
  comment,
  nullable,
  maxLength: type === "string" ? maxLength : null,
  sql: typeof sql === "string" ? () => sql : sql,
});

/** The table without how it is computed, so that two descriptions can be compared. */
export const described = ({
  name,
  type,
  comment,
  nullable,
  maxLength,
}: WarehouseColumn): WarehouseColumn => ({
  name,
  type,
  comment,
  nullable,
  maxLength,
});

export interface FactOptions extends Omit<Fact, "table" | "select"> {
  readonly name: string;
  readonly comment: string;
  readonly columns: readonly FactColumn[];
  readonly identity: readonly string[];
  readonly sortKey: readonly string[];
  /** Everything behind the columns: FROM, WHERE, GROUP BY. */
  readonly from: (words: Words, scope: Scope) => string;
}

export const fact = ({ name, comment, columns, identity, sortKey, from, ...rest }: FactOptions): Fact => ({
  ...rest,
  table: { name, comment, columns: columns.map(described), identity, sortKey, distKey: "vehicle_id" },
  select: (words, scope) =>
    `SELECT ${columns.map((column) => `${column.sql(words)} AS ${column.name}`).join(",\n  ")}\n${from(words, scope)}`,
});
