/** SQLite's primary result codes (sqlite.org/rescode.html). */
export const BUSY = 5;
export const LOCKED = 6;
export const IO_ERROR = 10;
export const CORRUPT = 11;
export const FULL = 13;
export const NOT_A_DATABASE = 26;

/** The primary code of what SQLite threw; null for anything else. */
export const resultCode = (error: unknown): number | null => {
  const code = (error as { errcode?: unknown } | null | undefined)?.errcode;
  return typeof code === "number" ? code & 0xff : null;
};
