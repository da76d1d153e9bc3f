import { cellText } from "./cell-text.ts";
import type { Cell, QueryResult, ResultColumn } from "./query-result.ts";

/** Rows that a table for people shows; whoever wants more takes another format. */
export const MAX_TABLE_ROWS = 1000;
/** Characters of one value. */
const MAX_CELL_WIDTH = 120;
const GAP = "  ";

export interface TableLook {
  readonly maxRows: number;
  /** Characters of a line; wider tables are printed as one block a row. */
  readonly width: number;
  readonly hasColour: boolean;
  /** Says to people what the table does not. */
  readonly note: (text: string) => void;
}

/** A cell's lines. Control characters could move a terminal's cursor or colour what follows. */
const shown = (cell: Cell): readonly string[] =>
  (cellText(cell) ?? "").split("\n").map((line) => {
    // oxlint-disable-next-line no-control-regex -- they are what is looked for
    const text = line.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, "·");
    return text.length <= MAX_CELL_WIDTH ? text : `${text.slice(0, MAX_CELL_WIDTH - 1)}…`;
  });

const bold = (text: string, { hasColour }: TableLook): string =>
  hasColour ? `\u001b[1m${text}\u001b[22m` : text;

/** Of a row: of each cell, its lines. */
type ShownRow = readonly (readonly string[])[];

interface Rows {
  readonly cells: readonly ShownRow[];
  readonly hasMore: boolean;
}

const firstRows = async (result: QueryResult, maxRows: number): Promise<Rows> => {
  const cells: ShownRow[] = [];
  for await (const rows of result.batches) {
    for (const row of rows) {
      if (cells.length === maxRows) return { cells, hasMore: true };
      cells.push(row.map(shown));
    }
  }
  return { cells, hasMore: false };
};

/** Names above columns, numbers to the right. */
const grid = (
  columns: readonly ResultColumn[],
  rows: Rows["cells"],
  widths: readonly number[],
  look: TableLook,
): string => {
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, index) => {
        const width = widths[index] ?? 0;
        return columns[index]?.isNumber === true ? cell.padStart(width) : cell.padEnd(width);
      })
      .join(GAP)
      .trimEnd();
  const lines = (row: ShownRow): readonly string[] =>
    Array.from({ length: Math.max(...row.map((cell) => cell.length)) }, (_, at) =>
      line(row.map((cell) => cell[at] ?? "")),
    );
  return [
    bold(line(columns.map(({ name }) => name)), look),
    widths.map((width) => "─".repeat(width)).join(GAP),
    ...rows.flatMap(lines),
    "",
  ].join("\n");
};

/** A row below the other, a line for each column. */
const blocks = (columns: readonly ResultColumn[], rows: Rows["cells"], look: TableLook): string => {
  const width = Math.max(...columns.map(({ name }) => name.length));
  const indent = `\n${" ".repeat(width)}${GAP}`;
  return rows
    .map((row, at) =>
      [
        bold(`── row ${at + 1} ──`, look),
        ...columns.map(({ name }, index) =>
          `${name.padEnd(width)}${GAP}${(row[index] ?? []).join(indent)}`.trimEnd(),
        ),
        "",
      ].join("\n"),
    )
    .join("");
};

/** For people: aligned, with a note of how many rows there are. */
export const tableText = async function* (result: QueryResult, look: TableLook): AsyncIterable<string> {
  const { columns } = result;
  const { cells, hasMore } = await firstRows(result, look.maxRows);
  const widths = columns.map(({ name }, index) =>
    Math.max(name.length, ...cells.flatMap((row) => (row[index] ?? []).map((line) => line.length))),
  );
  const total = widths.reduce((sum, width) => sum + width + GAP.length, -GAP.length);
  yield total > look.width && cells.length > 0
    ? blocks(columns, cells, look)
    : grid(columns, cells, widths, look);
  if (hasMore)
    look.note(
      `The first ${look.maxRows} rows; there are more. --format csv, json or parquet gives them all.`,
    );
  else look.note(cells.length === 1 ? "1 row" : `${cells.length} rows`);
};
