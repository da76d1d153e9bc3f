import type { Cell, QueryResult, ResultColumn } from "../sql/query-result.ts";
import { athenaCell, isNumberType } from "./athena-cell.ts";
import type { ResultPage } from "./athena-requests.ts";
import { whileAway } from "../aws/while-away.ts";
import type { EndedStatement, StatementContext } from "./run-statement.ts";

/** A name that comes again is numbered, as DuckDB does it. */
const columnsOf = ({ columns }: ResultPage): readonly ResultColumn[] => {
  const seen = new Map<string, number>();
  return columns.map(({ name, type }) => {
    const before = seen.get(name) ?? 0;
    seen.set(name, before + 1);
    return { name: before === 0 ? name : `${name}:${before}`, type, isNumber: isNumberType(type) };
  });
};

const cellsOf = ({ rows, columns }: ResultPage): readonly (readonly Cell[])[] =>
  rows.map((row) => row.map((text, index) => athenaCell(text, columns[index]?.type ?? "varchar")));

/** The result of a statement that succeeded, a page at a time as it is taken. */
export const athenaResult = async (
  context: StatementContext,
  { id, execution }: EndedStatement,
): Promise<QueryResult> => {
  const page = (token: string | null): Promise<ResultPage> => {
    context.signal.throwIfAborted();
    return whileAway(context, () => context.requests.page(id, token));
  };
  const first = await page(null);
  const batches = async function* () {
    const { hasHeaderRow } = execution;
    yield cellsOf(hasHeaderRow ? { ...first, rows: first.rows.slice(1) } : first);
    for (let { next } = first; next !== null;) {
      const more = await page(next);
      yield cellsOf({ ...more, columns: first.columns });
      ({ next } = more);
    }
  };
  return { columns: columnsOf(first), batches: batches() };
};
