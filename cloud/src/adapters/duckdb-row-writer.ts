import { rm } from "node:fs/promises";
import { join } from "node:path";
import {
  days,
  errorText,
  RoadstreamError,
  unixMillis,
  utcDay,
  uuidV7,
  type Clock,
  type Random,
} from "@roadstream/shared";
import { landingColumns } from "../ingest/landing-columns.ts";
import { capturedSql, lakeColumnsSql, landedSql } from "../ingest/landing-sql.ts";
import type { CapturedAt, RowBatch, RowWriter, WriteOutcome } from "../ingest/ports.ts";
import type { NewDataFile } from "../ports.ts";
import { isOfTheMachine, sqlText, type DuckDbConnection, type DuckDbEngine } from "./duckdb-engine.ts";
import type { DuckDbParquetWriter } from "./duckdb-parquet.ts";
import { storageError } from "./storage-error.ts";
import { writeLandingRows } from "./write-landing-rows.ts";

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
 * A batch's lines go through a file into a temporary table, typed column by column; nothing is guessed. DuckDB would
 * round 3.7 to 4 and read "2" as 2: only canonical lines come here, and what their grammar cannot say is checked in SQL.
 */
export class DuckDbRowWriter implements RowWriter {
  readonly #options: DuckDbRowWriterOptions;

  constructor(options: DuckDbRowWriterOptions) {
    this.#options = options;
  }

  async write(batch: RowBatch, maxDays: number): Promise<WriteOutcome> {
    return this.#load(batch, async (connection, judged) => {
      if (judged.kind === "refused") return judged;
      if (judged.days.length > maxDays) return { kind: "too_many_days", days: judged.days.length };
      const files: NewDataFile[] = [];
      if (judged.days.length > CLUSTER_DAYS) await clusterByDay(connection);
      for (const onDay of judged.days) {
        const day = utcDay(unixMillis(onDay * DAY_MS));
        const select = `SELECT ${lakeColumnsSql(batch.table, batch.landedAt)} FROM landing WHERE on_day = ${onDay}`;
        const file = await this.#options.parquet.write({ connection, definition: batch.table, select, day });
        if (file === null) throw new RoadstreamError("invariant", `${batch.table.name}: no rows of ${day}`);
        files.push(file);
      }
      const written = files.reduce((sum, file) => sum + file.rows, 0);
      if (written !== batch.rows.length) {
        throw new RoadstreamError(
          "invariant",
          `${batch.table.name}: ${batch.rows.length} lines, ${written} rows`,
        );
      }
      return { kind: "written", files, captured: await captured(connection, batch) };
    });
  }

  async accepts(batch: RowBatch): Promise<boolean> {
    return this.#load(batch, (_, judged) => Promise.resolve(judged.kind === "valid"));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  async #load<T>(
    batch: RowBatch,
    use: (connection: DuckDbConnection, judged: Judged) => Promise<T>,
  ): Promise<T> {
    const { folder, clock, random, engine } = this.#options;
    const file = join(folder, `${uuidV7(clock.now(), random)}.ndjson`);
    using connection = await engine.connect();
    try {
      await writeLandingRows(file, batch.rows).catch((error: unknown) => {
        throw storageError(`write ${file}`, error);
      });
      return await use(connection, await load(connection, batch, file));
    } finally {
      await connection.run("DROP TABLE IF EXISTS landing");
      await rm(file, { force: true });
    }
  }
}

const load = async (connection: DuckDbConnection, batch: RowBatch, file: string): Promise<Judged> => {
  const columns = Object.entries(landingColumns(batch.table.name)).map(
    ([name, type]) => `${name}: '${type}'`,
  );
  const source = `read_json(${sqlText(file)}, format = 'newline_delimited', columns = {${columns.join(", ")}})`;
  try {
    await connection.run(`CREATE TEMP TABLE landing AS ${landedSql(batch.table, source)}`);
  } catch (error) {
    // What is wrong with this machine is no judgement of the rows: they must not go to the dead letters for it.
    if (isOfTheMachine(error)) throw error;
    // A date that does not exist, a number that does not fit: the whole read fails on one line.
    return { kind: "refused", reason: errorText(error).slice(0, 500) };
  }
  const groups = await connection.rows(
    "SELECT on_day, count(*) AS rows, count(*) FILTER (WHERE NOT is_valid) AS wrong FROM landing GROUP BY 1 ORDER BY 1",
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

const captured = async (connection: DuckDbConnection, batch: RowBatch): Promise<readonly CapturedAt[]> => {
  const sql = capturedSql(batch, sqlText(batch.machineBoot));
  if (sql === null) return [];
  const rows = await connection.rows(sql);
  return rows.map((row) => ({ uptimeMs: Number(row["at"]), rows: Number(row["rows"]) }));
};
