import { tableDefinition } from "../lake/table-definition.ts";
import { localFiles } from "../object-store/local-files.ts";
import type { ObjectStore, TextsOfFiles } from "../ports.ts";
import { sqlText, type DuckDbEngine } from "./duckdb-engine.ts";
import { lakeFilesSql } from "./duckdb-lake-files.ts";

/** Files of one query: those of a lake on S3 are copied to this machine first. */
const FILES_AT_ONCE = 16;

/** Asks data files of traffic_data which pictures their rows name. */
export const duckDbPictureKeys = (engine: DuckDbEngine, store: ObjectStore): TextsOfFiles =>
  async function* (files, range) {
    // Files are sorted by vehicle, as these keys are: of most only the few rows of a range are read.
    const where =
      range === undefined
        ? ""
        : ` WHERE snapshot_key BETWEEN ${sqlText(range.first)} AND ${sqlText(range.last)}`;
    const definition = tableDefinition("traffic_data");
    for (let at = 0; at < files.length; at += FILES_AT_ONCE) {
      const keys = files.slice(at, at + FILES_AT_ONCE).map(({ key }) => key);
      using connection = await engine.connect();
      const select = lakeFilesSql(definition, await localFiles(store, keys));
      for await (const rows of connection.stream(`SELECT snapshot_key FROM (${select})${where}`))
        yield rows.map((row) => String(row["snapshot_key"]));
    }
  };
