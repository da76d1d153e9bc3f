import { rm } from "node:fs/promises";
import { join } from "node:path";
import {
  days,
  errorText,
  isRoadstreamError,
  RoadstreamError,
  unixMillis,
  utcDay,
  uuidV7,
  type Clock,
  type Random,
} from "@roadstream/shared";
import { capturedSql, lakeColumnsSql, landedSql, placedSql } from "../ingest/landing-sql.ts";
import { likelyDay } from "../ingest/likely-day.ts";
import type { CapturedAt, RowBatch, RowWriter, WriteOutcome } from "../ingest/ports.ts";
import type { NewDataFile } from "../ports.ts";
import { isOfTheMachine, sqlText, type DuckDbConnection, type DuckDbEngine } from "./duckdb-engine.ts";
import type { DuckDbParquetWriter, ParquetWrite } from "./duckdb-parquet.ts";
import { storageError } from "./storage-error.ts";
import { writeLandingLines, writeLandingRuns } from "./write-landing-rows.ts";

export interface DuckDbRowWriterOptions {
  readonly engine: DuckDbEngine;
  readonly parquet: DuckDbParquetWriter;
  readonly clock: Clock;
  readonly random: Random;
  /** For a batch's lines on their way into DuckDB. */
  readonly folder: string;
}

const DAY_MS = days(1);
/** From so many days on, a batch is brought into their order before it is gone through once for each. */
const CLUSTER_DAYS = 8;

type Judged =
  | { readonly kind: "valid"; readonly days: readonly number[] }
  | { readonly kind: "refused"; readonly reason: string };

/**
 * A batch's lines go through a file into DuckDB, typed column by column; nothing is guessed. DuckDB would round 3.7 to 4
 * and read "2" as 2: only canonical lines come here, and what their grammar cannot say is checked in SQL. The normal
 * batch is of one day and all good: it is read, judged, sorted and written in one go. For any other, the lines are kept
 * in a temporary table, which tells what is wrong with them or which days they are of.
 */
export class DuckDbRowWriter implements RowWriter {
  readonly #options: DuckDbRowWriterOptions;

  constructor(options: DuckDbRowWriterOptions) {
    this.#options = options;
  }

  async write(batch: RowBatch, maxDays: number): Promise<WriteOutcome> {
    return this.#read(batch, async (connection, source) => {
      const direct = await this.#writeLikelyDay(connection, batch, source);
      if (direct !== null) return direct;
      const judged = await load(connection, batch, source);
      if (judged.kind === "refused") return judged;
      if (judged.days.length > maxDays) return { kind: "too_many_days", days: judged.days.length };
      const files: NewDataFile[] = [];
      if (judged.days.length > CLUSTER_DAYS) await clusterByDay(connection);
      for (const onDay of judged.days) {
        const file = await this.#options.parquet.write(parquetOf(connection, batch, "landing", onDay));
        if (file === null)
          throw new RoadstreamError("invariant", `${batch.table.name}: no rows of day ${onDay}`);
        files.push(file);
      }
      const written = files.reduce((sum, file) => sum + file.rows, 0);
      if (written !== batch.rows.length) {
        throw new RoadstreamError(
          "invariant",
          `${batch.table.name}: ${batch.rows.length} lines, ${written} rows`,
        );
      }
      return { kind: "written", files, captured: await captured(connection, batch, "landing") };
    });
  }

  async accepts(batch: RowBatch): Promise<boolean> {
    return this.#read(batch, async (connection, source) => {
      const judged = await load(connection, batch, source);
      return judged.kind === "valid";
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  /** Null, and nothing written, unless every line gave one valid row of the likely day. */
  async #writeLikelyDay(
    connection: DuckDbConnection,
    batch: RowBatch,
    source: string,
  ): Promise<WriteOutcome | null> {
    const onDay = likelyDay(batch.table, batch.rows);
    if (onDay === null) return null;
    const valid = `(SELECT * FROM (${landedSql(batch.table, source)}) WHERE is_valid)`;
    let found: readonly CapturedAt[] = [];
    const accept = async (local: { readonly path: string; readonly rows: number }): Promise<boolean> => {
      if (local.rows !== batch.rows.length) return false;
      found = await captured(connection, batch, `read_parquet(${sqlText(local.path)})`);
      return true;
    };
    try {
      const file = await this.#options.parquet.write({
        ...parquetOf(connection, batch, valid, onDay),
        accept,
      });
      return file === null ? null : { kind: "written", files: [file], captured: found };
    } catch (error) {
      // A line that cannot be read ends the whole query; what to make of it is found out on the longer way.
      if (isOfTheMachine(error) || !isRoadstreamError(error, "storage")) throw error;
      return null;
    }
  }

  /** Writes the batch to files, gives what DuckDB reads it from, and cleans up. */
  async #read<T>(
    batch: RowBatch,
    use: (connection: DuckDbConnection, source: string) => Promise<T>,
  ): Promise<T> {
    const { folder, clock, random, engine } = this.#options;
    const lines = join(folder, `${uuidV7(clock.now(), random)}.ndjson`);
    const runs = join(folder, `${uuidV7(clock.now(), random)}.csv`);
    using connection = await engine.connect();
    try {
      await Promise.all([writeLandingLines(lines, batch.rows), writeLandingRuns(runs, batch.rows)]).catch(
        (error: unknown) => {
          throw storageError(`write ${lines}`, error);
        },
      );
      return await use(connection, placedSql(batch.table.name, sqlText(lines), sqlText(runs)));
    } finally {
      await connection.run("DROP TABLE IF EXISTS landing");
      await Promise.all([rm(lines, { force: true }), rm(runs, { force: true })]);
    }
  }
}

