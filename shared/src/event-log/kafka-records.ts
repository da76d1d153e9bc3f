import { unixMillis, type UnixMillis } from "../time/time.ts";
import type { SliceBuilder } from "./slice-builder.ts";

export interface RecordsOfBatch {
  readonly baseOffset: number;
  readonly baseTime: number;
  readonly count: number;
  /** The broker's time of the whole batch, where the topic is so configured; null: each record has its own. */
  readonly appendedAt: UnixMillis | null;
  /** Earlier records of the batch are passed over. */
  readonly from: number;
  readonly maxBytes: number;
  readonly slice: SliceBuilder;
}

type Headers = Readonly<Record<string, string>>;

const NOT_ASCII = /[\u0080-\u00ff]/;

/**
 * The records of batches, one after the other in one piece of memory: length, then attributes(1), time and offset as
 * differences, key, value, headers, each number a zigzag varint. All bytes become one binary string, of which keys and
 * values are cuts: no copy per record, and so little for the garbage collector, which else takes most of the time.
 */
export class KafkaRecords {
  readonly #bytes: Uint8Array;
  #text: string | null = null;
  #at = 0;
  #rawKey = "";
  #key = "";

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Reads one batch's records into the slice. The offset of the first that had no room; null when all had. */
  read(first: number, last: number, batch: RecordsOfBatch): number | null {
    this.#at = first;
    const { slice, from, maxBytes } = batch;
    for (let i = 0; i < batch.count; i += 1) {
      const end = this.#recordEnd(last);
      const time = batch.baseTime + this.#varint();
      const offset = batch.baseOffset + this.#varint();
      const key = this.#keyOf(this.#varint());
      const value = this.#cut(this.#varint()) ?? "";
      const headers = this.#headers(this.#varint());
      if (this.#at !== end) throw new RangeError("a record of another length than it says");
      if (offset < from) continue;
      if (slice.count > 0 && slice.bytes + value.length > maxBytes) return offset;
      slice.add(offset, batch.appendedAt ?? unixMillis(time), key, value, headers);
    }
    return null;
  }

  /** What the only record of a control batch says: two numbers in its key, a version and a type. */
  controlType(): number | null {
    this.#recordEnd(this.#bytes.length);
    this.#varint();
    this.#varint();
    const key = this.#cut(this.#varint()) ?? "";
    return key.length < 4 ? null : key.charCodeAt(2) * 256 + key.charCodeAt(3);
  }

  /** Reads a record's length and passes over its attributes, which say nothing. */
  #recordEnd(last: number): number {
    const length = this.#varint();
    const end = this.#at + length;
    if (length < 0 || end > last) throw new RangeError("a record that goes on after its batch");
    this.#at += 1;
    return end;
  }

  #cut(length: number): string | null {
    if (length < 0) return null;
    this.#text ??= binaryText(this.#bytes);
    return this.#text.slice(this.#at, (this.#at += length));
  }

  /** Records of one vehicle come in a row: their key is decoded once. */
  #keyOf(length: number): string | null {
    const raw = this.#cut(length);
    if (raw === null) return null;
    if (raw !== this.#rawKey) {
      this.#rawKey = raw;
      this.#key = utf8Text(raw);
    }
    return this.#key;
  }

  #headers(count: number): Headers | null {
    if (count <= 0) return null;
    const headers = new Map<string, string>();
    for (let i = 0; i < count; i += 1) {
      const name = utf8Text(this.#cut(this.#varint()) ?? "");
      const value = utf8Text(this.#cut(this.#varint()) ?? "");
      if (!headers.has(name)) headers.set(name, value);
    }
    return Object.fromEntries(headers);
  }

  /** Up to 53 bits, signed. Beyond the last byte it reads zeros: the record's end tells. */
  #varint(): number {
    let byte = this.#bytes[this.#at++] ?? 0;
    if (byte < 0x80) return (byte >>> 1) ^ -(byte & 1);
    let value = byte & 0x7f;
    let factor = 0x80;
    for (let i = 1; i < 10; i += 1) {
      byte = this.#bytes[this.#at++] ?? 0;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
      factor *= 0x80;
    }
    throw new RangeError("a varint of more than ten bytes");
  }
}

const binaryText = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");

const utf8Text = (binary: string): string =>
  NOT_ASCII.test(binary) ? Buffer.from(binary, "latin1").toString("utf8") : binary;
