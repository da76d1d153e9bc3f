import type { Cell, QueryResult } from "./query-result.ts";

/** The rows as objects, one a line, with what stands between them. */
const rowLines = async function* (result: QueryResult, count: { rows: number }): AsyncIterable<string> {
  const keys = result.columns.map(({ name }) => JSON.stringify(name));
  const line = (cells: readonly Cell[]): string =>
    `{${cells.map((cell, index) => `${keys[index]}:${JSON.stringify(cell)}`).join(",")}}`;
  for await (const rows of result.batches) {
    const before = count.rows === 0 ? "\n" : ",\n";
    count.rows += rows.length;
    if (rows.length > 0) yield before + rows.map(line).join(",\n");
  }
};

/** One array of objects, a row a line. */
export const jsonText = async function* (result: QueryResult): AsyncIterable<string> {
  const count = { rows: 0 };
  yield "[";
  yield* rowLines(result, count);
  yield count.rows === 0 ? "]\n" : "\n]\n";
};

/** One object that also says what the columns are: for `--json`. */
export const jsonObjectText = async function* (result: QueryResult): AsyncIterable<string> {
  const count = { rows: 0 };
  const columns = result.columns.map(({ name, type }) => ({ name, type }));
  yield `{"ok":true,"columns":${JSON.stringify(columns)},"rows":[`;
  yield* rowLines(result, count);
  yield `${count.rows === 0 ? "" : "\n"}],"row_count":${count.rows}}\n`;
};
