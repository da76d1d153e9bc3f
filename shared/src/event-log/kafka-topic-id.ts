import { KafkaReader } from "./kafka-reader.ts";

/**
 * The two messages that ask a broker for a topic's id, which kafkajs 2.2.4 does not know: Metadata version 10
 * (https://kafka.apache.org/protocol, "flexible" encoding: compact strings and arrays carry their length plus one as
 * an unsigned varint, each structure ends with tagged fields). Kafka gives topic ids since 2.8.
 *
 *   request  → [topics: id(16) name] allow_auto_create include_cluster_ops include_topic_ops
 *   response → throttle [brokers: node host port rack] cluster_id controller [topics: error name id(16) …]
 */
export const METADATA_API_KEY = 3;
export const METADATA_VERSION_WITH_TOPIC_ID = 10;

const NO_TAGS = 0;
const ID_BYTES = 16;

export type TopicIdAnswer =
  | { readonly kind: "topic_id"; readonly clusterId: string; readonly topicId: string }
  /** A Kafka error code of the topic: 3 is UNKNOWN_TOPIC_OR_PARTITION, 5 is LEADER_NOT_AVAILABLE. */
  | { readonly kind: "error"; readonly errorCode: number };

const unsignedVarint = (value: number): readonly number[] => {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  return [...bytes, rest];
};

/** The request's body, with the tagged fields of a flexible request header before it. */
export const encodeTopicIdRequest = (topic: string): Uint8Array => {
  const name = new TextEncoder().encode(topic);
  const noId = Array.from<number>({ length: ID_BYTES }).fill(0);
  const topics = [...unsignedVarint(2), ...noId, ...unsignedVarint(name.length + 1), ...name, NO_TAGS];
  return Uint8Array.from([NO_TAGS, ...topics, 0, 0, 0, NO_TAGS]);
};

const uuid = (bytes: Uint8Array): string =>
  [...bytes]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("")
    .replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");

/** Reads what follows the correlation id. Throws RangeError when it is not such an answer. */
export const decodeTopicIdResponse = (answer: Uint8Array): TopicIdAnswer => {
  const reader = new KafkaReader(answer);
  reader.skipTags();
  reader.int32();
  for (let brokers = reader.unsignedVarint() - 1; brokers > 0; brokers -= 1) {
    reader.int32();
    reader.compactString();
    reader.int32();
    reader.compactString();
    reader.skipTags();
  }
  const clusterId = reader.compactString() ?? "";
  reader.int32();
  if (reader.unsignedVarint() < 2) throw new RangeError("the answer names no topic");
  const errorCode = reader.int16();
  if (errorCode !== 0) return { kind: "error", errorCode };
  reader.compactString();
  return { kind: "topic_id", clusterId, topicId: uuid(reader.bytes(ID_BYTES)) };
};
