import fc from "fast-check";
import { constants, zstdCompressSync } from "node:zlib";
import { expect, test } from "vitest";
import { MAX_BODY_BYTES } from "../contract/limits.ts";
import { zstdContentSize } from "../contract/zstd-frame.ts";
import { nodeZstd } from "./node-zstd.ts";
import { wasmZstd } from "./wasm-zstd.ts";

const zstd = await wasmZstd();
const answer = (bytes: Uint8Array, limit: number, by = zstd): unknown => {
  const result = by.decompress(bytes, limit);
  return result instanceof Uint8Array ? Buffer.from(result).toString("latin1") : result;
};
const text = (length: number): Buffer => Buffer.from("a reading; ".repeat(length).slice(0, length));

test("every frame, whole or damaged, gets Node's answer", () => {
  const content = fc.oneof(fc.uint8Array({ maxLength: 2000 }), fc.nat({ max: 70_000 }).map(text));
  const damage = fc.option(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { freq: 2 });
  fc.assert(
    fc.property(content, damage, fc.option(fc.nat({ max: 3000 }), { freq: 5 }), (plain, change, length) => {
      const frame = Buffer.from(nodeZstd.compress(plain));
      // Behind the header: what a frame says of its size is judged below.
      if (change !== null && frame.length > 20) frame[10 + (change[0] % (frame.length - 10))] = change[1];
      const cut = length === null ? frame : frame.subarray(0, length);
      expect(answer(cut, 100_000)).toEqual(answer(cut, 100_000, nodeZstd));
    }),
    { numRuns: 500 },
  );
});

test("any bytes get Node's answer", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      expect(answer(bytes, 1000)).toEqual(answer(bytes, 1000, nodeZstd));
    }),
  );
});

test("what would be too large is not unpacked, whether the frame says so or not", () => {
  const frame = nodeZstd.compress(text(50_000));
  expect([answer(frame, 49_999), answer(frame, 50_000)]).toEqual(["too_large", text(50_000).toString()]);
  const silent = zstdCompressSync(text(50_000), { params: { [constants.ZSTD_c_contentSizeFlag]: 0 } });
  expect(zstdContentSize(silent)).toBeNull();
  expect([answer(silent, 49_999), answer(silent, 50_000)]).toEqual(["too_large", text(50_000).toString()]);
});

test("a frame whose reserved bits are set is refused, as by Node, though other builds of zstd unpack it", () => {
  const frame = Buffer.from("28b52ffd60f0709d000058612072656164696e673b200103e2b1f7e205", "hex");
  expect(answer(frame, 100_000, nodeZstd)).toBeNull();
  expect(answer(frame, 100_000)).toBeNull();
});

test("a frame that wants a larger window than Node gives is refused", () => {
  const frame = Buffer.from(zstdCompressSync(text(60_000), { params: { [constants.ZSTD_c_windowLog]: 15 } }));
  expect(answer(frame, 100_000)).toBe(text(60_000).toString());
  frame[5] = (28 - 10) << 3;
  expect(answer(frame, 100_000, nodeZstd)).toBeNull();
  expect(answer(frame, 100_000)).toBeNull();
});

test("a body as large as any may be is unpacked", () => {
  const frame = nodeZstd.compress(text(MAX_BODY_BYTES));
  expect(zstdContentSize(frame)).toBe(MAX_BODY_BYTES);
  expect(answer(frame, MAX_BODY_BYTES)).toBe(text(MAX_BODY_BYTES).toString());
});

test("a frame that lies about its size is refused, and two frames in one body are what they are to Node", () => {
  const small = Buffer.from(nodeZstd.compress(text(200)));
  expect(small.readUInt8(4) >> 5).toBe(1);
  for (const said of [0, 1, 199, 201, 255]) {
    small[5] = said;
    expect(answer(small, 1000)).toEqual(answer(small, 1000, nodeZstd));
  }
  const two = Buffer.concat([nodeZstd.compress(text(300)), nodeZstd.compress(text(400))]);
  expect(answer(two, 10_000)).toEqual(answer(two, 10_000, nodeZstd));
});

test.each([0, 100, 255, 256, 65_791, 65_792, 200_000])(
  "the size of %d bytes is read from its frame",
  (length) => {
    expect(zstdContentSize(nodeZstd.compress(text(length)))).toBe(length === 0 ? null : length);
  },
);
