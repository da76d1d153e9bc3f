import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  copyStatement,
  DuckDbEngine,
  withoutLayout,
  type StandInEngine,
  type StandInSession,
  type WrittenLake,
} from "@roadstream/cloud/testing";
import type { Client } from "pg";
import { startPostgres, type RunningPostgres } from "./postgres.ts";

type Store = WrittenLake["lake"]["store"];
type Cells = Awaited<ReturnType<StandInSession["run"]>>;

const inPostgres = (sql: string): string =>
  withoutLayout(sql)
    .replaceAll(/VARBYTE\(\d+\)/g, "BYTEA")
    .replaceAll(/\bDATEDIFF\((\w+),/g, "datediff('$1',");

/** What Redshift has and its ancestor has not. */
const DATEDIFF = `CREATE FUNCTION datediff(unit TEXT, a TIMESTAMPTZ, b TIMESTAMPTZ) RETURNS BIGINT
  LANGUAGE SQL IMMUTABLE AS $$ SELECT CAST(EXTRACT(EPOCH FROM b - a) * 1000 AS BIGINT) $$`;

/** PostgreSQL 15 behind the stand-in of the Data API: its own locks, MERGE and isolation; DuckDB reads the Parquet for it. */
export class PostgresRedshift implements StandInEngine {
  readonly stores: Store[] = [];
  readonly #server: RunningPostgres;
  readonly #duckDb: DuckDbEngine;
  readonly #folder: string;

  private constructor(server: RunningPostgres, duckDb: DuckDbEngine) {
    this.#server = server;
    this.#duckDb = duckDb;
    this.#folder = mkdtempSync(join(tmpdir(), "roadstream-copy-"));
    chmodSync(this.#folder, 0o755);
  }

  static async open(): Promise<PostgresRedshift> {
    const server = await startPostgres();
    const client = await server.connect();
    await client.query(DATEDIFF);
    await client.end();
    return new PostgresRedshift(server, await DuckDbEngine.open());
  }

  /** Sessions that wait for a lock. */
  async waiting(): Promise<number> {
    const client = await this.#server.connect();
    const { rows } = await client.query<{ n: string }>(
      "SELECT COUNT(*) AS n FROM pg_locks WHERE NOT granted",
    );
    await client.end();
    return Number(rows[0]?.n);
  }

  async session(): Promise<StandInSession> {
    return new PostgresSession(this, await this.#server.connect());
  }

  /** The rows of a list of files as CSV, columns by their place. */
  async csv(manifest: string): Promise<string> {
    const paths: string[] = [];
    for (const { url } of await this.#entries(manifest)) paths.push(await this.#file(url));
    const csv = join(this.#folder, `${performance.now()}.csv`);
    using connection = await this.#duckDb.connect();
    const files = paths.map((path) => `'${path}'`).join(", ");
    await connection.run(
      `COPY (SELECT * FROM read_parquet([${files}], hive_partitioning = false)) TO '${csv}' (format csv, header false)`,
    );
    return csv;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#duckDb[Symbol.asyncDispose]();
    await this.#server[Symbol.asyncDispose]();
    rmSync(this.#folder, { recursive: true });
  }

  async #file(url: string): Promise<string> {
    for (const store of this.stores) {
      const key = store.keyOf(url);
      if (key !== null) return await store.localFile(key);
    }
    throw new Error(`The S3 object ${url} does not exist`);
  }

  async #entries(manifest: string): Promise<readonly { readonly url: string }[]> {
    const text = readFileSync(await this.#file(manifest), "utf8");
    return (JSON.parse(text) as { readonly entries: readonly { readonly url: string }[] }).entries;
  }
}

class PostgresSession implements StandInSession {
  readonly #redshift: PostgresRedshift;
  readonly #client: Client;
  #isInTransaction = false;

  constructor(redshift: PostgresRedshift, client: Client) {
    this.#redshift = redshift;
    this.#client = client;
  }

  async run(sql: string, signal: AbortSignal): Promise<Cells> {
    signal.throwIfAborted();
    // Snapshot isolation, by its older name; the snapshot is of the first statement that is no LOCK.
    if (!this.#isInTransaction) await this.#client.query("BEGIN ISOLATION LEVEL REPEATABLE READ");
    this.#isInTransaction = true;
    const copy = copyStatement(sql);
    const statement =
      copy === null
        ? inPostgres(sql)
        : `COPY "${copy.table}" FROM '${await this.#redshift.csv(copy.manifest)}' (FORMAT csv)`;
    const stop = (): void => void this.#client.end();
    signal.addEventListener("abort", stop, { once: true });
    try {
      const { rows } = await this.#client.query({ text: statement, rowMode: "array" });
      return rows;
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  async commit(): Promise<void> {
    if (this.#isInTransaction) await this.#client.query("COMMIT");
    this.#isInTransaction = false;
  }

  async rollback(): Promise<void> {
    if (this.#isInTransaction) await this.#client.query("ROLLBACK");
    this.#isInTransaction = false;
  }

  close(): Promise<void> {
    return this.#client.end();
  }
}
