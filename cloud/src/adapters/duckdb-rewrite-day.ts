import type { RewriteDay } from "../lake/compact-table.ts";
import type { ObjectStore, TableDefinition } from "../ports.ts";
import type { DuckDbEngine } from "./duckdb-engine.ts";
import { lakeFilesSql } from "./duckdb-lake-files.ts";
import type { DuckDbParquetWriter } from "./duckdb-parquet.ts";

export interface RewriteDayOptions {
  readonly engine: DuckDbEngine;
  readonly writer: DuckDbParquetWriter;
  readonly store: ObjectStore;
  readonly definition: TableDefinition;
}

/** One sorted file of all rows; the plan has packed no more into a group than one file should hold. */
export const duckDbRewriteDay =
  ({ engine, writer, store, definition }: RewriteDayOptions): RewriteDay =>
  async (files, day) => {
    const paths: string[] = [];
    for (const { key } of files) paths.push(await store.localFile(key));
    using connection = await engine.connect();
    const file = await writer.write({ connection, definition, select: lakeFilesSql(definition, paths), day });
    return file === null ? [] : [file];
  };
