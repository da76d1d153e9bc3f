import { existsSync, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { errorText, RoadstreamError, uuidV7, type Clock, type Logger, type Random } from "@roadstream/shared";
import { salvageOutbox, type Salvage } from "./salvage-outbox.ts";
import { BUSY, CORRUPT, FULL, IO_ERROR, LOCKED, NOT_A_DATABASE, resultCode } from "./sqlite-codes.ts";
import { isWholeSegment, isWholeSeries } from "./whole-rows.ts";

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

/** A full disk passes; any other failure of the file does not. */
export const storageError = (error: unknown, what: string): RoadstreamError =>
  new RoadstreamError("storage", `outbox: ${what}: ${errorText(error)}`, {
    cause: error,
    retryable: resultCode(error) === FULL,
  });

const causeCode = (error: unknown): number | null =>
  resultCode(error instanceof RoadstreamError ? error.cause : error);

const isCorruption = (error: unknown): boolean => {
  const code = causeCode(error);
  return code === CORRUPT || code === NOT_A_DATABASE;
};

/** The file, or the disk beneath it, is not what was written: the next opening is to examine it. */
export const isDamage = (error: unknown): boolean => isCorruption(error) || causeCode(error) === IO_ERROR;

export interface OutboxFile {
  readonly db: DatabaseSync;
  readonly outboxId: string;
  readonly path: string;
  /** False for a file from before there was this, on a disk too full to add it: the next opening tries again. */
  readonly hasUptimes: boolean;
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
  else if (existsSync(salvagePath(path))) {
    // Killed while the damaged file was put aside: what is left of its log belongs to that one.
    remove(path);
    move(salvagePath(path), path);
  }
  try {
    return { ...openDatabase(path, maxBytes, newId), path, replaced: null };
  } catch (error) {
    if (!isDamage(error)) throw error;
    const aside = `${path}.corrupt-${newId()}`;
    const salvage = trySalvage(path, maxBytes);
    if (salvage === null && (!isCorruption(error) || isDiskFailing(path))) throw error;
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

/**
 * Null, and no file, where nothing can be kept: the books are gone. Throws where a second file finds no room, or the disk
 * cannot be read where the books are: the damaged file stays where it is, for a start that has better luck.
 */
const trySalvage = (path: string, maxBytes: number): Salvage | null => {
  let from: DatabaseSync | null = null;
  let to: DatabaseSync | null = null;
  try {
    from = new DatabaseSync(path);
    configure(from, maxBytes);
    // Read, and not brought up to date: to write to a damaged file meets the damage.
    const id = identityOf(from);
    // What fitted once shall not find that the settings allow less by now.
    const room = Math.max(maxBytes, 2 * statSync(path).size);
    to = openDatabase(salvagePath(path), room, () => id).db;
    const salvage = salvageOutbox(from, to);
    // Its log goes back into it, so that one file is all of it.
    to.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    return salvage;
  } catch (error) {
    to?.close();
    to = null;
    remove(salvagePath(path));
    const code = causeCode(error);
    if (code === FULL || code === IO_ERROR)
      throw storageError(error, `${path} is damaged, and cannot be salvaged now`);
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
): Pick<OutboxFile, "db" | "outboxId" | "hasUptimes"> => {
  let db: DatabaseSync | null = null;
  try {
    db = new DatabaseSync(path);
    configure(db, maxBytes);
    if (existsSync(suspectMark(path))) checkWhole(db, path);
    const outboxId = identify(db, newId);
    return { db, outboxId, hasUptimes: addUptimes(db) };
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

const formatOf = (db: DatabaseSync): number =>
  Number(db.prepare("PRAGMA user_version").get()?.["user_version"] ?? 0);

/** The outbox's id, begun where there is none. */
const identify = (db: DatabaseSync, newId: () => string): string => {
  if (formatOf(db) !== 0) return identityOf(db);
  const id = newId();
  // Commit point: a file with a format number is whole.
  db.exec("BEGIN IMMEDIATE");
  db.exec(SCHEMA);
  db.prepare("INSERT INTO meta (key, value) VALUES ('outbox_id', ?)").run(id);
  db.exec(`PRAGMA user_version = ${FORMAT}; COMMIT;`);
  return id;
};

const identityOf = (db: DatabaseSync): string => {
  const format = formatOf(db);
  if (format !== FORMAT) {
    throw new RoadstreamError("usage", `the outbox has format ${format}, this agent writes ${FORMAT}`, {
      hint: "use the agent version that wrote it, or give --data another folder",
    });
  }
  const id = db.prepare("SELECT value FROM meta WHERE key = 'outbox_id'").get()?.["value"];
  if (typeof id !== "string") throw corruption("no outbox id");
  return id;
};

/** Brings an older file up to date; false where the disk is too full for that, and nothing changed. */
const addUptimes = (db: DatabaseSync): boolean => {
  const uptimes = db.prepare("SELECT 1 FROM pragma_table_info('segment') WHERE name = 'accepted_uptime'");
  if (uptimes.get() !== undefined) return true;
  try {
    db.exec(`BEGIN IMMEDIATE; ${ADD_UPTIME} COMMIT;`);
    return true;
  } catch (error) {
    if (db.isTransaction) db.exec("ROLLBACK");
    if (resultCode(error) !== FULL) throw error;
    return false;
  }
};

/** SQLite's own rules, and what it knows nothing of: texts and ranges. Takes the mark away where all of it holds. */
const checkWhole = (db: DatabaseSync, path: string): void => {
  const verdict = String(db.prepare("PRAGMA quick_check(1)").get()?.["quick_check"]);
  if (verdict !== "ok") throw corruption(verdict);
  for (const series of db.prepare("SELECT * FROM series").iterate())
    if (!isWholeSeries(series)) throw corruption("ranges of a series are gone");
  for (const segment of db.prepare("SELECT * FROM segment").iterate())
    if (!isWholeSegment(segment)) throw corruption("a text is not what was written");
  rmSync(suspectMark(path), { force: true });
};

/**
 * Whether it is the disk that cannot be read. A statement calls that corruption, as it does wrong bytes; the check gives
 * the code that it met within its text (SQLITE_IOERR_CORRUPTFS, 8458, for EIO).
 */
const isDiskFailing = (path: string): boolean => {
  const db = new DatabaseSync(path);
  try {
    // One finding: a check that goes on reads rows, by a statement like any other.
    const verdict = String(db.prepare("PRAGMA quick_check(1)").get()?.["quick_check"]);
    return resultCode({ errcode: Number(/error code[ =]*(\d+)/.exec(verdict)?.[1] ?? 0) }) === IO_ERROR;
  } catch (error) {
    return causeCode(error) === IO_ERROR;
  } finally {
    db.close();
  }
};

/** For what SQLite itself does not notice. */
export const corruption = (what: string): RoadstreamError =>
  new RoadstreamError("storage", `outbox: ${what}`, { cause: { errcode: CORRUPT } });
