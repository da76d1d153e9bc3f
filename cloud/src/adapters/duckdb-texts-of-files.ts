import type { TableName } from "@roadstream/shared";
import { tableDefinition } from "../lake/table-definition.ts";
import { localFiles } from "../object-store/local-files.ts";
import type { ObjectStore, TextsOfFiles } from "../ports.ts";
import { sqlName, sqlText, type DuckDbEngine } from "./duckdb-engine.ts";
import { lakeFilesSql } from "./duckdb-lake-files.ts";

/** Files of one query: those of a lake on S3 are copied to this machine first. */
const FILES_AT_ONCE = 16;

/** Asks data files of a table for one column. */
const duckDbTextsOfFiles = (
  engine: DuckDbEngine,
  store: ObjectStore,
  { table, column }: { readonly table: TableName; readonly column: string },
): TextsOfFiles =>
  async function* (files, range) {
    const name = sqlName(column);
    // Files are sorted by vehicle, as keys of pictures are: of most only the few rows of a range are read.
    const within =
      range === undefined ? "" : ` AND ${name} BETWEEN ${sqlText(range.first)} AND ${sqlText(range.last)}`;
    for (let at = 0; at < files.length; at += FILES_AT_ONCE) {
      const keys = files.slice(at, at + FILES_AT_ONCE).map(({ key }) => key);
      using connection = await engine.connect();
      const select = lakeFilesSql(tableDefinition(table), await localFiles(store, keys));
      for await (const rows of connection.stream(
        `SELECT ${name} FROM (${select}) WHERE ${name} IS NOT NULL${within}`,
      ))
        yield rows.map((row) => String(row[column]));
    }
  };

/** The pictures that rows of traffic_data name. */
export const duckDbPictureKeys = (engine: DuckDbEngine, store: ObjectStore): TextsOfFiles =>
  duckDbTextsOfFiles(engine, store, { table: "traffic_data", column: "snapshot_key" });

/** The letters that are rows of dead_letters. */
export const duckDbLetterIds = (engine: DuckDbEngine, store: ObjectStore): TextsOfFiles =>
  duckDbTextsOfFiles(engine, store, { table: "dead_letters", column: "dead_letter_id" });
