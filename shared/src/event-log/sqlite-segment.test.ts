import * as fc from "fast-check";
import { expect, test } from "vitest";
import { unixMillis } from "../time/time.ts";
import type { LogAppend } from "./event-log.ts";
import { SliceBuilder } from "./slice-builder.ts";
import { decodeSegment, encodeSegment, type SegmentRow } from "./sqlite-segment.ts";

const AT = { topic: "t", partition: 0 };
const aRecord = fc.record(
  {
    topic: fc.constant("t"),
    key: fc.constantFrom("car-1", "car-2", 'q"\n'),
    value: fc.string({ unit: "binary", maxLength: 20 }).filter((text) => !text.includes("\n")),
    headers: fc.dictionary(fc.string({ maxLength: 4 }), fc.string({ maxLength: 4 }), { maxKeys: 2 }),
  },
  { requiredKeys: ["topic", "key", "value"] },
);

const rowOf = (base: number, records: readonly LogAppend[]): SegmentRow => {
  const { count, keys, headers, body } = encodeSegment(records);
  return { base, count, keys, headers, body, appendedAt: unixMillis(5) };
};
const latin1 = (text: string): string => Buffer.from(text, "utf8").toString("latin1");

test("what a segment takes it gives back, from any offset and in pieces of any size", () => {
  fc.assert(
    fc.property(
      fc.array(aRecord, { minLength: 1, maxLength: 12 }),
      fc.nat(1000),
      fc.nat(11),
      fc.integer({ min: 1, max: 60 }),
      (records, base, skipped, maxBytes) => {
        const row = rowOf(base, records);
        const from = base + Math.min(skipped, records.length - 1);
        let next = from;
        for (let whole: boolean | null = false; whole !== true;) {
          const slice = new SliceBuilder(AT);
          whole = decodeSegment(row, next, maxBytes, slice);
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

test("a row that contradicts itself is not read", () => {
  const row = rowOf(0, [
    { topic: "t", key: "a", value: "1" },
    { topic: "t", key: "a", value: "2" },
  ]);
  const read = (changed: Partial<SegmentRow>): boolean | null =>
    decodeSegment({ ...row, ...changed }, 0, 100, new SliceBuilder(AT));
  expect(read({})).toBe(true);
  expect(read({ count: 3 })).toBeNull();
  expect(read({ keys: '[["a",1]]' })).toBeNull();
  expect(read({ headers: "[null]" })).toBeNull();
});
