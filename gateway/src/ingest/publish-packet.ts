import type { ControlPacket } from "./packet-framer.ts";

/** MQTT 3.1.1 §2.2.1. */
export const CONNECT = 1;
export const PUBLISH = 3;

/** A PUBLISH (§3.3), taken apart. */
export interface PublishPacket {
  readonly topic: string;
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
  /** 1..65535; 0 with QoS 0, which has none. */
  readonly packetId: number;
  readonly payload: Buffer;
}

const qosOf = (flags: number): 0 | 1 | 2 | null => {
  const qos = (flags >> 1) & 3;
  return qos === 0 || qos === 1 || qos === 2 ? qos : null;
};

/** Null when it is malformed. Ill-formed UTF-8 in the topic reads as U+FFFD, which is in no topic of ours. */
export const parsePublish = ({ flags, bytes, bodyAt }: ControlPacket): PublishPacket | null => {
  const qos = qosOf(flags);
  if (qos === null || bytes.length < bodyAt + 2) return null;
  const topicAt = bodyAt + 2;
  const topicEnd = topicAt + bytes.readUInt16BE(bodyAt);
  const payloadAt = qos === 0 ? topicEnd : topicEnd + 2;
  if (payloadAt > bytes.length) return null;
  const packetId = qos === 0 ? 0 : bytes.readUInt16BE(topicEnd);
  if (qos !== 0 && packetId === 0) return null;
  return {
    topic: bytes.toString("utf8", topicAt, topicEnd),
    qos,
    retain: (flags & 1) === 1,
    packetId,
    payload: bytes.subarray(payloadAt),
  };
};

/** The PUBACKs (§3.4) of some packets, in order. */
export const pubacks = (packetIds: readonly number[]): Buffer => {
  const bytes = Buffer.allocUnsafe(4 * packetIds.length);
  let at = 0;
  for (const packetId of packetIds) {
    bytes[at] = 0x40;
    bytes[at + 1] = 2;
    bytes[at + 2] = packetId >> 8;
    bytes[at + 3] = packetId & 0xff;
    at += 4;
  }
  return bytes;
};
