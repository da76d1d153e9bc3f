import { formatRecordId, type StreamName, type TableName } from "@roadstream/shared";
import { tableDefinition } from "../lake/table-definition.ts";
import type { LiveFile, ObjectStore } from "../ports.ts";
import type { CheckpointRow, DroppedRow, LakeRows, RowCounts, RowIsland } from "../verify/ports.ts";
import { sqlText, type DuckDbEngine, type SqlRow } from "./duckdb-engine.ts";
import { lakeFilesSql } from "./duckdb-lake-files.ts";

/** Rows sorted at once; a larger table is gone through in shares of its files. */
const SHARE_ROWS = 2_000_000;
const LARGEST_SEQ = Number.MAX_SAFE_INTEGER;
export const isSoundSeq = (column: string): string => `${column} BETWEEN 1 AND ${LARGEST_SEQ}`;
/** Rows with an identity of ours. */
export const IS_SOUND = `vehicle_id IS NOT NULL AND boot_id IS NOT NULL AND ${isSoundSeq("seq")}`;

const number = (value: unknown): number => Number(value ?? 0);
const text = (value: unknown): string => (typeof value === "string" ? value : "");

const shares = (files: readonly LiveFile[]): readonly (readonly LiveFile[])[] => {
  const all: LiveFile[][] = [];
  let rows = SHARE_ROWS;
  for (const file of files) {
    if (rows + file.rows > SHARE_ROWS) {
      all.push([]);
      rows = 0;
    }
    all.at(-1)?.push(file);
    rows += file.rows;
  }
  return all;
};

/**
 * First the runs, in whatever order the rows come: a row that continues the one before it. Files are sorted by vehicle
 * and time, so that a run is thousands of rows, and they are found as the rows stream past: nothing is kept of a row.
 * Then the runs of a series that touch or overlap are joined to islands.
 */
const islandsSql = (rows: string): string => `
  WITH numbered AS (
    SELECT *, sum(CASE WHEN follows THEN 0 ELSE 1 END) OVER (ROWS UNBOUNDED PRECEDING) AS run FROM (
      SELECT *, coalesce(seq = lag(seq) OVER () + 1 AND boot_id = lag(boot_id) OVER ()
        AND vehicle_id = lag(vehicle_id) OVER (), false) AS follows FROM (${rows})
    )
  ), runs AS (
    SELECT vehicle_id, boot_id, min(seq) AS seq_from, max(seq) AS seq_to
    FROM numbered GROUP BY vehicle_id, boot_id, run
  ), begun AS (
    SELECT *, max(seq_to) OVER (PARTITION BY vehicle_id, boot_id ORDER BY seq_from, seq_to
      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reached FROM runs
  ), joined AS (
    SELECT *, count(*) FILTER (WHERE reached IS NULL OR seq_from > reached + 1) OVER (PARTITION BY vehicle_id, boot_id
      ORDER BY seq_from, seq_to, reached NULLS FIRST ROWS UNBOUNDED PRECEDING) AS island FROM begun
  )
  SELECT vehicle_id, boot_id, min(seq_from) AS seq_from, max(seq_to) AS seq_to,
    sum(seq_to - seq_from + 1) - (max(seq_to) - min(seq_from) + 1) AS doubled
  FROM joined GROUP BY vehicle_id, boot_id, island`;

/** Asks the table's current files by SQL; nothing of the ledger comes in here. */
export class DuckDbLakeRows implements LakeRows {
  readonly #engine: DuckDbEngine;
  readonly #store: ObjectStore;

  constructor(options: { engine: DuckDbEngine; store: ObjectStore }) {
    this.#engine = options.engine;
    this.#store = options.store;
  }

