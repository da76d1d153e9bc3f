import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StatementType, type DuckDBPreparedStatement } from "@duckdb/node-api";
import { errorText, RoadstreamError } from "@roadstream/shared";
import { askedFactViews } from "../facts/asked-views.ts";
import { FACT_VIEW_NAMES } from "../facts/fact-views.ts";
import { currentHeads } from "../lake/current-heads.ts";
import { TABLE_NAMES } from "../lake/table-definition.ts";
import { localFiles } from "../object-store/local-files.ts";
import { objectsAt } from "../object-store/objects-at.ts";
import type { QueryResult } from "../sql/query-result.ts";
import { duckDbViewSql } from "../views/duckdb-views.ts";
import { LAKE_VIEWS } from "../views/lake-views.ts";
import { duckDbCell, isNumberType } from "./duckdb-cell.ts";
import { roomyDuckDb, DuckDbEngine, sqlName, sqlText, type DuckDbConnection } from "./duckdb-engine.ts";
import { lakeFilesSql } from "./duckdb-lake-files.ts";
import type { OpenedLake } from "./open-lake.ts";

/** From here on SQL reaches the tables' files and the session's own folder, nothing else, and cannot undo that. */
const lock = async (connection: DuckDbConnection, files: readonly string[]): Promise<void> => {
  await connection.run(`SET allowed_paths = [${files.map(sqlText).join(", ")}]`);
  await connection.run("SET autoload_known_extensions = false");
  await connection.run("SET allow_community_extensions = false");
  await connection.run("SET enable_external_access = false");
  await connection.run("SET lock_configuration = true");
};

const defineView = async (
  connection: DuckDbConnection,
  { name, doc, select }: { readonly name: string; readonly doc: string; readonly select: string },
): Promise<void> => {
  await connection.run(`CREATE VIEW ${sqlName(name)} AS ${select}`);
  await connection.run(`COMMENT ON VIEW ${sqlName(name)} IS ${sqlText(doc)}`);
};

const defineViews = async (connection: DuckDbConnection, lake: OpenedLake): Promise<readonly string[]> => {
  const heads = await currentHeads(lake);
  const files: string[] = [];
  for (const name of TABLE_NAMES) {
    const table = lake.tables[name];
    const head = heads[name];
    const live = head === null ? [] : await table.files(head);
    const paths = await localFiles(
      lake.store,
      live.map(({ key }) => key),
    );
    for (const path of paths) files.push(path);
    const { definition } = table;
    await defineView(connection, { name, doc: definition.doc, select: lakeFilesSql(definition, paths) });
  }
  for (const view of LAKE_VIEWS)
    await defineView(connection, { ...view, select: duckDbViewSql(view, objectsAt(lake.store)) });
  return files;
};

/** `EXPLAIN ANALYZE` runs what it explains. */
const EXPLAIN = /^\s*explain(?:\s+analyze)?(?:\s*\([^()]*\))?\s+/i;

/**
 * SQL over the lake as it stood at the opening: DuckDB in memory over the tables' current files and the views on them.
 * Only reading statements are run; a lock on the engine's settings keeps these inside the lake.
 */
export class LakeSession implements AsyncDisposable {
  readonly #engine: DuckDbEngine;
  readonly #connection: DuckDbConnection;
  /** For what a query spills and for Parquet results; goes with the session, also when a closed pipe ends the process. */
  readonly #folder: string;
  readonly #removeFolder: () => void;
  /** Views of facts that were made so far. */
  readonly #facts = new Set<string>();

