import type { TableDefinition } from "../ports.ts";
import { sqlName, sqlText, type DuckDbConnection } from "./duckdb-engine.ts";
import { DUCKDB_TYPES } from "./duckdb-lake-files.ts";

/** Rows drawn to learn how the rest are spread: a share of them is then right within some hundredths. */
const SAMPLE_ROWS = 20_000;

interface KeyColumn {
  readonly name: string;
  readonly type: string;
}

/** A column and the value that a sampled row has there, as SQL. */
interface Bound {
  readonly column: string;
  readonly value: string;
}

/** Whether a row stands before a key: by its first column, or by the next where that one is the same. */
const before = ([first, ...rest]: readonly Bound[]): string => {
  if (first === undefined) return "false";
  const { column, value } = first;
  return `${column} < ${value} OR (${column} = ${value} AND (${before(rest)}))`;
};

/**
 * The rows of a SELECT in their table's order, as far as a sample tells. A position is a share of them: 0 before the
 * first, 1 behind the last. Ranges between positions hold every row exactly once, whatever was drawn.
 */
export class SortOrder {
  readonly #columns: readonly KeyColumn[];
  readonly #sample: readonly (readonly string[])[];

  private constructor(columns: readonly KeyColumn[], sample: readonly (readonly string[])[]) {
    this.#columns = columns;
    this.#sample = sample;
  }

  static async of(
    connection: DuckDbConnection,
    definition: TableDefinition,
    select: string,
  ): Promise<SortOrder> {
    const columns = definition.sortedBy.flatMap((sorted) =>
      definition.columns
        .filter(({ name }) => name === sorted)
        .map(({ name, type }) => ({ name: sqlName(name), type: DUCKDB_TYPES[type] })),
    );
    const names = columns.map(({ name }) => name).join(", ");
    const texts = columns.map(({ name }, i) => `CAST(${name} AS VARCHAR) AS key_${i}`).join(", ");
    const known = columns.map(({ name }) => `${name} IS NOT NULL`).join(" AND ");
    const rows = await connection.rows(
      `SELECT ${texts} FROM (
         SELECT * FROM (SELECT ${names} FROM (${select}) WHERE ${known})
         USING SAMPLE reservoir(${SAMPLE_ROWS} ROWS) REPEATABLE (1)
       ) ORDER BY ${names}`,
    );
    return new SortOrder(
      columns,
      rows.map((row) => columns.map((_, i) => String(row[`key_${i}`]))),
    );
  }

  /** A condition of SQL for the rows from one position up to another. Rows without a key come last. */
  between(from: number, to: number): string {
    const start = this.#boundsAt(from);
    const end = this.#boundsAt(to);
    const conditions: string[] = [];
    if (start !== null) conditions.push(`NOT coalesce(${before(start)}, false)`);
    if (end !== null) conditions.push(`(${before(end)})`);
    // Says nothing new, but by this one Parquet's statistics let the reader skip what lies behind.
    const [lead] = end ?? [];
    if (lead !== undefined) conditions.push(`${lead.column} <= ${lead.value}`);
    return conditions.length === 0 ? "true" : conditions.join(" AND ");
  }

  /** Null at both ends, and where there is no row to go by. */
  #boundsAt(position: number): readonly Bound[] | null {
    if (position <= 0 || position >= 1) return null;
    const key = this.#sample[Math.floor(position * this.#sample.length)];
    if (key === undefined) return null;
    return this.#columns.map(({ name, type }, i) => ({
      column: name,
      value: `CAST(${sqlText(key[i] ?? "")} AS ${type})`,
    }));
  }
}
