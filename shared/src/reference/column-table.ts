import type { Column } from "../contract/column.ts";
import { code, table } from "./markdown.ts";

const range = (column: Column): string => {
  if (column.min !== null && column.max !== null) return `${column.min} to ${column.max}`;
  if (column.min !== null) return `from ${column.min}`;
  return column.max === null ? "" : `to ${column.max}`;
};

const allowed = (column: Column): string => {
  if (column.values !== null) return column.values.map(code).join(", ");
  if (column.pattern !== null) return code(column.pattern);
  if (column.type === "string") return `at most ${column.maxLength} characters`;
  if (column.type === "bytes") return `at most ${column.maxLength} bytes`;
  return range(column);
};

/** One line for each column, in the contract's order. */
export const columnTable = (columns: readonly Column[]): string =>
  table(
    ["id", "column", "type", "unit", "null", "from", "allowed", "meaning"],
    columns.map((column) => [
      String(column.id),
      code(column.name),
      column.inLake ? column.type : `${column.type}, not in the lake`,
      column.unit ?? "",
      column.nullable ? "may be" : "never",
      column.origin,
      allowed(column),
      column.doc,
    ]),
  );
