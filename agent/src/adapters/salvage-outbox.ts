import type { DatabaseSync, SQLOutputValue } from "node:sqlite";
import { segmentIds } from "./segment-ids.ts";
import { FULL, IO_ERROR, resultCode } from "./sqlite-codes.ts";
import { isWholeSegment, isWholeSeries } from "./whole-rows.ts";

/** Rows copied by one transaction. */
const ROWS_AT_ONCE = 1000;

export interface Salvage {
  readonly kept: number;
  /** Places where a segment may have stood; how many numbers that cost, only the outbox's books can tell. */
  readonly unreadable: number;
}

type Row = Record<string, SQLOutputValue>;

/**
 * Copies what can be read of a damaged outbox file into a new one of this agent's format: the books, without which
 * nothing is worth anything (throws where they cannot be read), and segment by segment the records. Rows are fetched by
 * their id, so that a page that is gone costs what stood on it. Quarantined records are left to the file that is put aside.
 */
export const salvageOutbox = (from: DatabaseSync, to: DatabaseSync): Salvage => {
  to.exec("BEGIN IMMEDIATE");
  copyBooks(from, to);
  const byId = from.prepare("SELECT * FROM segment WHERE id = ?");
  let kept = 0;
  let unreadable = 0;
  for (const id of segmentIds(from)) {
    const row = id === "unreadable" ? null : readRow(() => byId.get(id));
    if (row === null || !isWholeSegment(row) || !isTaken(to, row)) {
      unreadable += 1;
      continue;
    }
    kept += 1;
    if (kept % ROWS_AT_ONCE === 0) to.exec("COMMIT; BEGIN IMMEDIATE");
  }
  to.exec("COMMIT");
  return { kept, unreadable };
};

const copyBooks = (from: DatabaseSync, to: DatabaseSync): void => {
  for (const boot of from.prepare("SELECT * FROM boot ORDER BY id").all()) insert(to, "boot", boot);
  for (const series of from.prepare("SELECT * FROM series ORDER BY id").all()) {
    if (!isWholeSeries(series)) throw new Error("ranges of a series are gone");
    insert(to, "series", series);
  }
  to.prepare("INSERT INTO meta (key, value) VALUES ('partial', 'yes')").run();
};

const readRow = (read: () => Row | undefined): Row | null => {
  try {
    return read() ?? null;
  } catch {
    return null;
  }
};

/** False where the new file's rules refuse the row, which is then not what was written. */
const isTaken = (to: DatabaseSync, row: Row): boolean => {
  try {
    insert(to, "segment", row);
    return true;
  } catch (error) {
    const code = resultCode(error);
    if (code === FULL || code === IO_ERROR) throw error;
    return false;
  }
};

const insert = (to: DatabaseSync, table: string, row: Row): void => {
  const columns = Object.keys(row);
  const marks = columns.map(() => "?").join(", ");
  to.prepare(`INSERT INTO ${table} (${columns.join(", ")}) VALUES (${marks})`).run(...Object.values(row));
};
