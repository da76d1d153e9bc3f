import fc from "fast-check";
import mqttPacket from "mqtt-packet";
import { expect, test } from "vitest";
import { PacketFramer, type ControlPacket } from "./packet-framer.ts";
import { parsePublish, pubacks } from "./publish-packet.ts";

const framed = (bytes: Buffer): ControlPacket => {
  const framer = new PacketFramer(2 ** 28);
  framer.push(bytes);
  const packet = framer.next();
  if (packet === null || typeof packet === "string") throw new Error(String(packet));
  return packet;
};

test("a publish as another library writes it is read back", () => {
  const message = fc.record({
    topic: fc.string({ minLength: 1, maxLength: 40 }).filter((topic) => !/[#+\0]/.test(topic)),
    qos: fc.constantFrom(0 as const, 1 as const, 2 as const),
    retain: fc.boolean(),
    dup: fc.boolean(),
    messageId: fc.integer({ min: 1, max: 65_535 }),
    payload: fc.uint8Array({ maxLength: 300 }),
  });
  fc.assert(
    fc.property(message, ({ topic, qos, retain, dup, messageId, payload }) => {
      const bytes = mqttPacket.generate({
        cmd: "publish",
        topic,
        qos,
        retain,
        dup: qos !== 0 && dup,
        messageId,
        payload: Buffer.from(payload),
      });
      const packetId = qos === 0 ? 0 : messageId;
      expect(parsePublish(framed(bytes))).toEqual({
        topic,
        qos,
        retain,
        packetId,
        payload: Buffer.from(payload),
      });
    }),
  );
});

test.each([
  ["without a topic", [0x32, 1, 0]],
  ["with a topic that is longer than it", [0x32, 4, 0, 9, 0x61, 0x62]],
  ["without a packet id", [0x32, 3, 0, 1, 0x61]],
  ["with packet id 0 (§2.3.1)", [0x32, 5, 0, 1, 0x61, 0, 0]],
  ["of QoS 3 (§3.3.1.2)", [0x36, 5, 0, 1, 0x61, 0, 1]],
])("a publish %s is malformed", (_, bytes) => {
  expect(parsePublish(framed(Buffer.from(bytes)))).toBeNull();
});

test("any bytes are read without throwing", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 15 }), fc.uint8Array({ maxLength: 30 }), (flags, bytes) => {
      parsePublish({ type: 3, flags, bytes: Buffer.from([0, 0, ...bytes]), bodyAt: 2 });
    }),
  );
});

test("acknowledgements go out as PUBACKs, in order", () => {
  expect([...pubacks([1, 0xabcd])]).toEqual([0x40, 2, 0, 1, 0x40, 2, 0xab, 0xcd]);
});
