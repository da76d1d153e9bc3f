import type { StreamName, TableName } from "@roadstream/shared";
import { tableDefinition } from "../lake/table-definition.ts";
import type { LiveFile, ObjectStore } from "../ports.ts";
import type { LedgerRows, LetterClaim, LetterId, SeriesTime } from "../rebuild/ports.ts";
import type { DuckDbEngine, SqlRow } from "./duckdb-engine.ts";
import { lakeFilesSql } from "./duckdb-lake-files.ts";
import { isSoundSeq, IS_SOUND } from "./duckdb-lake-rows.ts";

/** Asks a table's current files for what its ledger is rebuilt from. */
export class DuckDbLedgerRows implements LedgerRows {
  readonly #engine: DuckDbEngine;
  readonly #store: ObjectStore;

  constructor(options: { engine: DuckDbEngine; store: ObjectStore }) {
    this.#engine = options.engine;
    this.#store = options.store;
  }

  async *lastAppended(stream: StreamName, files: readonly LiveFile[]): AsyncGenerator<readonly SeriesTime[]> {
    const sql = `
      SELECT vehicle_id, boot_id, epoch_ms(max(log_appended_at)) AS appended_at
      ${await this.#from(stream, files)} WHERE ${IS_SOUND}
      GROUP BY vehicle_id, boot_id`;
    for await (const rows of this.#stream(sql)) yield rows.map(seriesTime);
  }

  async letterCounts(files: readonly LiveFile[]): Promise<ReadonlyMap<number, number>> {
    using connection = await this.#engine.connect();
    const from = await this.#from("dead_letters", files);
    const rows = await connection.rows(`SELECT log_partition, count(*) AS n ${from} GROUP BY log_partition`);
    return new Map(rows.map((row) => [Number(row["log_partition"]), Number(row["n"])]));
  }

  async *letterClaims(files: readonly LiveFile[]): AsyncGenerator<readonly LetterClaim[]> {
    const sql = `
      SELECT log_partition, vehicle_id, boot_id, stream, seq_from, seq_to, epoch_ms(max(landed_at)) AS landed_at
      ${await this.#from("dead_letters", files)}
      WHERE vehicle_id IS NOT NULL AND boot_id IS NOT NULL AND stream IS NOT NULL
        AND ${isSoundSeq("seq_from")} AND ${isSoundSeq("seq_to")}
      GROUP BY log_partition, vehicle_id, boot_id, stream, seq_from, seq_to`;
    for await (const rows of this.#stream(sql)) yield rows.map(letterClaim);
  }

  async *letterIds(files: readonly LiveFile[], limit: number): AsyncGenerator<readonly LetterId[]> {
    const sql = `
      SELECT log_partition, dead_letter_id
      ${await this.#from("dead_letters", files)}
      QUALIFY row_number() OVER (PARTITION BY log_partition ORDER BY log_offset DESC) <= ${limit}
      ORDER BY log_partition, log_offset`;
    for await (const rows of this.#stream(sql)) yield rows.map(letterId);
  }

  async #from(table: TableName, files: readonly LiveFile[]): Promise<string> {
    const paths: string[] = [];
    for (const { key } of files) paths.push(await this.#store.localFile(key));
    return `FROM (${lakeFilesSql(tableDefinition(table), paths)})`;
  }

  async *#stream(sql: string): AsyncGenerator<readonly SqlRow[]> {
    using connection = await this.#engine.connect();
    yield* connection.stream(sql);
  }
}

const seriesTime = (row: SqlRow): SeriesTime => ({
  vehicleId: String(row["vehicle_id"]),
  bootId: String(row["boot_id"]),
  appendedAt: Number(row["appended_at"]),
});

const letterClaim = (row: SqlRow): LetterClaim => ({
  partition: Number(row["log_partition"]),
  vehicleId: String(row["vehicle_id"]),
  bootId: String(row["boot_id"]),
  stream: String(row["stream"]),
  from: Number(row["seq_from"]),
  to: Number(row["seq_to"]),
  landedAt: Number(row["landed_at"]),
});

const letterId = (row: SqlRow): LetterId => ({
  partition: Number(row["log_partition"]),
  id: String(row["dead_letter_id"]),
});
