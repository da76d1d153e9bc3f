import type { RewriteDay } from "../lake/compact-table.ts";
import { aimedBytes, TARGET_FILE_BYTES } from "../lake/plan-compaction.ts";
import { localFiles } from "../object-store/local-files.ts";
import type { LiveFile, NewDataFile, ObjectStore, TableDefinition } from "../ports.ts";
import type { DuckDbEngine } from "./duckdb-engine.ts";
import { lakeFilesSql } from "./duckdb-lake-files.ts";
import type { DuckDbParquetWriter } from "./duckdb-parquet.ts";
import { SortOrder } from "./duckdb-sort-order.ts";

export interface RewriteDayOptions {
  readonly engine: DuckDbEngine;
  readonly writer: DuckDbParquetWriter;
  readonly store: ObjectStore;
  readonly definition: TableDefinition;
  readonly targetBytes?: number;
}

/** A rest smaller than this share of a file goes into the file before it. */
const SMALL_REST = 0.1;

/**
 * All rows as files that are sorted one after the other: each holds a range of the table's order, so that a reader of
 * one vehicle opens one of them. A range is sorted and stored by itself, which bounds memory and disk by a file's size,
 * however large the day. How many rows fill a file the inputs tell for the first, and each file for the next.
 */
export const duckDbRewriteDay =
  ({ engine, writer, store, definition, targetBytes = TARGET_FILE_BYTES }: RewriteDayOptions): RewriteDay =>
  async (files, day, { isWanted, puts }) => {
    const paths = await localFiles(
      store,
      files.map(({ key }) => key),
    );
    const all = lakeFilesSql(definition, paths);
    const sum = (of: (file: LiveFile) => number): number =>
      files.reduce((total, file) => total + of(file), 0);
    const rows = sum((file) => file.rows);
    let bytesPerRow = sum((file) => file.sizeBytes) / rows;
    using connection = await engine.connect();
    const outputs: NewDataFile[] = [];
    let order: SortOrder | null = null;
    for (let from = 0, isGuess = true; from < 1; isGuess = false) {
      const share = aimedBytes(targetBytes) / bytesPerRow / rows;
      const to = from + share * (1 + SMALL_REST) < 1 ? from + share : 1;
      const isPart = from > 0 || to < 1;
      if (isPart) order ??= await SortOrder.of(connection, definition, all);
      const select = order === null ? all : `SELECT * FROM (${all}) WHERE ${order.between(from, to)}`;
      let isRefused = false;
      const accept = async (): Promise<boolean> => !(isRefused = !(await isWanted()));
      const file = await writer.write({ connection, definition, select, day, accept });
      if (isRefused) return outputs;
      if (file !== null) {
        puts.push(file.key);
        bytesPerRow = file.sizeBytes / file.rows;
      }
      // Small files may have packed better than large ones do. The one that came out is nobody's.
      if (isGuess && file !== null && file.sizeBytes > targetBytes) {
        await store.delete([file.key]);
        continue;
      }
      if (file !== null) outputs.push(file);
      from = to;
    }
    return outputs;
  };
