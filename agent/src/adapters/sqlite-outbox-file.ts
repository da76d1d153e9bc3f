import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { errorText, RoadstreamError, uuidV7, type Clock, type Logger, type Random } from "@roadstream/shared";
import { salvageOutbox, type Salvage } from "./salvage-outbox.ts";

/** The file's format; another one is not touched. */
const FORMAT = 1;

const SEGMENT_BY_AGE = "CREATE INDEX segment_by_age ON segment (accepted_at) WHERE accepted_at IS NOT NULL;";

/** For files of format 1 from before there was this; agents that know nothing of it can go on writing to them. */
const ADD_UPTIME = `ALTER TABLE segment ADD COLUMN accepted_uptime INTEGER; ${SEGMENT_BY_AGE}`;

const SCHEMA = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID, STRICT;
CREATE TABLE boot (
  id INTEGER PRIMARY KEY AUTOINCREMENT, boot_id TEXT NOT NULL UNIQUE, machine_boot TEXT NOT NULL, closed INTEGER NOT NULL,
  said_boot TEXT, said_seq INTEGER
) STRICT;
CREATE TABLE series (
  id INTEGER PRIMARY KEY, boot_id TEXT NOT NULL, stream TEXT NOT NULL, given INTEGER NOT NULL,
  acknowledged TEXT NOT NULL, dropped TEXT NOT NULL, UNIQUE (boot_id, stream)
) STRICT;
CREATE TABLE segment (
  id INTEGER PRIMARY KEY AUTOINCREMENT, series_id INTEGER NOT NULL, first_seq INTEGER NOT NULL, last_seq INTEGER NOT NULL,
  size INTEGER NOT NULL, accepted_at INTEGER, accepted_uptime INTEGER, text TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX segment_of_series ON segment (series_id, last_seq);
${SEGMENT_BY_AGE}
CREATE TABLE quarantine (
  id INTEGER PRIMARY KEY AUTOINCREMENT, boot_id TEXT NOT NULL, stream TEXT NOT NULL, first_seq INTEGER NOT NULL,
  last_seq INTEGER NOT NULL, size INTEGER NOT NULL, text TEXT NOT NULL
) STRICT;
`;

/** SQLite's primary result codes (sqlite.org/rescode.html). */
const BUSY = 5;
const LOCKED = 6;
const IO_ERROR = 10;
const CORRUPT = 11;
const FULL = 13;
const NOT_A_DATABASE = 26;

const resultCode = (error: unknown): number | null => {
  const code = (error as { errcode?: unknown }).errcode;
  return typeof code === "number" ? code & 0xff : null;
};

/** A full disk passes; any other failure of the file does not. */
export const storageError = (error: unknown, what: string): RoadstreamError =>
  new RoadstreamError("storage", `outbox: ${what}: ${errorText(error)}`, {
    cause: error,
    retryable: resultCode(error) === FULL,
  });

const isCorruption = (error: unknown): boolean => {
  const cause = error instanceof RoadstreamError ? error.cause : error;
  const code = resultCode(cause);
  return code === CORRUPT || code === NOT_A_DATABASE;
};

/** The file, or the disk beneath it, is not what was written: the next opening is to examine it. */
export const isDamage = (error: unknown): boolean => {
  const cause = error instanceof RoadstreamError ? error.cause : error;
  return isCorruption(error) || resultCode(cause) === IO_ERROR;
};

export interface OutboxFile {
  readonly db: DatabaseSync;
  readonly outboxId: string;
  readonly path: string;
  /** Said when a corrupt file was put aside and this one begun. */
  readonly replaced: string | null;
}

/** Left beside a file in which damage was met while it was in use; asks the next opening for a full check. */
export const suspectMark = (path: string): string => `${path}.suspect`;

/** What of a damaged file is being copied to. Whole as soon as the damaged one has been put aside. */
const salvagePath = (path: string): string => `${path}.salvage`;

/**
 * Opens or begins the file and holds it for this process alone: SQLite's exclusive locking mode keeps its lock until
 * the process is gone, however it goes, so no lock file can be left behind.
 */
export const openOutboxFile = (options: {
  readonly directory: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly maxBytes: number;
}): OutboxFile => {
  const { directory, clock, random, logger, maxBytes } = options;
  mkdirSync(directory, { recursive: true });
  const path = join(directory, "outbox.sqlite");
  const newId = (): string => uuidV7(clock.now(), random);
  if (existsSync(path)) remove(salvagePath(path));
  else move(salvagePath(path), path);
  try {
    return { ...openDatabase(path, maxBytes, newId), path, replaced: null };
  } catch (error) {
    if (!isDamage(error)) throw error;
    const aside = `${path}.corrupt-${newId()}`;
    const salvage = trySalvage(path, maxBytes);
    if (salvage === null && !isCorruption(error)) throw error;
    move(path, aside);
    move(salvagePath(path), path);
    rmSync(suspectMark(path), { force: true });
    const about = { error: errorText(error), kept_as: aside };
    if (salvage === null)
      logger.error("outbox_replaced", {
        ...about,
        meaning: "readings of the old file that were not yet acknowledged stay in it; a new outbox begins",
      });
    else
      logger.error("outbox_salvaged", {
        ...about,
        segments: salvage.kept,
        meaning: "what can be read goes on; what cannot is declared as a gap",
      });
    return { ...openDatabase(path, maxBytes, newId), path, replaced: salvage === null ? aside : null };
  }
};

const FILES = ["", "-wal", "-shm"];

const move = (from: string, to: string): void => {
  for (const suffix of FILES) if (existsSync(from + suffix)) renameSync(from + suffix, to + suffix);
};

const remove = (path: string): void => {
  for (const suffix of FILES) rmSync(path + suffix, { force: true });
};

/** Null, and no file, where nothing can be kept: the books are gone, or there is no room for a second file. */
const trySalvage = (path: string, maxBytes: number): Salvage | null => {
  let from: DatabaseSync | null = null;
  let to: DatabaseSync | null = null;
  try {
    from = new DatabaseSync(path);
    configure(from, maxBytes);
    const id = identify(from, () => "");
    to = openDatabase(salvagePath(path), maxBytes, () => id).db;
    const salvage = salvageOutbox(from, to);
    // Its log goes back into it, so that one file is all of it.
    to.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    return salvage;
  } catch {
    to?.close();
    to = null;
    remove(salvagePath(path));
    return null;
  } finally {
    to?.close();
    from?.close();
  }
};

const openDatabase = (
  path: string,
  maxBytes: number,
  newId: () => string,
): { db: DatabaseSync; outboxId: string } => {
  let db: DatabaseSync | null = null;
  try {
    db = new DatabaseSync(path);
    configure(db, maxBytes);
    if (existsSync(suspectMark(path))) checkWhole(db, path);
    return { db, outboxId: identify(db, newId) };
  } catch (error) {
    db?.close();
    const code = resultCode(error);
    if (code === BUSY || code === LOCKED) {
      throw new RoadstreamError("usage", `another agent is using ${path}`, {
        cause: error,
        hint: "each agent needs a --data folder of its own",
      });
    }
    if (error instanceof RoadstreamError) throw error;
    throw storageError(error, `cannot open ${path}`);
  }
};

const PAGE_BYTES = 4096;

/** FULL: NORMAL would lose the last commits of a WAL at a power cut. Checkpoints are ours, so that fsyncs are countable. */
const configure = (db: DatabaseSync, maxBytes: number): void => {
  db.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA busy_timeout = 0;");
  db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;");
  db.exec("PRAGMA temp_store = MEMORY; PRAGMA cache_size = -8192; PRAGMA journal_size_limit = 8388608;");
  db.exec(`PRAGMA page_size = ${PAGE_BYTES}; PRAGMA max_page_count = ${Math.ceil(maxBytes / PAGE_BYTES)};`);
  // Takes the lock now rather than at the first write.
  db.exec("BEGIN IMMEDIATE; COMMIT;");
};

const identify = (db: DatabaseSync, newId: () => string): string => {
  const format = Number(db.prepare("PRAGMA user_version").get()?.["user_version"] ?? 0);
  if (format === 0) {
    const id = newId();
    // Commit point: a file with a format number is whole.
    db.exec("BEGIN IMMEDIATE");
    db.exec(SCHEMA);
    db.prepare("INSERT INTO meta (key, value) VALUES ('outbox_id', ?)").run(id);
    db.exec(`PRAGMA user_version = ${FORMAT}; COMMIT;`);
    return id;
  }
  if (format !== FORMAT) {
    throw new RoadstreamError("usage", `the outbox has format ${format}, this agent writes ${FORMAT}`, {
      hint: "use the agent version that wrote it, or give --data another folder",
    });
  }
  const uptimes = db.prepare("SELECT 1 FROM pragma_table_info('segment') WHERE name = 'accepted_uptime'");
  if (uptimes.get() === undefined) db.exec(`BEGIN IMMEDIATE; ${ADD_UPTIME} COMMIT;`);
  const id = db.prepare("SELECT value FROM meta WHERE key = 'outbox_id'").get()?.["value"];
  if (typeof id !== "string") throw corruption("no outbox id");
  return id;
};

const checkWhole = (db: DatabaseSync, path: string): void => {
  const verdict = db.prepare("PRAGMA quick_check(1)").get();
  if (verdict?.["quick_check"] !== "ok") throw corruption(String(verdict?.["quick_check"]));
  rmSync(suspectMark(path), { force: true });
};

const corruption = (what: string): RoadstreamError =>
  new RoadstreamError("storage", `outbox: ${what}`, { cause: { errcode: CORRUPT } });
