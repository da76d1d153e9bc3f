import fc from "fast-check";
import { expect, test } from "vitest";
import { PacketGuard } from "./packet-guard.ts";

const lengthBytes = (length: number): number[] =>
  length < 128 ? [length] : [(length % 128) | 0x80, ...lengthBytes(Math.floor(length / 128))];
const packet = (length: number): Uint8Array =>
  new Uint8Array([0x30, ...lengthBytes(length), ...new Uint8Array(length)]);
const joined = (packets: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(packets));

const firstRefusal = (guard: PacketGuard, chunks: readonly Uint8Array[]): number =>
  chunks.findIndex((chunk) => !guard.push(chunk));

test("packets up to the limit pass, one byte more does not, however the stream is cut", () => {
  const lengths = fc.array(fc.nat({ max: 300 }), { minLength: 1, maxLength: 20 });
  const cuts = fc.array(fc.nat({ max: 2000 }), { maxLength: 20 });
  fc.assert(
    fc.property(lengths, cuts, fc.nat({ max: 300 }), (sizes, places, limit) => {
      const stream = joined(sizes.map(packet));
      const ends = [...new Set(places.map((place) => place % stream.length)), stream.length].sort(
        (a, b) => a - b,
      );
      const chunks = ends.map((end, i) => stream.subarray(ends[i - 1] ?? 0, end));
      const tooLong = sizes.some((size) => size > limit);
      expect(firstRefusal(new PacketGuard(limit), chunks) !== -1).toBe(tooLong);
    }),
  );
});

test("a long packet is refused at its header, before its bytes come", () => {
  const guard = new PacketGuard(1000);
  expect(guard.push(packet(1001).subarray(0, 3))).toBe(false);
});

test("a length of more than four bytes is malformed (MQTT 3.1.1 §2.2.3)", () => {
  expect(new PacketGuard(2 ** 31).push(new Uint8Array([0x30, 0x80, 0x80, 0x80, 0x80]))).toBe(false);
  expect(new PacketGuard(2 ** 31).push(new Uint8Array([0x30, 0x80, 0x80, 0x80, 0x01]))).toBe(true);
});

test("a new limit holds for the packets that follow", () => {
  const guard = new PacketGuard(10);
  expect(guard.push(packet(10))).toBe(true);
  guard.limit = 20;
  expect(guard.push(packet(20))).toBe(true);
});
