import type { LogAppend, LogEntry } from "./event-log.ts";
import { isBlock, withHead } from "./log-block.ts";
import type { SliceBuilder } from "./slice-builder.ts";
import type { UnixMillis } from "../time/time.ts";

/** The columns of a segment row that follow from its records. */
export interface SegmentColumns {
  readonly count: number;
  /** What the segment counts against the log's budget. */
  readonly bytes: number;
  /** JSON array of {@link Piece}. */
  readonly pieces: string;
  /** JSON array of objects and nulls; null when no record has headers. */
  readonly headers: string | null;
  /** Of each piece the head and the text. */
  readonly body: Uint8Array;
}

export interface SegmentRow {
  readonly base: number;
  readonly count: number;
  readonly appendedAt: UnixMillis;
  readonly pieces: string;
  readonly headers: string | null;
  readonly body: Uint8Array;
}

/**
 * Records of one key that stand together: how many, the bytes of the head that each of them begins with (0: none, the
 * lines are whole), the bytes of their text, and whether that is a zstd frame.
 */
type Piece = readonly [key: string, count: number, headBytes: number, textBytes: number, isPacked: 0 | 1];

/** Unpacks a zstd frame; null when it is none. */
export type Unpack = (frame: Uint8Array) => Uint8Array | null;

/** Rows and index entries that SQLite spends on a segment beside its contents. */
const SEGMENT_OVERHEAD_BYTES = 128;

interface Part {
  readonly key: string;
  readonly count: number;
  /** As a string, both are ASCII. */
  readonly head: string;
  readonly text: string | Uint8Array;
  readonly isPacked: 0 | 1;
}

/** A block is a part of its own, single records of one key that follow each other are one. */
const partsOf = (entries: readonly LogEntry[]): readonly Part[] => {
  const parts: Part[] = [];
  let run: string[] = [];
  entries.forEach((entry, i) => {
    const { key } = entry;
    if (isBlock(entry)) {
      const { count, head, packed } = entry;
      parts.push({ key, count, head, text: packed ?? entry.text, isPacked: packed === null ? 0 : 1 });
      return;
    }
    run.push(entry.value);
    const next = entries[i + 1];
    if (next !== undefined && !isBlock(next) && next.key === key) return;
    parts.push({ key, count: run.length, head: "", text: Buffer.from(run.join("\n")), isPacked: 0 });
    run = [];
  });
  return parts;
};

const headersOf = (entries: readonly LogEntry[]): string | null => {
  const one = (entry: LogEntry): LogAppend["headers"] | null =>
    isBlock(entry) ? null : (entry.headers ?? null);
  if (!entries.some((entry) => one(entry) !== null)) return null;
  return JSON.stringify(
    entries.flatMap((entry) =>
      isBlock(entry) ? Array.from({ length: entry.count }, () => null) : [one(entry)],
    ),
  );
};

export const encodeSegment = (entries: readonly LogEntry[]): SegmentColumns => {
  const pieces: Piece[] = [];
  const parts = partsOf(entries);
  let count = 0;
  let size = 0;
  for (const { key, count: records, head, text, isPacked } of parts) {
    pieces.push([key, records, head.length, text.length, isPacked]);
    count += records;
    size += head.length + text.length;
  }
  const body = Buffer.allocUnsafe(size);
  let at = 0;
  for (const { head, text } of parts) {
    at += body.write(head, at, "latin1");
    if (typeof text === "string") body.write(text, at, "latin1");
    else body.set(text, at);
    at += text.length;
  }
  const headers = headersOf(entries);
  const json = JSON.stringify(pieces);
  const bytes = SEGMENT_OVERHEAD_BYTES + json.length + (headers?.length ?? 0) + size;
  return { count, bytes, pieces: json, headers, body };
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
  unpack: Unpack,
): boolean | null => {
  const body = Buffer.from(row.body.buffer, row.body.byteOffset, row.body.byteLength);
  const pieces = JSON.parse(row.pieces) as readonly Piece[];
  const headers =
    row.headers === null ? null : (JSON.parse(row.headers) as readonly (Record<string, string> | null)[]);
  let records = 0;
  let size = 0;
  for (const [, count, headBytes, textBytes] of pieces) {
    records += count;
    size += headBytes + textBytes;
  }
  if (records !== row.count || size !== body.length || (headers?.length ?? row.count) !== row.count)
    return null;
  let at = 0;
  let offset = row.base;
  for (const [key, count, headBytes, textBytes, isPacked] of pieces) {
    const textAt = at + headBytes;
    const end = textAt + textBytes;
    if (offset + count > from) {
      const text = isPacked === 1 ? unpack(body.subarray(textAt, end)) : body.subarray(textAt, end);
      if (text === null) return null;
      const lines = linesOf(body.toString("latin1", at, textAt), text);
      if (lines.length !== count) return null;
      for (let i = Math.max(0, from - offset); i < count; i += 1) {
        const value = lines[i] ?? "";
        if (slice.count > 0 && slice.bytes + value.length > maxBytes) return false;
        const index = offset - row.base + i;
        slice.add(offset + i, row.appendedAt, key, value, headers?.[index] ?? null);
      }
    }
    offset += count;
    at = end;
  }
  return true;
};

const linesOf = (head: string, bytes: Uint8Array): readonly string[] => {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
  return head === "" ? text.split("\n") : withHead(head, text);
};
