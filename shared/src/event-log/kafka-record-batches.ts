import type { UnixMillis } from "../time/time.ts";
import type { AbortedTransaction } from "./kafka-fetch-response.ts";
import { KafkaReader } from "./kafka-reader.ts";
import { KafkaRecords } from "./kafka-records.ts";
import type { SliceBuilder } from "./slice-builder.ts";

/**
 * Kafka's record batches of format 2 (https://kafka.apache.org/documentation/#recordbatch), as they are stored:
 *
 *   base_offset(8) length(4) leader_epoch(4) magic(1) crc(4) attributes(2) last_offset_delta(4) base_time(8)
 *   max_time(8) producer_id(8) producer_epoch(2) base_sequence(4) count(4) records
 */
const LENGTH_AT = 8;
/** What `length` counts from. */
const PREFIX_BYTES = 12;
const MAGIC_AT = 16;
const ATTRIBUTES_AT = 21;
const RECORDS_AT = 61;
const FORMAT = 2;

const COMPRESSION = 0b111;
const APPEND_TIME = 1 << 3;
const TRANSACTIONAL = 1 << 4;
const CONTROL = 1 << 5;
/** The second number of a control record's key. */
const ABORT = 0;

type KafkaCompression = "gzip" | "snappy" | "lz4" | "zstd";
const COMPRESSIONS: readonly (KafkaCompression | null)[] = [null, "gzip", "snappy", "lz4", "zstd"];

/** Throws for a compression that it does not know. */
export type Inflate = (compression: KafkaCompression, bytes: Uint8Array) => Uint8Array;

interface RecordBatch {
  readonly attributes: number;
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly baseTime: number;
  readonly maxTime: number;
  readonly producerId: number;
  readonly count: number;
}

export interface BatchesToRead {
  readonly records: Uint8Array;
  readonly aborted: readonly AbortedTransaction[];
  /** The position asked for; a broker begins with the batch that holds it. */
  readonly from: number;
  /** About so many bytes of values are taken, one record at least. */
  readonly maxBytes: number;
  readonly inflate: Inflate;
}

const headerOf = (bytes: Uint8Array): RecordBatch => {
  const reader = new KafkaReader(bytes);
  const baseOffset = reader.int64();
  reader.bytes(ATTRIBUTES_AT - LENGTH_AT);
  const attributes = reader.int16();
  const lastOffset = baseOffset + reader.int32();
  const baseTime = reader.int64();
  const maxTime = reader.int64();
  const producerId = reader.int64();
  reader.bytes(6);
  return { attributes, baseOffset, lastOffset, baseTime, maxTime, producerId, count: reader.int32() };
};

/**
 * Adds the records from `from` on to the slice: no control records, none of aborted transactions. Gives the position to
 * read on from; null when not even one batch is whole. Throws RangeError when these are no such batches.
 */
export const readRecordBatches = (source: BatchesToRead, slice: SliceBuilder): number | null => {
  const { records: bytes, from } = source;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const aborting = new AbortedBatches(source.aborted);
  const plain = new KafkaRecords(bytes);
  let next: number | null = null;
  for (let at = 0; at + RECORDS_AT <= bytes.length;) {
    const end = at + PREFIX_BYTES + view.getInt32(at + LENGTH_AT);
    if (end > bytes.length) break;
    if (view.getInt8(at + MAGIC_AT) !== FORMAT || end < at + RECORDS_AT)
      throw new RangeError("not a batch of Kafka's record format 2");
    const batch = headerOf(bytes.subarray(at, end));
    next = Math.max(batch.lastOffset + 1, from + 1);
    if (!aborting.skips(batch, bytes.subarray(at + RECORDS_AT, end))) {
      const compression = compressionOf(batch);
      const body = bytes.subarray(at + RECORDS_AT, end);
      const [records, first, last] =
        compression === null ? [plain, at + RECORDS_AT, end] : whole(source.inflate(compression, body));
      const stopped = records.read(first, last, {
        ...batch,
        from,
        appendedAt: (batch.attributes & APPEND_TIME) === 0 ? null : (batch.maxTime as UnixMillis),
        maxBytes: source.maxBytes,
        slice,
      });
      if (stopped !== null) return stopped;
    }
    at = end;
  }
  return next;
};

const whole = (bytes: Uint8Array): readonly [KafkaRecords, number, number] => [
  new KafkaRecords(bytes),
  0,
  bytes.length,
];

const compressionOf = (batch: RecordBatch): KafkaCompression | null => {
  const compression = COMPRESSIONS[batch.attributes & COMPRESSION];
  if (compression === undefined) throw new RangeError(`compression ${batch.attributes & COMPRESSION}`);
  return compression;
};

/** Which batches a reader of committed records does not see. */
class AbortedBatches {
  readonly #waiting: AbortedTransaction[];
  readonly #producers = new Set<number>();

  constructor(aborted: readonly AbortedTransaction[]) {
    this.#waiting = aborted.toSorted((a, b) => a.firstOffset - b.firstOffset);
  }

  /** To be asked of each batch in order. `body`: what follows its header. */
  skips(batch: RecordBatch, body: Uint8Array): boolean {
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      if (first.firstOffset > batch.lastOffset) break;
      this.#producers.add(first.producerId);
      this.#waiting.shift();
    }
    if ((batch.attributes & CONTROL) !== 0) {
      if (new KafkaRecords(body).controlType() === ABORT) this.#producers.delete(batch.producerId);
      return true;
    }
    return (batch.attributes & TRANSACTIONAL) !== 0 && this.#producers.has(batch.producerId);
  }
}
