import { createRequire } from "node:module";
import { zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeFetchResponse } from "../kafka-fetch-response.ts";
import { readRecordBatches, type BatchesToRead } from "../kafka-record-batches.ts";
import { SliceBuilder } from "../slice-builder.ts";
import { inflateKafkaBatch } from "./kafka-event-log-inflate.ts";

/**
 * What kafkajs writes, read by our own decoder: the same format by another hand. Records of one batch are given as
 * values; numbers of bytes and the like are kafkajs's business.
 */
interface Encoder {
  readonly buffer: Buffer;
}
const require = createRequire(import.meta.url);
const recordOf = require("kafkajs/src/protocol/recordBatch/record/v0") as (record: unknown) => Encoder;
const { RecordBatch } = require("kafkajs/src/protocol/recordBatch/v0") as {
  RecordBatch: (batch: unknown) => Promise<Encoder>;
};

const NONE = 0;
const GZIP = 1;
const TIME = 1_772_625_600_000;
const TRANSACTIONAL = 1 << 4;
const CONTROL = 1 << 5;

interface Row {
  readonly key?: string | null;
  readonly value: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  readonly offset: number;
  readonly time?: number;
}

const batchOf = async (
  rows: readonly Row[],
  options: { compression?: number; producerId?: number } = {},
): Promise<Buffer> => {
  const firstOffset = rows[0]?.offset ?? 0;
  const records = rows.map(({ key = "car", value, headers = {}, offset, time = TIME }) =>
    recordOf({
      offsetDelta: offset - firstOffset,
      timestampDelta: time - TIME,
      key: key === null ? null : Buffer.from(key),
      value: value === null ? null : Buffer.from(value),
      headers,
    }),
  );
  const { buffer } = await RecordBatch({
    compression: options.compression ?? NONE,
    firstOffset,
    firstTimestamp: TIME,
    maxTimestamp: TIME + 9,
    lastOffsetDelta: (rows.at(-1)?.offset ?? 0) - firstOffset,
    producerId: options.producerId ?? -1,
    records,
  });
  return buffer;
};

/** Sets bits of a batch's attributes. */
const marked = (batch: Buffer, bits: number): Buffer => {
  const copy = Buffer.from(batch);
  copy.writeInt16BE(copy.readInt16BE(21) | bits, 21);
  return copy;
};

const read = (records: Uint8Array, more: Partial<BatchesToRead> = {}) => {
  const slice = new SliceBuilder({ topic: "t", partition: 0 });
  const next = readRecordBatches(
    { records, aborted: [], from: 0, maxBytes: 1e9, inflate: inflateKafkaBatch, ...more },
    slice,
  );
  return { next, ...slice.build() };
};

