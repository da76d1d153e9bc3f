import type { LogAppend } from "./event-log.ts";
import type { SliceBuilder } from "./slice-builder.ts";
import type { UnixMillis } from "../time/time.ts";

/** The columns of a segment row that follow from its records. */
export interface SegmentColumns {
  readonly count: number;
  /** What the segment counts against the log's budget. */
  readonly bytes: number;
  /** Runs of equal keys, as JSON `[[key, length], …]`: a publish of one vehicle is one run. */
  readonly keys: string;
  /** JSON array of objects and nulls; null when no record has headers. */
  readonly headers: string | null;
  /** Values in UTF-8, joined by newline, without one at the end. */
  readonly body: Uint8Array;
}

export interface SegmentRow {
  readonly base: number;
  readonly count: number;
  readonly appendedAt: UnixMillis;
  readonly keys: string;
  readonly headers: string | null;
  readonly body: Uint8Array;
}

/** Rows and index entries that SQLite spends on a segment beside its contents. */
const SEGMENT_OVERHEAD_BYTES = 128;

const encodeKeys = (records: readonly LogAppend[]): string => {
  const runs: [string, number][] = [];
  let last: [string, number] | null = null;
  for (const { key } of records) {
    if (last !== null && last[0] === key) last[1] += 1;
    else runs.push((last = [key, 1]));
  }
  return JSON.stringify(runs);
};

export const encodeSegment = (records: readonly LogAppend[]): SegmentColumns => {
  const keys = encodeKeys(records);
  const headers = records.some((record) => record.headers !== undefined)
    ? JSON.stringify(records.map((record) => record.headers ?? null))
    : null;
  const body = Buffer.from(records.map((record) => record.value).join("\n"), "utf8");
  const bytes = SEGMENT_OVERHEAD_BYTES + keys.length + (headers?.length ?? 0) + body.length;
  return { count: records.length, bytes, keys, headers, body };
};

/**
 * Adds the segment's records from offset `from` on, until the slice has `maxBytes` of values (one record at least).
 * False when it stopped in the middle; null when the row contradicts itself.
 */
export const decodeSegment = (
  row: SegmentRow,
  from: number,
  maxBytes: number,
  slice: SliceBuilder,
): boolean | null => {
  const body = Buffer.from(row.body.buffer, row.body.byteOffset, row.body.byteLength);
  const values = body.toString("latin1").split("\n");
  const runs = JSON.parse(row.keys) as readonly (readonly [string, number])[];
  const headers =
    row.headers === null ? null : (JSON.parse(row.headers) as readonly (Record<string, string> | null)[]);
  const keyed = runs.reduce((sum, [, length]) => sum + length, 0);
  if (values.length !== row.count || keyed !== row.count || (headers?.length ?? row.count) !== row.count)
    return null;
  let i = 0;
  for (const [key, length] of runs) {
    for (const end = i + length; i < end; i += 1) {
      if (row.base + i < from) continue;
      const value = values[i] ?? "";
      if (slice.count > 0 && slice.bytes + value.length > maxBytes) return false;
      slice.add(row.base + i, row.appendedAt, key, value, headers?.[i] ?? null);
    }
  }
  return true;
};
