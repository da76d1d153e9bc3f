import type { LettersIn } from "../ingest/ports.ts";
import { tableDefinition } from "../lake/table-definition.ts";
import { localFiles } from "../object-store/local-files.ts";
import type { ObjectStore } from "../ports.ts";
import { sqlText, type DuckDbEngine } from "./duckdb-engine.ts";
import { lakeFilesSql } from "./duckdb-lake-files.ts";

/** Files of one query: those of a lake on S3 are copied to this machine first. */
const FILES_AT_ONCE = 16;
/** Ids of one query, as text of its statement. */
const IDS_AT_ONCE = 10_000;

/** Asks data files of dead_letters which of some letters they hold. */
export const duckDbLettersIn =
  (engine: DuckDbEngine, store: ObjectStore): LettersIn =>
  async (files, ids) => {
    const wanted = [...ids].map(sqlText);
    const found: string[] = [];
    for (let at = 0; at < files.length; at += FILES_AT_ONCE) {
      const keys = files.slice(at, at + FILES_AT_ONCE).map(({ key }) => key);
      using connection = await engine.connect();
      const select = lakeFilesSql(tableDefinition("dead_letters"), await localFiles(store, keys));
      for (let first = 0; first < wanted.length; first += IDS_AT_ONCE) {
        const some = wanted.slice(first, first + IDS_AT_ONCE).join();
        const rows = await connection.rows(
          `SELECT dead_letter_id FROM (${select}) WHERE dead_letter_id IN (SELECT unnest([${some}]))`,
        );
        for (const row of rows) found.push(String(row["dead_letter_id"]));
      }
    }
    return found;
  };
