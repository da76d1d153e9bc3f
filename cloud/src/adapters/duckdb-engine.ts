import { availableParallelism } from "node:os";
import { DuckDBInstance, type DuckDBConnection } from "@duckdb/node-api";
import { RoadstreamError } from "@roadstream/shared";
import type { Cell } from "../sql/query-result.ts";
import { duckDbCell } from "./duckdb-cell.ts";

export interface DuckDbOptions {
  /** As DuckDB spells sizes: `512MB`. */
  readonly memoryLimit: string;
  readonly threads: number;
  /** Where it may spill; null: nowhere, a query beyond the limit fails. */
  readonly temporaryFolder: string | null;
  /** A database file, which this process then has for itself; absent: in memory. */
  readonly file?: string;
}

/** For what runs beside other things, and for long. */
export const DEFAULT_DUCKDB: DuckDbOptions = { memoryLimit: "1GB", threads: 2, temporaryFolder: null };

const MEBIBYTE = 1024 * 1024;
const LEAST_MEBIBYTES = 1024;

/** For a question that somebody waits for: half of the memory that is free, or that the container may still take. */
export const roomyDuckDb = (): DuckDbOptions => {
  const mebibytes = Math.max(LEAST_MEBIBYTES, Math.floor(process.availableMemory() / 2 / MEBIBYTE));
  return { ...DEFAULT_DUCKDB, memoryLimit: `${mebibytes}MiB`, threads: availableParallelism() };
};

/** A name inside double quotes. */
export const sqlName = (name: string): string => `"${name.replaceAll('"', '""')}"`;
/** A text inside single quotes. */
export const sqlText = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/**
 * One DuckDB for a process, in memory unless a file is named: so nothing is ever locked. Times are UTC throughout. Nothing
 * is downloaded: extensions come with the package or not at all.
 */
export class DuckDbEngine implements AsyncDisposable {
  readonly #instance: DuckDBInstance;
  readonly #open = new Set<DuckDBConnection>();

  private constructor(instance: DuckDBInstance) {
    this.#instance = instance;
  }

  static async open(options: DuckDbOptions = DEFAULT_DUCKDB): Promise<DuckDbEngine> {
    const instance = await DuckDBInstance.create(options.file ?? ":memory:", {
      memory_limit: options.memoryLimit,
      threads: String(options.threads),
      autoinstall_known_extensions: "false",
      // Unset, it would be `.tmp` where the process stands.
      temp_directory: options.temporaryFolder ?? "",
    });
    return new DuckDbEngine(instance);
  }

  /** A connection of its own: temporary tables and settings are seen by nobody else. Dispose of it. */
  async connect(): Promise<DuckDbConnection> {
    const raw = await this.#instance.connect();
    // Not among the instance's settings: the extension that knows it is loaded only after them.
    await raw.run("SET TimeZone = 'UTC'");
    this.#open.add(raw);
    return new DuckDbConnection(raw, () => this.#open.delete(raw));
  }

  [Symbol.asyncDispose](): Promise<void> {
    for (const connection of this.#open) connection.closeSync();
    this.#open.clear();
    this.#instance.closeSync();
    return Promise.resolve();
  }
}

export type SqlRow = Readonly<Record<string, unknown>>;

export class DuckDbConnection implements Disposable {
  /** For what this wrapper does not offer: appenders, streaming results. */
  readonly raw: DuckDBConnection;
  readonly #onClose: () => void;

  constructor(raw: DuckDBConnection, onClose: () => void) {
    this.raw = raw;
    this.#onClose = onClose;
  }

  async run(sql: string): Promise<void> {
    await guarded(sql, () => this.raw.run(sql));
  }

  /** Rows as JavaScript values: 64-bit integers are bigints, times are Dates, lists and structs are JSON-like. */
  async rows(sql: string): Promise<readonly SqlRow[]> {
    const reader = await guarded(sql, () => this.raw.runAndReadAll(sql));
    return reader.getRowObjectsJS();
  }

  /** Rows as JSON has them (see duckdb-cell.ts). */
  async cells(sql: string): Promise<readonly Readonly<Record<string, Cell>>[]> {
    const reader = await guarded(sql, () => this.raw.runAndReadAll(sql));
    return reader.convertRowObjects(duckDbCell) as readonly Readonly<Record<string, Cell>>[];
  }

  /** The same rows, some thousand at a time, while the query runs: for results that may be large. */
  async *stream(sql: string): AsyncGenerator<readonly SqlRow[]> {
    const chunks = await guarded(sql, async () => (await this.raw.stream(sql)).yieldRowObjectJs());
    for (;;) {
      const chunk = await guarded(sql, () => chunks.next());
      if (chunk.done === true) return;
      yield chunk.value;
    }
  }

  [Symbol.dispose](): void {
    this.#onClose();
    this.raw.closeSync();
  }
}

/** DuckDB's Node package gives no codes: the kind of an error is what its message begins with. */
const OF_THE_MACHINE = /^(?:IO|Out of Memory|Permission|Connection|Interrupt|FATAL) Error: /;
/** strerror(3) of ENOSPC and EDQUOT, which DuckDB ends an IO Error with. */
const NO_ROOM = /^IO Error: .*(?:No space left on device|Disk quota exceeded)/s;

const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));

/** Whether disk or memory failed; anything else may be DuckDB's objection to what it was given. */
export const isOfTheMachine = (error: unknown): boolean =>
  error instanceof RoadstreamError && OF_THE_MACHINE.test(messageOf(error.cause));

const guarded = async <T>(sql: string, work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (cause) {
    const message = messageOf(cause);
    throw new RoadstreamError("storage", `DuckDB: ${message} in: ${sql.slice(0, 200)}`, {
      cause,
      retryable: NO_ROOM.test(message),
    });
  }
};
