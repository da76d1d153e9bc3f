import {
  errorText,
  millis,
  retryIntervals,
  RoadstreamError,
  type Clock,
  type Random,
  type RetrySchedule,
} from "@roadstream/shared";
import { localFiles } from "../object-store/local-files.ts";
import type { ObjectStore } from "../ports.ts";
import { cellText } from "../sql/cell-text.ts";
import { DUCKDB_DIALECT } from "../warehouse/duckdb-dialect.ts";
import type { StagedFiles, Staging, Warehouse, WarehouseRow } from "../warehouse/ports.ts";
import { names, quoted } from "../warehouse/sql-text.ts";
import { roomyDuckDb, DuckDbEngine, type DuckDbConnection } from "./duckdb-engine.ts";
import { lakeFilesSql } from "./duckdb-lake-files.ts";

/** About ten seconds: another load, or somebody's query, has the file. */
const BUSY_SCHEDULE: RetrySchedule = { firstMs: 100, factor: 2, maxMs: 2_000, jitter: 0.5 };
const BUSY_ATTEMPTS = 10;
/** As DuckDB 1.5 words it: its errors have no codes. */
const isBusy = (error: unknown): boolean => /Could not set lock/.test(errorText(error));

/** An interrupt that comes before the engine has begun a statement is forgotten: it is asked again so often. */
const INTERRUPT_EVERY = millis(50);

/** The lock on a file is the process's: it does not keep the process itself from opening the file twice, which ruins it. */
const openFiles = new Set<string>();

export interface DuckDbWarehouseOptions {
  readonly file: string;
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly random: Random;
  /** Interrupts what is running. */
  readonly signal: AbortSignal;
}

/** One database file as a warehouse. While it is open no other process can read it: it is opened for a load, and closed. */
export class DuckDbWarehouse implements Warehouse {
  readonly dialect = DUCKDB_DIALECT;
  readonly name: string;
  readonly #options: DuckDbWarehouseOptions;
  readonly #engine: DuckDbEngine;
  readonly #connection: DuckDbConnection;

  private constructor(options: DuckDbWarehouseOptions, engine: DuckDbEngine, connection: DuckDbConnection) {
    this.name = `duckdb:${options.file}`;
    this.#options = options;
    this.#engine = engine;
    this.#connection = connection;
  }

  /** Waits a little for whoever has the file. Throws `unavailable` when it stays in use. */
  static async open(options: DuckDbWarehouseOptions): Promise<DuckDbWarehouse> {
    const { file, clock, random, signal } = options;
    const waits = retryIntervals(BUSY_SCHEDULE, random);
    for (let attempt = 1; ; attempt += 1) {
      const opened = await DuckDbWarehouse.#tryOpen(options);
      if (opened !== null) return opened;
      if (attempt === BUSY_ATTEMPTS) {
        throw new RoadstreamError("unavailable", `${file} is open in another program`, {
          hint: "close it there: DuckDB lets one program at a time have a file, or several that only read",
        });
      }
      await clock.sleep(waits.next().value, signal);
    }
  }

  /** Null while somebody else has the file. */
  static async #tryOpen(options: DuckDbWarehouseOptions): Promise<DuckDbWarehouse | null> {
    const { file } = options;
    if (openFiles.has(file)) return null;
    openFiles.add(file);
    try {
      const engine = await DuckDbEngine.open({ ...roomyDuckDb(), file, temporaryFolder: `${file}.tmp` });
      return new DuckDbWarehouse(options, engine, await engine.connect());
    } catch (error) {
      openFiles.delete(file);
      if (isBusy(error)) return null;
      throw new RoadstreamError("storage", `cannot open ${file}: ${errorText(error)}`, { cause: error });
    }
  }

  setUp(): Promise<void> {
    return Promise.resolve();
  }

  async query(sql: string): Promise<readonly WarehouseRow[]> {
    const rows = await this.#running(() => this.#connection.cells(sql));
    return rows.map((row) => Object.values(row).map(cellText));
  }

  /** The commit point is COMMIT: DuckDB's own log is fsynced with it. */
  async transact(statements: readonly string[]): Promise<void> {
    const { signal } = this.#options;
    await this.#running(async () => {
      await this.#connection.run("BEGIN");
      try {
        for (const statement of statements) {
          signal.throwIfAborted();
          await this.#connection.run(statement);
        }
        await this.#connection.run("COMMIT");
      } catch (error) {
        await this.#connection.run("ROLLBACK").catch(() => undefined);
        throw error;
      }
    });
  }

  async stage({ table, definition, columns, files }: Staging): Promise<StagedFiles> {
    const paths = await localFiles(
      this.#options.store,
      files.map(({ key }) => key),
    );
    return {
      statement: `INSERT INTO ${quoted(table)} SELECT ${names(columns)} FROM (${lakeFilesSql(definition, paths)})`,
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#connection[Symbol.dispose]();
    await this.#engine[Symbol.asyncDispose]();
    openFiles.delete(this.#options.file);
  }

  /** Nothing of what failed was done; `aborted` where that is because the signal fired. */
  async #running<T>(work: () => Promise<T>): Promise<T> {
    const { signal } = this.#options;
    const ended = new AbortController();
    const interrupting: Promise<void>[] = [];
    const interrupt = (): void => void interrupting.push(this.#interrupt(ended.signal));
    signal.addEventListener("abort", interrupt, { once: true });
    try {
      signal.throwIfAborted();
      return await work();
    } catch (error) {
      const code = signal.aborted ? "aborted" : "refused";
      throw new RoadstreamError(code, errorText(error), { cause: error });
    } finally {
      signal.removeEventListener("abort", interrupt);
      ended.abort();
      await Promise.all(interrupting);
    }
  }

  async #interrupt(ended: AbortSignal): Promise<void> {
    while (!ended.aborted) {
      this.#connection.raw.interrupt();
      await this.#options.clock.sleep(INTERRUPT_EVERY, ended).catch(() => undefined);
    }
  }
}
