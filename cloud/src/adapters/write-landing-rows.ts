import { open, writeFile } from "node:fs/promises";
import type { LandingRows } from "../ingest/landing-rows.ts";

const BUFFER_BYTES = 1024 * 1024;
const NEWLINE = 0x0a;

/** Writes one line of JSON per row into a new file, through one buffer: no string is made per row. */
export const writeLandingLines = async (path: string, rows: LandingRows): Promise<void> => {
  await using file = await open(path, "wx");
  let buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  let used = 0;
  for (const value of rows.values) {
    const room = value.length + 1;
    if (used + room > buffer.length) {
      await file.write(buffer, 0, used);
      used = 0;
      if (room > buffer.length) buffer = Buffer.allocUnsafe(room);
    }
    used += buffer.write(value, used, "latin1");
    buffer[used] = NEWLINE;
    used += 1;
  }
  await file.write(buffer, 0, used);
};

/** Writes where the log has the rows, as CSV: partition, first offset, count, time of the append in milliseconds. */
export const writeLandingRuns = (path: string, rows: LandingRows): Promise<void> => {
  const lines = rows.runs.map(
    ({ partition, firstOffset, count, appendedAt }) => `${partition},${firstOffset},${count},${appendedAt}\n`,
  );
  return writeFile(path, lines.join(""), { flag: "wx" });
};
