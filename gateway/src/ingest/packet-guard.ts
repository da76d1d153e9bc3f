/**
 * Follows the framing of MQTT control packets (MQTT 3.1.1 §2.2) through a byte stream cut anywhere, to stop a packet
 * that is too long before anybody buffers it. Contents are not looked at.
 */
export class PacketGuard {
  #limit: number;
  /** Bytes of the current packet that are still to come. */
  #remaining = 0;
  /** Bytes of the fixed header seen; 0 between packets, 1 after the type byte, more within the length. */
  #headerBytes = 0;
  #length = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The limit for packets that begin from now on. */
  set limit(bytes: number) {
    this.#limit = bytes;
  }

  /** False when a packet is over the limit or its length is malformed; the stream cannot be followed from there. */
  push(chunk: Uint8Array): boolean {
    let at = 0;
    while (at < chunk.length) {
      if (this.#remaining > 0) {
        const skipped = Math.min(this.#remaining, chunk.length - at);
        this.#remaining -= skipped;
        at += skipped;
        continue;
      }
      if (this.#headerBytes === 0) {
        this.#headerBytes = 1;
        this.#length = 0;
        at += 1;
        continue;
      }
      if (!this.#lengthByte(chunk[at] ?? 0)) return false;
      at += 1;
    }
    return true;
  }

  /** The remaining length: up to four bytes of seven bits, least significant first, the top bit says that more follow. */
  #lengthByte(byte: number): boolean {
    const place = this.#headerBytes - 1;
    const more = byte >= 0x80;
    if (more && place === 3) return false;
    this.#length += (byte & 0x7f) * 128 ** place;
    if (this.#length > this.#limit) return false;
    this.#headerBytes += 1;
    if (more) return true;
    this.#remaining = this.#length;
    this.#headerBytes = 0;
    return true;
  }
}
