import fc from "fast-check";
import { expect, test } from "vitest";
import { PacketFramer, type ControlPacket, type FramingFault } from "./packet-framer.ts";

const lengthBytes = (length: number): number[] =>
  length < 128 ? [length] : [(length % 128) | 0x80, ...lengthBytes(Math.floor(length / 128))];
const packet = (length: number, first = 0x30): Buffer =>
  Buffer.from([first, ...lengthBytes(length), ...Array.from({ length }, (_, i) => i % 256)]);

/** Everything that the framer gives for some chunks, up to its first fault. */
const cut = (limit: number, chunks: readonly Buffer[]): (ControlPacket | FramingFault)[] => {
  const framer = new PacketFramer(limit);
  const got: (ControlPacket | FramingFault)[] = [];
  for (const chunk of chunks) {
    framer.push(chunk);
    for (let next = framer.next(); next !== null; next = framer.next()) {
      got.push(next);
      if (typeof next === "string") return got;
    }
  }
  return got;
};

test("packets come out whole, in order, up to the first over the limit, however the stream is cut", () => {
  const lengths = fc.array(fc.nat({ max: 300 }), { minLength: 1, maxLength: 20 });
  const cuts = fc.array(fc.nat({ max: 2000 }), { maxLength: 20 });
  fc.assert(
    fc.property(lengths, cuts, fc.nat({ max: 300 }), (sizes, places, limit) => {
      const packets = sizes.map((size, i) => packet(size, (i % 15) << 4));
      const stream = Buffer.concat(packets);
      const ends = [...new Set(places.map((place) => place % stream.length)), stream.length].sort(
        (a, b) => a - b,
      );
      const got = cut(
        limit,
        ends.map((end, i) => stream.subarray(ends[i - 1] ?? 0, end)),
      );
      const tooLong = sizes.findIndex((size) => size > limit);
      const whole = tooLong === -1 ? packets : packets.slice(0, tooLong);
      expect(got.filter((next) => typeof next !== "string").map(({ bytes }) => bytes)).toEqual(whole);
      expect(got.some((next) => next === "packet_too_large")).toBe(tooLong !== -1);
    }),
  );
});

test("type, flags and the place of the body are told", () => {
  expect(cut(1000, [packet(200, 0x3d)])).toMatchObject([{ type: 3, flags: 0x0d, bodyAt: 3 }]);
});

test("a long packet is refused at its header, before its bytes come", () => {
  expect(cut(1000, [packet(1001).subarray(0, 3)])).toEqual(["packet_too_large"]);
});

test("a length of more than four bytes is malformed (MQTT 3.1.1 §2.2.3)", () => {
  expect(cut(2 ** 31, [Buffer.from([0x30, 0x80, 0x80, 0x80, 0x80, 0])])).toEqual(["malformed_packet"]);
  expect(cut(2 ** 31, [Buffer.from([0x30, 0x80, 0x80, 0x80, 0x01])])).toEqual([]);
});

test("a new limit holds for the packets that follow", () => {
  const framer = new PacketFramer(10);
  framer.push(packet(10));
  expect(framer.next()).toMatchObject({ type: 3 });
  framer.limit = 20;
  framer.push(packet(20));
  expect(framer.next()).toMatchObject({ type: 3 });
});
