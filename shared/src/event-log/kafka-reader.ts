/** Reads the primitives of Kafka's protocol (big-endian) from the front. Throws RangeError when the bytes end too early. */
export class KafkaReader {
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  int16(): number {
    return this.#view.getInt16((this.#at += 2) - 2);
  }

  int32(): number {
    return this.#view.getInt32((this.#at += 4) - 4);
  }

  /** Offsets, times and producer ids: all far below 2^53. */
  int64(): number {
    return Number(this.#view.getBigInt64((this.#at += 8) - 8));
  }

  bytes(length: number): Uint8Array {
    const from = this.#view.byteOffset + this.#at;
    if (length < 0 || this.#at + length > this.#view.byteLength)
      throw new RangeError("the answer ends too early");
    this.#at += length;
    return new Uint8Array(this.#view.buffer, from, length);
  }

  /** A text with its length before it in two bytes. */
  string(): string {
    return new TextDecoder().decode(this.bytes(this.int16()));
  }

  /** Lengths and tags of the "flexible" encoding: at most five bytes. */
  unsignedVarint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#view.getUint8(this.#at);
      this.#at += 1;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new RangeError("a varint of more than five bytes");
  }

  compactString(): string | null {
    const length = this.unsignedVarint();
    return length === 0 ? null : new TextDecoder().decode(this.bytes(length - 1));
  }

  skipTags(): void {
    for (let tags = this.unsignedVarint(); tags > 0; tags -= 1) {
      this.unsignedVarint();
      this.bytes(this.unsignedVarint());
    }
  }
}
