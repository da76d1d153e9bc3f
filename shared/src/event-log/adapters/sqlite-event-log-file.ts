import { mkdirSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { errorText, RoadstreamError } from "../../errors.ts";
import { uuidV7 } from "../../random/uuid.ts";
import type { Random } from "../../random/random.ts";
import type { Clock } from "../../time/clock.ts";
import type { DurationMs } from "../../time/time.ts";
import { SQLITE_LOG_APPLICATION_ID, SQLITE_LOG_FORMAT, SQLITE_LOG_SCHEMA } from "../sqlite-schema.ts";

/** Result codes of https://www.sqlite.org/rescode.html (the low byte of an extended code). */
const BUSY = 5;
const LOCKED = 6;
const READONLY = 8;
const IOERR = 10;
const CORRUPT = 11;
const FULL = 13;
const CANTOPEN = 14;
const NOTADB = 26;
/** Another process holds the lock just now; worth another try. */
const TRANSIENT: ReadonlySet<number> = new Set([BUSY, LOCKED]);
/** Disk, file or permission. */
const STORAGE: ReadonlySet<number> = new Set([READONLY, IOERR, CORRUPT, FULL, CANTOPEN, NOTADB]);

const OPEN_ATTEMPTS = 20;
/** Fewer, larger pages: a segment's body is mostly overflow pages. */
const PAGE_BYTES = 8192;
/** The write-ahead log is copied into the file after this many pages (32 MiB). */
const CHECKPOINT_PAGES = 4096;
const WAL_KEEP_BYTES = 64 * 1024 * 1024;

/** SQLite's primary result code; null when the error is not SQLite's. */
const sqliteCode = (error: unknown): number | null => {
  const code = error instanceof Error ? (error as { errcode?: unknown }).errcode : undefined;
  return typeof code === "number" ? code & 0xff : null;
};

export const isDiskFull = (error: unknown): boolean => sqliteCode(error) === FULL;
export const isTransient = (error: unknown): boolean => {
  const code = sqliteCode(error);
  return code !== null && TRANSIENT.has(code);
};

/** What a caller of the port is to know of an error: `unavailable` to try again, `storage` when the file is the trouble. */
export const portError = (error: unknown, path: string): Error => {
  const code = sqliteCode(error);
  if (code === null) return error instanceof Error ? error : new Error(String(error));
  const text = `event log ${path}: ${errorText(error)}`;
  if (TRANSIENT.has(code)) return new RoadstreamError("unavailable", text, { cause: error });
  if (!STORAGE.has(code)) return new RoadstreamError("invariant", text, { cause: error });
  const hint = code === FULL ? "make room on the disk" : "look at the disk and at the file's permissions";
  return new RoadstreamError("storage", text, { cause: error, hint });
};

/** One connection to the log's file, and the proof that the path still names this file. */
export class SqliteLogFile implements Disposable {
  readonly db: DatabaseSync;
  readonly path: string;
  readonly #inode: string;

  constructor(options: {
    path: string;
    clock: Clock;
    random: Random;
    busy: DurationMs;
    /** Only what appends records must be fsynced; leases and marks are soft. */
    fsync: "each_commit" | "at_checkpoints";
  }) {
    this.path = resolve(options.path);
    mkdirSync(dirname(this.path), { recursive: true });
    this.db = new DatabaseSync(this.path, { timeout: options.busy, enableForeignKeyConstraints: true });
    try {
      this.#prepare(options);
    } catch (error) {
      this.db.close();
      throw portError(error, this.path);
    }
    this.#inode = this.#currentInode();
  }

  /** False when the file was deleted or replaced: what is written through this connection is lost to everybody. */
  isInPlace(): boolean {
    return this.#currentInode() === this.#inode;
  }

  /** Runs `work` in a write transaction; on any error nothing of it remains. */
  transaction<T>(work: () => T): T {
    this.db.exec("BEGIN IMMEDIATE");
    try {
      const result = work();
      this.db.exec("COMMIT");
      return result;
    } catch (error) {
      // A failed COMMIT may have rolled back by itself.
      if (this.db.isTransaction) this.db.exec("ROLLBACK");
      throw error;
    }
  }

  [Symbol.dispose](): void {
    if (this.db.isOpen) this.db.close();
  }

  #prepare(options: { clock: Clock; random: Random; fsync: "each_commit" | "at_checkpoints" }): void {
    this.db.exec(`PRAGMA page_size=${PAGE_BYTES}`);
    this.#switchToWal();
    this.db.exec(`PRAGMA synchronous=${options.fsync === "each_commit" ? "FULL" : "NORMAL"}`);
    this.db.exec(
      `PRAGMA wal_autocheckpoint=${CHECKPOINT_PAGES}; PRAGMA journal_size_limit=${WAL_KEEP_BYTES}`,
    );
    const stamp = this.#stamp();
    if (stamp.tables > 0 && stamp.application !== SQLITE_LOG_APPLICATION_ID) {
      throw new RoadstreamError("storage", `${this.path} is an SQLite file, but no event log`, {
        hint: "name another file",
      });
    }
    if (stamp.tables > 0 && stamp.format !== SQLITE_LOG_FORMAT) {
      throw new RoadstreamError(
        "storage",
        `${this.path} has event log format ${stamp.format}, not ${SQLITE_LOG_FORMAT}`,
        { hint: "let the version that wrote it bring everything into the lake, then name a new file" },
      );
    }
    if (stamp.tables === 0) this.#create(options);
  }

  /** SQLite does not wait for other processes here, whatever the busy time-out says: several may start at once. */
  #switchToWal(): void {
    for (let attempt = 1; ; attempt += 1) {
      try {
        this.db.exec("PRAGMA journal_mode=WAL");
        return;
      } catch (error) {
        if (!isTransient(error) || attempt === OPEN_ATTEMPTS) throw error;
        this.db.exec("BEGIN IMMEDIATE; COMMIT");
      }
    }
  }

  #stamp(): { application: number; format: number; tables: number } {
    const one = (sql: string): number => Number(Object.values(this.db.prepare(sql).get() ?? {})[0] ?? 0);
    return {
      application: one("PRAGMA application_id"),
      format: one("PRAGMA user_version"),
      tables: one("SELECT count(*) FROM sqlite_schema"),
    };
  }

  #create(options: { clock: Clock; random: Random }): void {
    this.transaction(() => {
      // Another process may have been first: then the row stays as it is.
      this.db.exec(SQLITE_LOG_SCHEMA);
      this.db.exec(
        `PRAGMA application_id=${SQLITE_LOG_APPLICATION_ID}; PRAGMA user_version=${SQLITE_LOG_FORMAT}`,
      );
      const now = options.clock.now();
      this.db
        .prepare("INSERT INTO log (id, uuid, created_at) VALUES (1, ?, ?) ON CONFLICT DO NOTHING")
        .run(uuidV7(now, options.random), now);
    });
  }

  #currentInode(): string {
    const stat = statSync(this.path, { bigint: true, throwIfNoEntry: false });
    return stat === undefined ? "gone" : `${stat.dev}:${stat.ino}`;
  }
}
