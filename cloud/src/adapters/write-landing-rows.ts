import { open } from "node:fs/promises";
import type { LandingRows } from "../ingest/landing-rows.ts";

const BUFFER_BYTES = 1024 * 1024;
const COMMA = 0x2c;
const NEWLINE = 0x0a;
const MAX_PREFIX = 128;

/** Writes one line of JSON per row into a new file, through one buffer: no string is made per row but the prefix. */
export const writeLandingRows = async (path: string, rows: LandingRows): Promise<void> => {
  await using file = await open(path, "wx");
  let buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  let used = 0;
  for (let i = 0; i < rows.length; i += 1) {
    const value = rows.values[i] ?? "";
    const room = value.length + MAX_PREFIX;
    if (used + room > buffer.length) {
      await file.write(buffer, 0, used);
      used = 0;
      if (room > buffer.length) buffer = Buffer.allocUnsafe(room);
    }
    used += buffer.write(rows.prefix(i), used, "latin1");
    const start = used;
    used += buffer.write(value, used, "latin1");
    // The value's own opening brace makes room for the comma.
    buffer[start] = COMMA;
    buffer[used] = NEWLINE;
    used += 1;
  }
  await file.write(buffer, 0, used);
};
