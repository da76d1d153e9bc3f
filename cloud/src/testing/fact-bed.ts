import type { StreamName } from "@roadstream/shared";
import type { Cell } from "../sql/query-result.ts";
import {
  DEFAULT_DUCKDB,
  DuckDbEngine,
  sqlText,
  type DuckDbConnection,
  type DuckDbOptions,
} from "../adapters/duckdb-engine.ts";
import { factTables } from "../facts/fact-tables.ts";
import { biViews } from "../facts/fact-views.ts";
import { refreshFacts } from "../facts/refresh-facts.ts";
import type { FactDialect } from "../facts/words.ts";
import { DRIVING_FACTS } from "../warehouse/driving-facts.ts";
import { touchedSql } from "../warehouse/touched-rows.ts";
import { createTable } from "../warehouse/create-tables.ts";
import { DUCKDB_DIALECT } from "../warehouse/duckdb-dialect.ts";
import { STREAM_TABLES } from "../warehouse/stream-tables.ts";
import { ATHENA_MACROS } from "./athena-macros.ts";
import type { StreamRow } from "./driving-rows.ts";

/** The SQL of a dialect, without what only says how rows lie, and in the two spellings in which DuckDB has it otherwise. */
export const onDuckDb = (sql: string): string =>
  sql
    .replaceAll(" DISTKEY (vehicle_id)", "")
    .replaceAll("CREATE TEMP TABLE", "CREATE OR REPLACE TEMP TABLE")
    .replaceAll("TIMESTAMP(3)", "TIMESTAMPTZ")
    .replaceAll("DATEDIFF(millisecond,", "date_diff('millisecond',");

const text = (value: StreamRow["row"][string] | undefined): string => sqlText(String(value));

/** A warehouse in memory with nothing but the streams' tables and the star schema. */
export class FactBed implements AsyncDisposable {
  readonly sql: DuckDbConnection;
  readonly #engine: DuckDbEngine;

  private constructor(engine: DuckDbEngine, sql: DuckDbConnection) {
    this.#engine = engine;
    this.sql = sql;
  }

  static async open(options: DuckDbOptions = DEFAULT_DUCKDB): Promise<FactBed> {
    const engine = await DuckDbEngine.open(options);
    const bed = new FactBed(engine, await engine.connect());
    for (const table of [...Object.values(STREAM_TABLES), ...DRIVING_FACTS.tables]) {
      const [create = ""] = createTable(DUCKDB_DIALECT, table);
      await bed.sql.run(create);
    }
    for (const macro of ATHENA_MACROS) await bed.sql.run(macro);
    await bed.sql.run("CREATE TABLE touched (vehicle_id VARCHAR, day DATE)");
    for (const { name, select } of biViews("duckdb")) await bed.sql.run(`CREATE VIEW ${name} AS ${select}`);
    return bed;
  }

  /** Begins anew. */
  async clear(): Promise<void> {
    for (const { name } of [...Object.values(STREAM_TABLES), ...DRIVING_FACTS.tables])
      await this.sql.run(`DELETE FROM ${name}`);
    await this.sql.run("DELETE FROM touched");
  }

  /** Merges rows as the loader does, and notes where. Nothing is computed yet. */
  async merge(rows: readonly StreamRow[]): Promise<void> {
    for (const stream of new Set(rows.map((row) => row.stream))) {
      const ofStream = rows.filter((row) => row.stream === stream).map(({ row }) => row);
      const given = new Set(ofStream.flatMap((row) => Object.keys(row)));
      const types = STREAM_TABLES[stream].columns
        .filter(({ name }) => given.has(name))
        .map((column) => [column.name, DUCKDB_DIALECT.columnType(column)] as const);
      // Thousands of rows as VALUES take the parser seconds.
      const shape = JSON.stringify([Object.fromEntries(types)]);
      await this.sql.run(
        `INSERT INTO ${stream} BY NAME SELECT unnest(from_json(${sqlText(JSON.stringify(ofStream))}, ${sqlText(shape)}), recursive := true)`,
      );
      const days = new Set(
        ofStream.map((row) => `(${text(row["vehicle_id"])}, CAST(${text(row["event_at"])} AS DATE))`),
      );
      await this.sql.run(`INSERT INTO touched VALUES ${[...days].join(", ")}`);
    }
  }

  /** Lets rows go, as erasure and retention do. */
  async remove(stream: StreamName, where: string): Promise<void> {
    const source = DRIVING_FACTS.sources[stream];
    if (source !== undefined) {
      const from = `(FROM ${stream} WHERE ${where}) AS ${stream}`;
      for (const select of touchedSql("duckdb", source, { rows: stream, from }))
        await this.sql.run(`INSERT INTO touched ${select}`);
    }
    await this.sql.run(`DELETE FROM ${stream} WHERE ${where}`);
  }

  /** Brings the facts up to date with what was merged since the last time. */
  async refresh(dialect: FactDialect = "duckdb"): Promise<void> {
    for (const statement of refreshFacts(dialect, "touched")) await this.sql.run(onDuckDb(statement));
    await this.sql.run("DELETE FROM touched");
  }

  /** Computes everything from nothing. */
  async recompute(): Promise<void> {
    for (const { name } of DRIVING_FACTS.tables)
      if (name !== "speed_limit") await this.sql.run(`DELETE FROM ${name}`);
    for (const stream of ["gps_data", "vehicle_data", "weather_data", "emergency_data"])
      await this.sql.run(
        `INSERT INTO touched SELECT DISTINCT vehicle_id, CAST(event_at AS DATE) FROM ${stream}`,
      );
    await this.refresh();
  }

  rows(sql: string): Promise<readonly Readonly<Record<string, Cell>>[]> {
    return this.sql.cells(sql);
  }

  /** Every fact there is, row by row, for comparing two ways to them. Members of dimensions that nothing names are left out. */
  async facts(): Promise<Readonly<Record<string, readonly unknown[]>>> {
    const tables = factTables.filter(({ name }) => name.startsWith("fact_") || name === "dim_vehicle");
    const found = await Promise.all(
      tables.map(async ({ name }) => [name, await this.rows(`SELECT * FROM ${name} ORDER BY ALL`)] as const),
    );
    return Object.fromEntries(found);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.sql[Symbol.dispose]();
    await this.#engine[Symbol.asyncDispose]();
  }
}