  private constructor(engine: DuckDbEngine, connection: DuckDbConnection, folder: string) {
    this.#engine = engine;
    this.#connection = connection;
    this.#folder = folder;
    this.#removeFolder = () => rmSync(folder, { recursive: true, force: true });
    process.once("exit", this.#removeFolder);
  }

  static async open(lake: OpenedLake, signal: AbortSignal): Promise<LakeSession> {
    const folder = await mkdtemp(join(tmpdir(), "roadstream-sql-"));
    const engine = await DuckDbEngine.open({ ...roomyDuckDb(), temporaryFolder: folder });
    const connection = await engine.connect();
    const session = new LakeSession(engine, connection, folder);
    try {
      await lock(connection, await defineViews(connection, lake));
    } catch (error) {
      await session[Symbol.asyncDispose]();
      throw error;
    }
    signal.addEventListener("abort", () => connection.raw.interrupt(), { once: true });
    return session;
  }

  async query(sql: string): Promise<QueryResult> {
    const statement = await this.#reading(sql);
    const result = await refusing(() => statement.stream());
    const types = result.columnTypes();
    return {
      columns: result.deduplicatedColumnNames().map((name, index) => {
        const type = types[index];
        return { name, type: String(type), isNumber: type !== undefined && isNumberType(type) };
      }),
      batches: refusingEach(result.yieldConvertedRows(duckDbCell)) as QueryResult["batches"],
    };
  }

  /** Writes a result as a Parquet file of the session, which is gone when the session is closed. */
  async parquet(sql: string): Promise<string> {
    await this.#reading(sql);
    const file = join(this.#folder, "result.parquet");
    const select = sql.trim().replace(/[;\s]+$/, "");
    await refusing(() =>
      this.#connection.raw.run(`COPY (\n${select}\n) TO ${sqlText(file)} (FORMAT parquet, COMPRESSION zstd)`),
    );
    return file;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#connection[Symbol.dispose]();
    await this.#engine[Symbol.asyncDispose]();
    this.#removeFolder();
    process.off("exit", this.#removeFolder);
  }

  /** The one statement of this text, which only reads: the allowed files may be opened for writing too. */
  async #reading(sql: string): Promise<DuckDBPreparedStatement> {
    await this.#defineFacts(sql);
    const statement = await this.#prepare(sql);
    const isReading =
      statement.statementType === StatementType.SELECT ||
      (statement.statementType === StatementType.EXPLAIN &&
        EXPLAIN.test(sql) &&
        (await this.#prepare(sql.replace(EXPLAIN, ""))).statementType === StatementType.SELECT);
    if (!isReading)
      throw new RoadstreamError("usage", "only queries run here: the lake is changed by roadstream alone", {
        hint: "SELECT …, SHOW TABLES, DESCRIBE table, SUMMARIZE table, EXPLAIN SELECT …",
      });
    return statement;
  }

  async #defineFacts(sql: string): Promise<void> {
    for (const view of askedFactViews(sql)) {
      if (this.#facts.has(view.name)) continue;
      await defineView(this.#connection, view);
      this.#facts.add(view.name);
    }
  }

  async #prepare(sql: string): Promise<DuckDBPreparedStatement> {
    if (sql.trim() === "") throw new RoadstreamError("usage", "there is no SQL to run");
    try {
      const statements = await this.#connection.raw.extractStatements(sql);
      if (statements.count !== 1) throw new RoadstreamError("usage", "one statement at a time, please");
      return await statements.prepare(0);
    } catch (cause) {
      if (cause instanceof RoadstreamError) throw cause;
      const tables = [...TABLE_NAMES, ...LAKE_VIEWS.map(({ name }) => name), ...FACT_VIEW_NAMES].join(", ");
      const problem = errorText(cause).replace("Failed to extract statements: ", "");
      throw new RoadstreamError("usage", problem, { cause, hint: `All that SQL sees here: ${tables}.` });
    }
  }
}

const refusing = async <T>(work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (cause) {
    throw new RoadstreamError("refused", errorText(cause), { cause });
  }
};

const refusingEach = async function* <T>(batches: AsyncIterable<T>): AsyncIterable<T> {
  const each = batches[Symbol.asyncIterator]();
  for (;;) {
    const next = await refusing(() => each.next());
    if (next.done === true) return;
    yield next.value;
  }
};
