import type { Cell } from "./query-result.ts";

/** A cell as text; null where there is none. */
export const cellText = (cell: Cell): string | null => {
  if (cell === null) return null;
  return typeof cell === "object" ? JSON.stringify(cell) : String(cell);
};
