import { RoadstreamError } from "@roadstream/shared";
import { DuckDbEngine, sqlName, sqlText, type DuckDbConnection } from "../adapters/duckdb-engine.ts";
import type { ObjectStore } from "../ports.ts";
import type { Cell } from "../sql/query-result.ts";
import { RedshiftLocks } from "./redshift-locks.ts";
import { copyStatement, inDuckDb, type CopyStatement } from "./redshift-sql.ts";

/** A database behind the stand-in of the Data API. */
export interface StandInEngine extends AsyncDisposable {
  /** A connection of its own, in no transaction. */
  session(): Promise<StandInSession>;
  /** Sessions that wait for a lock. */
  waiting(): Promise<number>;
}

export interface StandInSession {
  /** Rows of a query; throws what the database says. Begins a transaction where none is under way. */
  run(sql: string, signal: AbortSignal): Promise<readonly (readonly Cell[])[]>;
  commit(): Promise<void>;
  rollback(): Promise<void>;
  close(): Promise<void>;
}

/** Types of a file's columns, and the one type of a table that takes each: COPY of Parquet converts nothing. */
const TAKES: Readonly<Record<string, string>> = { "TIMESTAMP WITH TIME ZONE": "TIMESTAMP" };

interface ManifestEntry {
  readonly url: string;
  readonly mandatory: boolean;
  readonly meta: { readonly content_length: number };
}

/** Redshift as far as this system goes, by a DuckDB in memory; it reads files of the stores that it is given. */
export class DuckDbRedshift implements StandInEngine {
  readonly locks = new RedshiftLocks();
  readonly stores: ObjectStore[] = [];
  readonly externalSchemas: string[] = [];
  readonly #engine: DuckDbEngine;

  private constructor(engine: DuckDbEngine) {
    this.#engine = engine;
  }

  static async open(): Promise<DuckDbRedshift> {
    const engine = await DuckDbEngine.open();
    using connection = await engine.connect();
    await connection.run("CREATE SCHEMA public");
    return new DuckDbRedshift(engine);
  }

  waiting(): Promise<number> {
    return Promise.resolve(this.locks.waiting);
  }

  async session(): Promise<StandInSession> {
    return new DuckDbSession(this, await this.#engine.connect());
  }

  /** The object's bytes in a local file, and how many. */
  async file(
    url: string,
  ): Promise<{ readonly path: string; readonly store: ObjectStore; readonly key: string }> {
    for (const store of this.stores) {
      const key = store.keyOf(url);
      if (key !== null) return { path: await store.localFile(key), store, key };
    }
    throw new RoadstreamError("usage", `The S3 object ${url} does not exist`);
  }

  async manifest(url: string): Promise<readonly ManifestEntry[]> {
    const { store, key } = await this.file(url);
    const bytes = await store.get(key);
    if (bytes === null)
      throw new RoadstreamError("usage", `Problem reading manifest file - S3ServiceException: ${url}`);
    const { entries } = JSON.parse(new TextDecoder().decode(bytes)) as { entries: readonly ManifestEntry[] };
    return entries;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#engine[Symbol.asyncDispose]();
  }
}

class DuckDbSession implements StandInSession {
  readonly #redshift: DuckDbRedshift;
  readonly #connection: DuckDbConnection;
  #isInTransaction = false;

  constructor(redshift: DuckDbRedshift, connection: DuckDbConnection) {
    this.#redshift = redshift;
    this.#connection = connection;
  }

  async run(sql: string, signal: AbortSignal): Promise<readonly (readonly Cell[])[]> {
    const { locks } = this.#redshift;
    const [, locked] = /^LOCK TABLE "(\w+)"$/.exec(sql) ?? [];
    // Takes no snapshot: what is read after it is what the one who had the lock has committed.
    if (locked !== undefined) await locks.acquire(locked, this, signal);
    else if (sql.startsWith("SET ")) await this.#connection.run(inDuckDb(sql));
    else if (sql.startsWith("CREATE EXTERNAL SCHEMA")) this.#redshift.externalSchemas.push(sql);
    else return await this.#runInTransaction(sql, signal);
    return [];
  }

  async #runInTransaction(sql: string, signal: AbortSignal): Promise<readonly (readonly Cell[])[]> {
    const { locks } = this.#redshift;
    for (const table of locks.tables) if (sql.includes(`"${table}"`)) await locks.pass(table, this, signal);
    signal.throwIfAborted();
    if (!this.#isInTransaction) await this.#connection.run("BEGIN");
    this.#isInTransaction = true;
    const copy = copyStatement(sql);
    if (copy !== null) {
      await this.#copy(copy);
      return [];
    }
    const rows = await this.#connection.cells(inDuckDb(sql));
    // It commits whatever came before it.
    if (/^TRUNCATE/i.test(sql)) await this.commit();
    return rows.map((row) => Object.values(row));
  }

  async commit(): Promise<void> {
    await this.#end("COMMIT");
  }

  async rollback(): Promise<void> {
    await this.#end("ROLLBACK");
  }

  close(): Promise<void> {
    this.#connection[Symbol.dispose]();
    return Promise.resolve();
  }

  async #end(how: "COMMIT" | "ROLLBACK"): Promise<void> {
    try {
      if (this.#isInTransaction) await this.#connection.run(how);
    } finally {
      this.#isInTransaction = false;
      this.#redshift.locks.release(this);
    }
  }

  /** A file after the other, columns by their place. */
  async #copy({ table, manifest }: CopyStatement): Promise<void> {
    for (const { url, meta } of await this.#redshift.manifest(manifest)) {
      const { path, store, key } = await this.#redshift.file(url);
      const size = (await store.get(key))?.length;
      if (size !== meta.content_length)
        throw new Error(`${url} has ${size} bytes, not ${meta.content_length}`);
      const read = `read_parquet(${sqlText(path)}, hive_partitioning = false)`;
      const types = async (of: string): Promise<readonly string[]> =>
        (await this.#connection.rows(`DESCRIBE SELECT * FROM ${of}`)).map((row) =>
          String(row["column_type"]),
        );
      const [file, target] = [await types(read), await types(sqlName(table))];
      const wanted = file.map((type) => TAKES[type] ?? type);
      if (wanted.join() !== target.join())
        throw new Error(
          `Spectrum Scan Error: ${url} has an incompatible Parquet schema: ${wanted.join()} for ${target.join()}`,
        );
      await this.#connection.run(`INSERT INTO ${sqlName(table)} SELECT * FROM ${read}`);
    }
  }
}
