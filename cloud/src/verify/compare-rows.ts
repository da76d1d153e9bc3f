import type { RowChange } from "../lake/table-history.ts";
import { ExampleIds, rowsMissing, rowsUnknown } from "./problems.ts";
import type { Problem } from "./report.ts";
import type { TableSeriesBook } from "./table-series.ts";

export interface ComparedTable {
  readonly book: TableSeriesBook;
  /** All rows by SQL, sound or not. */
  readonly rowCount: number;
  /** What the table's history says that other engines did. */
  readonly foreign: RowChange;
  /** Rows that our own retention and erasure removed. */
  readonly removed: number;
}

export interface RowComparison {
  /** Retention, erasure and other engines' commits removed at least as many rows as are missing. */
  readonly isRemovalKnown: boolean;
  /** Rows of which no series knows: their identity is none. */
  readonly unsound: number;
  readonly problems: readonly Problem[];
}

/** Sets the ledger's ranges against the rows', series by series. */
export const compareRows = ({ book, rowCount, foreign, removed }: ComparedTable): RowComparison => {
  const explained = foreign.removed + removed;
  const missing = { rows: 0, examples: new ExampleIds() };
  const unknown = { rows: 0, examples: new ExampleIds() };
  let sound = 0;
  for (const series of book.all()) {
    const gone = series.landed.minus(series.rows);
    const extra = series.rows.minus(series.landed);
    missing.rows += gone.size + series.erased.minus(series.landed).size;
    unknown.rows += extra.size;
    sound += series.rows.size + series.doubled;
    missing.examples.add(series, book.stream, gone);
    unknown.examples.add(series, book.stream, extra);
  }
  const unsound = rowCount - sound;
  const extra = unknown.rows + unsound;
  const difference = { table: book.stream };
  const problems: Problem[] = [];
  if (missing.rows > explained) {
    const { rows, examples } = missing;
    problems.push(rowsMissing({ ...difference, rows, explained, examples: examples.ids }));
  }
  if (extra > foreign.added) {
    const { examples } = unknown;
    problems.push(
      rowsUnknown({ ...difference, rows: extra, explained: foreign.added, examples: examples.ids }),
    );
  }
  return { isRemovalKnown: missing.rows <= explained, unsound, problems };
};
