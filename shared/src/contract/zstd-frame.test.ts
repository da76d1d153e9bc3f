import fc from "fast-check";
import { constants, zstdCompressSync } from "node:zlib";
import { expect, test } from "vitest";
import { isSingleZstdFrame } from "./zstd-frame.ts";

const { ZSTD_c_checksumFlag, ZSTD_c_contentSizeFlag, ZSTD_c_windowLog } = constants;
const skippable = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 1, 2]);

/** Some of several blocks, some that cannot be compressed, some all alike. */
const content = fc.oneof(
  fc.uint8Array({ minLength: 20, maxLength: 2000 }).map((bytes) => Buffer.from(bytes)),
  fc.integer({ min: 20, max: 400_000 }).map((size) => Buffer.alloc(size, "a")),
  fc
    .integer({ min: 20, max: 20_000 })
    .map((size) => Buffer.from(JSON.stringify(Array.from({ length: size }, (_, i) => i)))),
);

test("a frame is one from its first byte to its last, and no other", () => {
  fc.assert(
    fc.property(content, fc.boolean(), fc.nat(), (bytes, hasChecksum, at) => {
      const frame = zstdCompressSync(bytes, { params: { [ZSTD_c_checksumFlag]: hasChecksum ? 1 : 0 } });
      if (frame.length < 20) return;
      expect(isSingleZstdFrame(frame, bytes.length)).toBe(true);
      expect(isSingleZstdFrame(frame, bytes.length + 1)).toBe(false);
      expect(isSingleZstdFrame(frame.subarray(0, 18 + (at % (frame.length - 18))), bytes.length)).toBe(false);
      for (const more of [Buffer.of(0), skippable, frame])
        expect(isSingleZstdFrame(Buffer.concat([frame, more]), bytes.length)).toBe(false);
      expect(isSingleZstdFrame(Buffer.concat([skippable, frame]), bytes.length)).toBe(false);
    }),
  );
});

test("a frame that does not say its size, or wants a window that not all decoders give, is none", () => {
  const bytes = Buffer.from(JSON.stringify(Array.from({ length: 9000 }, (_, i) => i)));
  const silent = zstdCompressSync(bytes, { params: { [ZSTD_c_contentSizeFlag]: 0 } });
  expect(isSingleZstdFrame(silent, bytes.length)).toBe(false);
  const wide = Buffer.from(zstdCompressSync(bytes, { params: { [ZSTD_c_windowLog]: 15 } }));
  expect(isSingleZstdFrame(wide, bytes.length)).toBe(true);
  // The window's descriptor stands behind the frame's (RFC 8878 §3.1.1.1.2).
  expect((wide[4] ?? 0) & 0x20).toBe(0);
  wide[5] = (28 - 10) << 3;
  expect(isSingleZstdFrame(wide, bytes.length)).toBe(false);
});
