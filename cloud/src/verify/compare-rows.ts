import { ExampleIds, rowsContradict, rowsMissing, rowsUnknown } from "./problems.ts";
import type { Problem } from "./report.ts";
import type { TableSeriesBook } from "./table-series.ts";

/** What the table's own history lays to others than its batches. */
export interface LaidToOthers {
  /** Rows that other engines' commits added. */
  readonly added: number;
  /** Rows that retention, erasure and other engines removed, and of which the ledger still knows. */
  readonly removed: number;
}

export interface ComparedTable extends LaidToOthers {
  readonly book: TableSeriesBook;
  /** All rows by SQL, sound or not. */
  readonly rowCount: number;
}

export interface RowComparison {
  /** Retention, erasure and other engines' commits removed at least as many rows as are missing. */
  readonly isRemovalKnown: boolean;
  /** Other engines' commits added at least as many rows as the ledger does not know. */
  readonly isAdditionKnown: boolean;
  readonly problems: readonly Problem[];
}

interface Difference {
  readonly rows: number;
  readonly examples: ExampleIds;
}

/** What the ledger says has landed and no row is there for; what was erased included. */
export const missingRows = (book: TableSeriesBook): Difference => {
  const examples = new ExampleIds();
  let rows = 0;
  for (const series of book.all()) {
    const gone = series.landed.minus(series.rows);
    rows += gone.size + series.erased.minus(series.landed).size;
    examples.add(series, book.stream, gone);
  }
  return { rows, examples };
};

/** Sets the ledger's ranges against the rows', series by series. */
export const compareRows = ({ book, rowCount, added, removed }: ComparedTable): RowComparison => {
  const missing = missingRows(book);
  const examples = new ExampleIds();
  let unknown = 0;
  let sound = 0;
  for (const series of book.all()) {
    const extra = series.rows.minus(series.landed);
    unknown += extra.size;
    sound += series.rows.size + series.doubled;
    examples.add(series, book.stream, extra);
  }
  // Rows without a sound identity are in no series. There is no fewer than none of them: that would pay for unknown ones.
  unknown += Math.max(0, rowCount - sound);
  const table = book.stream;
  const problems: Problem[] = [];
  if (missing.rows > removed)
    problems.push(
      rowsMissing({ table, rows: missing.rows, explained: removed, examples: missing.examples.ids }),
    );
  if (unknown > added)
    problems.push(rowsUnknown({ table, rows: unknown, explained: added, examples: examples.ids }));
  if (sound > rowCount) problems.push(rowsContradict(table, rowCount, sound));
  return { isRemovalKnown: missing.rows <= removed, isAdditionKnown: unknown <= added, problems };
};
