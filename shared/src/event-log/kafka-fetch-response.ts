import { KafkaReader } from "./kafka-reader.ts";

/**
 * A broker's answer to Fetch (https://kafka.apache.org/protocol). kafkajs 2.2.4 asks with versions 4 to 11, and would
 * make several objects of each record; here its records stay the bytes that came.
 *
 *   throttle [7: error session] [topics: name [partitions: partition error high_watermark last_stable
 *     [5: log_start] [aborted: producer first_offset] [11: preferred_replica] records]]
 */
export const FETCH_API_KEY = 1;
/** Older ones have messages of an older format. */
const OLDEST_VERSION = 4;

export interface AbortedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
}

export interface FetchedPartition {
  readonly topic: string;
  readonly partition: number;
  readonly errorCode: number;
  /** Ascending by offset. */
  readonly aborted: readonly AbortedTransaction[];
  /** Record batches, the last perhaps cut short. */
  readonly records: Uint8Array;
}

export interface FetchResponse {
  readonly throttleMs: number;
  readonly errorCode: number;
  readonly partitions: readonly FetchedPartition[];
}

const partitionOf = (reader: KafkaReader, version: number, topic: string): FetchedPartition => {
  const partition = reader.int32();
  const errorCode = reader.int16();
  reader.int64();
  reader.int64();
  if (version >= 5) reader.int64();
  const aborted: AbortedTransaction[] = [];
  // Null is said by -1.
  for (let count = reader.int32(); count > 0; count -= 1)
    aborted.push({ producerId: reader.int64(), firstOffset: reader.int64() });
  if (version >= 11) reader.int32();
  const records = reader.bytes(Math.max(0, reader.int32()));
  return { topic, partition, errorCode, aborted, records };
};

/** Reads what follows the correlation id. Throws RangeError when it is not such an answer. */
export const decodeFetchResponse = (version: number, answer: Uint8Array): FetchResponse => {
  if (version < OLDEST_VERSION) throw new RangeError(`a broker with Fetch ${version}, older than Kafka 0.11`);
  const reader = new KafkaReader(answer);
  const throttleMs = reader.int32();
  const errorCode = version >= 7 ? reader.int16() : 0;
  if (version >= 7) reader.int32();
  const partitions: FetchedPartition[] = [];
  for (let topics = reader.int32(); topics > 0; topics -= 1) {
    const topic = reader.string();
    for (let count = reader.int32(); count > 0; count -= 1)
      partitions.push(partitionOf(reader, version, topic));
  }
  return { throttleMs, errorCode, partitions };
};