test("any records come out as they went in, also beyond ASCII, without value, with headers", async () => {
  const row = fc.record({
    key: fc.oneof(fc.constant(null), fc.constant("car-1"), fc.string({ unit: "grapheme" })),
    value: fc.oneof(fc.constant(null), fc.string({ unit: "grapheme", maxLength: 300 })),
    headers: fc.dictionary(
      fc.string({ minLength: 1 }).filter((name) => name !== "__proto__"),
      fc.string(),
      { maxKeys: 2 },
    ),
    gap: fc.nat(200),
    time: fc.integer({ min: TIME - 5e9, max: TIME + 5e12 }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(row, { minLength: 1, maxLength: 12 }),
      fc.constantFrom(NONE, GZIP),
      async (drafts, compression) => {
        let offset = 5_000_000_000;
        const rows = drafts.map((draft) => ({ ...draft, offset: (offset += draft.gap + 1) }));
        const { next, offsets, appendedAt, keys, values, headers } = read(
          await batchOf(rows, { compression }),
        );
        expect(offsets).toEqual(rows.map((one) => one.offset));
        expect(next).toBe(offset + 1);
        expect(appendedAt).toEqual(rows.map(({ time }) => time));
        expect(keys).toEqual(rows.map(({ key }) => key));
        expect(values).toEqual(rows.map(({ value }) => Buffer.from(value ?? "").toString("latin1")));
        const given = rows.map((one) => (Object.keys(one.headers).length === 0 ? null : { ...one.headers }));
        expect(headers).toEqual(given.every((one) => one === null) ? null : given);
      },
    ),
    { numRuns: 150 },
  );
});

test("reading begins at the position within a batch, and goes on after the last whole batch", async () => {
  const rows = [0, 1, 2, 3].map((offset) => ({ offset, value: `v${offset}` }));
  const [first, second] = [await batchOf(rows.slice(0, 2)), await batchOf(rows.slice(2))];
  const both = Buffer.concat([first, second]);
  expect(read(both, { from: 1 })).toMatchObject({ next: 4, values: ["v1", "v2", "v3"] });
  expect(read(both, { maxBytes: 5 })).toMatchObject({ next: 2, values: ["v0", "v1"] });
  expect(read(both, { maxBytes: 0 })).toMatchObject({ next: 1, values: ["v0"] });
  expect(read(both.subarray(0, both.length - 1))).toMatchObject({ next: 2, values: ["v0", "v1"] });
  expect(read(first.subarray(0, first.length - 1)).next).toBeNull();
  expect(read(new Uint8Array()).next).toBeNull();
});

test("control records and aborted transactions are passed over, also as the end", async () => {
  const abort = marked(
    await batchOf([{ offset: 4, key: "\u0000\u0000\u0000\u0000", value: "" }], { producerId: 7 }),
    CONTROL,
  );
  const sent = async (offset: number, producerId: number): Promise<Buffer> =>
    marked(await batchOf([{ offset, value: `v${offset}` }], { producerId }), TRANSACTIONAL);
  const plain = await batchOf([{ offset: 3, value: "v3" }], { producerId: 7 });
  const records = Buffer.concat([await sent(1, 7), await sent(2, 8), plain, abort, await sent(5, 7)]);
  const aborted = [{ producerId: 7, firstOffset: 1 }];
  expect(read(records, { aborted })).toMatchObject({ next: 6, values: ["v2", "v3", "v5"] });
  expect(read(abort)).toMatchObject({ next: 5, values: [] });
});

test("a batch of the broker's own time, compressed with zstd, or not readable at all", async () => {
  const batch = await batchOf([{ offset: 0, value: "v0", time: TIME + 1 }]);
  expect(read(marked(batch, 1 << 3)).appendedAt).toEqual([TIME + 9]);
  const body = zstdCompressSync(batch.subarray(61));
  const zstd = Buffer.concat([batch.subarray(0, 61), body]);
  zstd.writeInt32BE(zstd.length - 12, 8);
  expect(read(marked(zstd, 4)).values).toEqual(["v0"]);
  expect(() => read(marked(batch, 2))).toThrow("snappy");
  const older = Buffer.from(batch);
  older[16] = 1;
  expect(() => read(older)).toThrow(RangeError);
  const longer = Buffer.from(batch);
  longer[61] = (longer[61] ?? 0) + 2;
  expect(() => read(longer)).toThrow(RangeError);
});

test("an answer is read in each version that kafkajs asks with", () => {
  const int16 = (value: number): string => (value & 0xffff).toString(16).padStart(4, "0");
  const int32 = (value: number): string => (value >>> 0).toString(16).padStart(8, "0");
  const int64 = (value: number): string => value.toString(16).padStart(16, "0");
  for (const version of [4, 5, 7, 11]) {
    const answer = [
      int32(250),
      version >= 7 ? int16(0) + int32(0) : "",
      int32(1) + int16(1) + "74" + int32(2),
      int32(3) + int16(1) + int64(9) + int64(9) + (version >= 5 ? int64(0) : ""),
      int32(-1) + (version >= 11 ? int32(-1) : "") + int32(-1),
      int32(4) + int16(0) + int64(9) + int64(9) + (version >= 5 ? int64(0) : ""),
      int32(1) + int64(77) + int64(8) + (version >= 11 ? int32(-1) : "") + int32(2) + "abcd",
    ].join("");
    expect(decodeFetchResponse(version, Buffer.from(answer, "hex"))).toEqual({
      throttleMs: 250,
      errorCode: 0,
      partitions: [
        { topic: "t", partition: 3, errorCode: 1, aborted: [], records: new Uint8Array() },
        {
          topic: "t",
          partition: 4,
          errorCode: 0,
          aborted: [{ producerId: 77, firstOffset: 8 }],
          records: Uint8Array.from([0xab, 0xcd]),
        },
      ],
    });
    for (let length = 0; length < answer.length / 2; length += 1) {
      expect(() => decodeFetchResponse(version, Buffer.from(answer, "hex").subarray(0, length))).toThrow(
        RangeError,
      );
    }
  }
  expect(() => decodeFetchResponse(3, new Uint8Array(8))).toThrow("0.11");
});
