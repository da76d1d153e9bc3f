import type { DatabaseSync, SQLOutputValue } from "node:sqlite";

/** Places in a row that cannot be read: behind so many, nothing more is looked for. */
const MAX_UNREADABLE_IN_A_ROW = 1_000_000;
/** Rows copied by one transaction. */
const ROWS_AT_ONCE = 1000;

export interface Salvage {
  readonly kept: number;
  /** Places where a segment may have stood; how many numbers that cost, only the outbox's books can tell. */
  readonly unreadable: number;
}

type Row = Record<string, SQLOutputValue>;

/**
 * Copies what can be read of a damaged outbox file into a new one of the same format: the books, without which nothing
 * is worth anything (throws where they cannot be read), and segment by segment the records. Rows are sought by their id,
 * so that a page that is gone costs what stood on it. Quarantined records are left to the file that is put aside.
 */
export const salvageOutbox = (from: DatabaseSync, to: DatabaseSync): Salvage => {
  to.exec("BEGIN IMMEDIATE");
  for (const table of ["boot", "series"])
    for (const row of from.prepare(`SELECT * FROM ${table} ORDER BY id`).all()) insert(to, table, row);
  to.prepare("INSERT INTO meta (key, value) VALUES ('partial', 'yes')").run();
  const last = Number(
    from.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'segment'").get()?.["seq"] ?? 0,
  );
  const after = from.prepare("SELECT * FROM segment WHERE id > ? ORDER BY id LIMIT 1");
  let kept = 0;
  let unreadable = 0;
  let inARow = 0;
  for (let id = 0; id < last && inARow < MAX_UNREADABLE_IN_A_ROW;) {
    const row = readRow(() => after.get(id));
    if (row === null) break;
    if (row === "unreadable") {
      id += 1;
      unreadable += 1;
      inARow += 1;
      continue;
    }
    inARow = 0;
    id = Number(row["id"]);
    if (!isWhole(row)) {
      unreadable += 1;
      continue;
    }
    insert(to, "segment", row);
    kept += 1;
    if (kept % ROWS_AT_ONCE === 0) to.exec("COMMIT; BEGIN IMMEDIATE");
  }
  to.exec("COMMIT");
  return { kept, unreadable };
};

const readRow = (read: () => Row | undefined): Row | "unreadable" | null => {
  try {
    return read() ?? null;
  } catch {
    return "unreadable";
  }
};

const insert = (to: DatabaseSync, table: string, row: Row): void => {
  const columns = Object.keys(row);
  const marks = columns.map(() => "?").join(", ");
  to.prepare(`INSERT INTO ${table} (${columns.join(", ")}) VALUES (${marks})`).run(...Object.values(row));
};

/** A page of somebody else's bytes in the middle of a text breaks no rule of SQLite's. */
const isWhole = (row: Row): boolean => {
  const text = String(row["text"]);
  const firstSeq = Number(row["first_seq"]);
  const lines = text.split("\n");
  if (text.length !== row["size"] || lines.length !== Number(row["last_seq"]) - firstSeq + 1) return false;
  return lines.every((line, index) => line.startsWith(`{"seq":${firstSeq + index},`) && isJson(line));
};

const isJson = (line: string): boolean => {
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
};
