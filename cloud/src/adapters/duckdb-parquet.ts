import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { RoadstreamError, type Clock, type Random } from "@roadstream/shared";
import { ObjectNames } from "../lake/object-names.ts";
import { putNewObject } from "../object-store/put-new-object.ts";
import type { ColumnStatistics, NewDataFile, ObjectStore, TableDefinition } from "../ports.ts";
import { sqlName, sqlText, type DuckDbConnection } from "./duckdb-engine.ts";

/** Rows of one Parquet row group: what a reader skips or reads at once. */
const ROW_GROUP_ROWS = 122_880;

export interface ParquetWriterOptions {
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly random: Random;
  /** Where files are built: best on the store's own file system. */
  readonly folder: string;
}

export interface ParquetWrite {
  readonly connection: DuckDbConnection;
  readonly definition: TableDefinition;
  /** A SELECT that gives the table's columns, all of one UTC day, in any order. */
  readonly select: string;
  /** `YYYY-MM-DD`. */
  readonly day: string;
  /** Asked before the file goes to the store: whether it is wanted. */
  readonly accept?: (local: { readonly path: string; readonly rows: number }) => Promise<boolean>;
}

/** Writes what a SELECT gives as one sorted Parquet file of a table into the object store, with all its statistics. */
export class DuckDbParquetWriter {
  readonly #store: ObjectStore;
  readonly #names: ObjectNames;
  readonly #folder: string;

  constructor(options: ParquetWriterOptions) {
    this.#store = options.store;
    this.#names = new ObjectNames(options.clock, options.random);
    this.#folder = options.folder;
  }

  /** Null when there were no rows, or they are not wanted: no file was kept. The file is in the store, not yet in the table. */
  async write(write: ParquetWrite): Promise<NewDataFile | null> {
    const { connection, definition, select, day, accept } = write;
    const local = join(this.#folder, `${this.#names.uuid()}.parquet`);
    try {
      const [row] = await connection.rows(copySql(definition, select, local));
      if (row === undefined) throw new RoadstreamError("invariant", "COPY returned no statistics");
      const rows = Number(row["count"]);
      if (rows === 0 || (await accept?.({ path: local, rows })) === false) return null;
      const { size } = await stat(local);
      const key = this.#names.dataFile(definition.name, day);
      await putNewObject(this.#store, key, { file: local, size });
      return {
        key,
        sizeBytes: size,
        rows,
        day,
        columns: columnStatistics(definition, row["column_statistics"]),
      };
    } finally {
      await rm(local, { force: true });
    }
  }
}

const copySql = (definition: TableDefinition, select: string, file: string): string => {
  const columns = definition.columns.map(({ name }) => sqlName(name)).join(", ");
  const order = definition.sortedBy.map(sqlName).join(", ");
  const ids = definition.columns.map(({ id, name }) => `${sqlName(name)}: ${id}`).join(", ");
  return `COPY (SELECT ${columns} FROM (${select}) ORDER BY ${order}) TO ${sqlText(file)}
    (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE ${ROW_GROUP_ROWS}, FIELD_IDS {${ids}}, RETURN_STATS)`;
};

/** DuckDB's MAP(VARCHAR, MAP(VARCHAR, VARCHAR)): column names come quoted, values as text. */
const columnStatistics = (definition: TableDefinition, value: unknown): readonly ColumnStatistics[] => {
  const columns = entriesOf(value).map(([name, facts]) => [name, new Map(entriesOf(facts))] as const);
  const byName = new Map(columns);
  return definition.columns.map((column) => {
    const facts = byName.get(sqlName(column.name));
    if (facts === undefined)
      throw new RoadstreamError("invariant", `COPY gave no statistics of ${column.name}`);
    const text = (key: string): string | null => (facts.get(key) as string | undefined) ?? null;
    const hasNan = text("has_nan") === "true";
    return {
      fieldId: column.id,
      sizeBytes: Number(text("column_size_bytes") ?? 0),
      valueCount: Number(text("num_values") ?? 0),
      nullCount: Number(text("null_count") ?? 0),
      // DuckDB says only whether there is one; its bounds then count NaN as the greatest.
      nanCount: column.type === "float64" && !hasNan ? 0 : null,
      min: hasNan ? null : text("min"),
      max: hasNan ? null : text("max"),
    };
  });
};

const entriesOf = (value: unknown): readonly (readonly [string, unknown])[] => {
  if (!Array.isArray(value)) throw new RoadstreamError("invariant", "COPY's statistics are not a map");
  return (value as readonly { key: string; value: unknown }[]).map((entry) => [entry.key, entry.value]);
};