  async *islands(
    stream: StreamName,
    files: readonly LiveFile[],
    vehicle: string | null,
  ): AsyncGenerator<readonly RowIsland[]> {
    for (const share of shares(files)) {
      const from = await this.#from(stream, share, vehicle);
      const sql = islandsSql(`SELECT vehicle_id, boot_id, seq ${from} AND ${IS_SOUND}`);
      for await (const rows of this.#stream(sql)) yield rows.map(island);
    }
  }

  async count(stream: StreamName, files: readonly LiveFile[], vehicle: string | null): Promise<number> {
    const [row] = await this.#rows(`SELECT count(*) AS n ${await this.#from(stream, files, vehicle)}`);
    return number(row?.["n"]);
  }

  async doubledIds(
    stream: StreamName,
    files: readonly LiveFile[],
    vehicle: string | null,
    limit: number,
  ): Promise<readonly string[]> {
    const rows = await this.#rows(`
      SELECT vehicle_id, boot_id, seq ${await this.#from(stream, files, vehicle)} AND ${IS_SOUND}
      GROUP BY vehicle_id, boot_id, seq HAVING count(*) > 1 ORDER BY ALL LIMIT ${limit}`);
    return rows.map((row) =>
      formatRecordId({
        vehicleId: text(row["vehicle_id"]),
        bootId: text(row["boot_id"]),
        stream,
        seq: number(row["seq"]),
      }),
    );
  }

  async *checkpoints(
    files: readonly LiveFile[],
    vehicle: string | null,
  ): AsyncGenerator<readonly CheckpointRow[]> {
    const from = await this.#from("agent_events", files, vehicle);
    const sql = `
      SELECT vehicle_id, outbox_id, arg_max(boot, seq) AS boot,
        arg_max(epoch_ms(event_at), log_appended_at) AS event_at,
        max(epoch_ms(log_appended_at)) AS appended_at
      FROM (
        SELECT vehicle_id, boot_id, seq, event_at, log_appended_at,
          json_extract_string(detail, '$.outbox_id') AS outbox_id,
          unnest(json_extract(detail, '$.boots[*]')) AS boot
        ${from} AND kind = 'checkpoint' AND json_valid(detail)
      )
      WHERE outbox_id IS NOT NULL
      GROUP BY vehicle_id, outbox_id, boot_id, json_extract_string(boot, '$.boot_id')`;
    for await (const rows of this.#stream(sql)) yield rows.map(checkpointOfBoot);
  }

  async *recentCheckpoints(
    files: readonly LiveFile[],
    vehicles: readonly string[],
    limit: number,
  ): AsyncGenerator<readonly CheckpointRow[]> {
    if (vehicles.length === 0) return;
    const sql = `
      SELECT vehicle_id, detail, epoch_ms(event_at) AS event_at, epoch_ms(log_appended_at) AS appended_at
      ${await this.#from("agent_events", files, null)}
        AND kind = 'checkpoint' AND vehicle_id IN (${vehicles.map(sqlText).join(", ")})
      QUALIFY row_number() OVER (PARTITION BY vehicle_id ORDER BY log_appended_at DESC, seq DESC) <= ${limit}
      ORDER BY vehicle_id`;
    for await (const rows of this.#stream(sql))
      yield rows.map((row) => checkpointRow(row, text(row["detail"])));
  }

  async *dropped(files: readonly LiveFile[], vehicle: string | null): AsyncGenerator<readonly DroppedRow[]> {
    const from = await this.#from("agent_events", files, vehicle);
    const sql = `
      SELECT vehicle_id, coalesce(about_boot_id, boot_id) AS boot_id, about_stream AS stream, seq_from, seq_to
      ${from} AND kind = 'dropped' AND about_stream IS NOT NULL AND seq_from >= 1 AND seq_to <= ${LARGEST_SEQ}`;
    for await (const rows of this.#stream(sql)) yield rows.map(dropped);
  }

  async deadLetters(files: readonly LiveFile[]): Promise<RowCounts> {
    const from = await this.#from("dead_letters", files, null);
    const [row] = await this.#rows(`SELECT count(*) AS n, count(DISTINCT dead_letter_id) AS ids ${from}`);
    return { rows: number(row?.["n"]), distinct: number(row?.["ids"]) };
  }

  async #from(table: TableName, files: readonly LiveFile[], vehicle: string | null): Promise<string> {
    const paths: string[] = [];
    for (const { key } of files) paths.push(await this.#store.localFile(key));
    const where = vehicle === null ? "true" : `vehicle_id = ${sqlText(vehicle)}`;
    return `FROM (${lakeFilesSql(tableDefinition(table), paths)}) WHERE ${where}`;
  }

  async #rows(sql: string): Promise<readonly SqlRow[]> {
    using connection = await this.#engine.connect();
    return await connection.rows(sql);
  }

  async *#stream(sql: string): AsyncGenerator<readonly SqlRow[]> {
    using connection = await this.#engine.connect();
    yield* connection.stream(sql);
  }
}

const island = (row: SqlRow): RowIsland => ({
  vehicleId: text(row["vehicle_id"]),
  bootId: text(row["boot_id"]),
  from: number(row["seq_from"]),
  to: number(row["seq_to"]),
  doubled: number(row["doubled"]),
});

const checkpointRow = (row: SqlRow, detail: string): CheckpointRow => ({
  vehicleId: text(row["vehicle_id"]),
  detail,
  eventAt: number(row["event_at"]),
  appendedAt: number(row["appended_at"]),
});

const checkpointOfBoot = (row: SqlRow): CheckpointRow =>
  checkpointRow(row, `{"outbox_id":${JSON.stringify(row["outbox_id"])},"boots":[${text(row["boot"])}]}`);

const dropped = (row: SqlRow): DroppedRow => ({
  vehicleId: text(row["vehicle_id"]),
  bootId: text(row["boot_id"]),
  stream: text(row["stream"]),
  from: number(row["seq_from"]),
  to: number(row["seq_to"]),
});
