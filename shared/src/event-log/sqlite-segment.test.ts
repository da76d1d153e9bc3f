import * as fc from "fast-check";
import { expect, test } from "vitest";
import { nodeZstd } from "../adapters/node-zstd.ts";
import { unixMillis } from "../time/time.ts";
import type { LogAppend, LogBlock, LogEntry } from "./event-log.ts";
import { singleRecords } from "./log-block.ts";
import { SliceBuilder } from "./slice-builder.ts";
import { decodeSegment, encodeSegment, type SegmentRow, type Unpack } from "./sqlite-segment.ts";

const AT = { topic: "t", partition: 0 };
const unpack: Unpack = (frame) => {
  const text = nodeZstd.decompress(frame, 1 << 20);
  return text === "too_large" ? null : text;
};
const aKey = fc.constantFrom("car-1", "car-2", 'q"\n');
const aRecord: fc.Arbitrary<LogAppend> = fc.record(
  {
    topic: fc.constant("t"),
    key: aKey,
    value: fc.string({ unit: "binary", maxLength: 20 }).filter((text) => !text.includes("\n")),
    headers: fc.dictionary(fc.string({ maxLength: 4 }), fc.string({ maxLength: 4 }), { maxKeys: 2 }),
  },
  { requiredKeys: ["topic", "key", "value"] },
);
const aBlock: fc.Arbitrary<LogBlock> = fc
  .record({
    key: aKey,
    head: fc
      .oneof(fc.string({ unit: "grapheme-ascii", maxLength: 5 }), fc.constantFrom("$&", "$'", "$`", "$$"))
      .map((name) => `{${JSON.stringify(name)}:1,`),
    lines: fc.array(
      fc.string({ unit: "grapheme-ascii", maxLength: 9 }).map((text) => JSON.stringify({ text })),
      { minLength: 1, maxLength: 5 },
    ),
    isPacked: fc.boolean(),
  })
  .map(({ key, head, lines, isPacked }) => {
    const text = lines.join("\n");
    const packed = isPacked ? nodeZstd.compress(Buffer.from(text)) : null;
    return { topic: "t", key, head, text, count: lines.length, packed };
  });

const rowOf = (base: number, entries: readonly LogEntry[]): SegmentRow => {
  const { count, pieces, headers, body } = encodeSegment(entries);
  return { base, count, pieces, headers, body, appendedAt: unixMillis(5) };
};
const latin1 = (text: string): string => Buffer.from(text, "utf8").toString("latin1");

test("what a segment takes it gives back, from any offset and in pieces of any size", () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(aRecord, aBlock), { minLength: 1, maxLength: 12 }),
      fc.nat(1000),
      fc.nat(11),
      fc.integer({ min: 1, max: 60 }),
      (entries, base, skipped, maxBytes) => {
        const row = rowOf(base, entries);
        const records = singleRecords(entries);
        const from = base + Math.min(skipped, records.length - 1);
        let next = from;
        for (let whole: boolean | null = false; whole !== true;) {
          const slice = new SliceBuilder(AT);
          whole = decodeSegment(row, next, maxBytes, slice, unpack);
          expect(whole).not.toBeNull();
          const part = slice.build();
          const wanted = records.slice(next - base, next - base + part.offsets.length);
          expect(part.offsets).toEqual(wanted.map((_, i) => next + i));
          expect(part.values).toEqual(wanted.map((record) => latin1(record.value)));
          expect(part.keys).toEqual(wanted.map((record) => record.key));
          const headers = wanted.map((record) => record.headers ?? null);
          expect(part.headers ?? headers.map(() => null)).toEqual(headers);
          expect(part.offsets.length).toBeGreaterThan(0);
          expect(part.offsets.length === 1 || slice.bytes <= maxBytes).toBe(true);
          next += part.offsets.length;
        }
        expect(next).toBe(base + records.length);
      },
    ),
  );
});

const TEXT = '{"n":1}\n{"n":2}';
const BLOCK = { topic: "t", key: "a", head: '{"v":1,', text: TEXT, count: 2 };

test("a row that contradicts itself is not read", () => {
  const read = (packed: Uint8Array | null, changed: Partial<SegmentRow>): boolean | null =>
    decodeSegment({ ...rowOf(0, [{ ...BLOCK, packed }]), ...changed }, 0, 100, new SliceBuilder(AT), unpack);
  expect(read(null, {})).toBe(true);
  expect(read(null, { count: 3 })).toBeNull();
  expect(read(null, { count: 1, pieces: '[["a",1,7,15,0]]' })).toBeNull();
  expect(read(null, { pieces: '[["a",2,7,14,0]]' })).toBeNull();
  expect(read(null, { headers: "[null]" })).toBeNull();
  expect(read(nodeZstd.compress(Buffer.from(TEXT)), {})).toBe(true);
  expect(read(Buffer.from("no frame"), {})).toBeNull();
  expect(read(nodeZstd.compress(Buffer.from("{}")), {})).toBeNull();
});

test("a packed text is kept as it came", () => {
  const packed = nodeZstd.compress(Buffer.from(TEXT));
  const { body } = encodeSegment([{ ...BLOCK, packed }]);
  expect(Buffer.from(body).subarray(-packed.length)).toEqual(Buffer.from(packed));
});
