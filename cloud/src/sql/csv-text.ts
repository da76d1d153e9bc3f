import { cellText } from "./cell-text.ts";
import type { Cell, QueryResult } from "./query-result.ts";

/** RFC 4180 §2, with line feeds. An absent value is nothing, an empty text is "". */
const field = (cell: Cell): string => {
  const text = cellText(cell);
  if (text === null) return "";
  return text === "" || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

const line = (cells: readonly Cell[]): string => `${cells.map(field).join(",")}\n`;

export const csvText = async function* (result: QueryResult): AsyncIterable<string> {
  yield line(result.columns.map(({ name }) => name));
  for await (const rows of result.batches) yield rows.map(line).join("");
};