const parquetOf = (
  connection: DuckDbConnection,
  { table, landedAt }: RowBatch,
  source: string,
  onDay: number,
): ParquetWrite => ({
  connection,
  definition: table,
  select: `SELECT ${lakeColumnsSql(table, landedAt)} FROM ${source} WHERE on_day = ${onDay}`,
  day: utcDay(unixMillis(onDay * DAY_MS)),
});

const load = async (connection: DuckDbConnection, batch: RowBatch, source: string): Promise<Judged> => {
  try {
    await connection.run(`CREATE TEMP TABLE landing AS ${landedSql(batch.table, source)}`);
  } catch (error) {
    // What is wrong with this machine is no judgement of the rows: they must not go to the dead letters for it.
    if (isOfTheMachine(error)) throw error;
    // A date that does not exist, a number that does not fit: the whole read fails on one line.
    return { kind: "refused", reason: errorText(error).slice(0, 500) };
  }
  const groups = await connection.rows(
    "SELECT on_day, count(*) AS rows, count(*) FILTER (WHERE is_valid IS NOT TRUE) AS wrong FROM landing GROUP BY 1 ORDER BY 1",
  );
  const sum = (name: string): number => groups.reduce((total, group) => total + Number(group[name]), 0);
  if (sum("rows") !== batch.rows.length) {
    return { kind: "refused", reason: `${batch.rows.length} lines gave ${sum("rows")} rows` };
  }
  if (sum("wrong") > 0) return { kind: "refused", reason: `${sum("wrong")} rows break a limit or a rule` };
  return { kind: "valid", days: groups.map((group) => Number(group["on_day"])) };
};

/** Rows of a day side by side: else each day's query would unpack the columns of all rows. */
const clusterByDay = async (connection: DuckDbConnection): Promise<void> => {
  await connection.run("CREATE TEMP TABLE by_day AS SELECT * FROM landing ORDER BY on_day");
  await connection.run("DROP TABLE landing");
  await connection.run("ALTER TABLE by_day RENAME TO landing");
};

const captured = async (
  connection: DuckDbConnection,
  batch: RowBatch,
  source: string,
): Promise<readonly CapturedAt[]> => {
  const sql = capturedSql(batch, sqlText(batch.machineBoot), source);
  if (sql === null) return [];
  const rows = await connection.rows(sql);
  return rows.map((row) => ({ uptimeMs: Number(row["at"]), rows: Number(row["rows"]) }));
};
