import type { Cell, QueryResult } from "./query-result.ts";

/** Objects of one shape as a result, so that they are printed like a query's rows. */
export const rowsResult = (rows: readonly Readonly<Record<string, Cell>>[]): QueryResult => {
  const columns = Object.entries(rows[0] ?? {}).map(([name, cell]) => ({
    name,
    type: typeof cell,
    isNumber: typeof cell === "number",
  }));
  const batches = (async function* () {
    yield rows.map((row) => columns.map(({ name }) => row[name] ?? null));
  })();
  return { columns, batches };
};
