/** One MQTT control packet (MQTT 3.1.1 §2), as it came. */
export interface ControlPacket {
  /** §2.2.1: 1 CONNECT, 3 PUBLISH, … */
  readonly type: number;
  /** §2.2.2: the low half of the first byte. */
  readonly flags: number;
  /** The whole packet, fixed header included. */
  readonly bytes: Buffer;
  /** Where the variable header begins. */
  readonly bodyAt: number;
}

export type FramingFault = "packet_too_large" | "malformed_packet";

/** The first byte, and up to four of the remaining length. */
const MAX_FIXED_HEADER = 5;
const NOTHING: Buffer = Buffer.alloc(0);

/**
 * Cuts a byte stream into control packets. A packet over the limit is refused at its header, before its bytes are kept.
 * Contents are not looked at. After a fault the stream cannot be followed any more.
 */
export class PacketFramer {
  /** The longest packet that may begin from now on, without its fixed header. */
  limit: number;
  #bytes = NOTHING;
  #at = 0;
  /** What came after `#bytes`, whose packet is not whole yet. */
  #later: Buffer[] = [];
  /** Bytes from `#at` on, the later ones included; and how many of them the next answer needs. */
  #have = 0;
  #need = 2;

  constructor(limit: number) {
    this.limit = limit;
  }

  push(chunk: Buffer): void {
    if (this.#have === 0) {
      this.#bytes = chunk;
      this.#at = 0;
    } else this.#later.push(chunk);
    this.#have += chunk.length;
  }

  /** The type of the next packet as soon as one byte of it has come; null before. */
  get nextType(): number | null {
    const first = this.#bytes[this.#at] ?? this.#later[0]?.[0];
    return this.#have === 0 || first === undefined ? null : first >> 4;
  }

  /** The next whole packet; null while it has not come. */
  next(): ControlPacket | FramingFault | null {
    if (this.#have < this.#need) return null;
    if (this.#later.length > 0) this.#join();
    const bytes = this.#bytes;
    const start = this.#at;
    let length = 0;
    let at = start + 1;
    for (let more = true; more; at += 1) {
      if (at - start === MAX_FIXED_HEADER) return "malformed_packet";
      const byte = bytes[at];
      if (byte === undefined) return this.#wait(at + 1 - start);
      // Seven bits a byte, least significant first; the top bit says that more follow (§2.2.3).
      length |= (byte & 0x7f) << (7 * (at - start - 1));
      more = byte >= 0x80;
    }
    if (length > this.limit) return "packet_too_large";
    const end = at + length;
    if (end > bytes.length) return this.#wait(end - start);
    const first = bytes[start] ?? 0;
    this.#have -= end - start;
    this.#at = end;
    this.#need = 2;
    return { type: first >> 4, flags: first & 0x0f, bytes: bytes.subarray(start, end), bodyAt: at - start };
  }

  #wait(bytes: number): null {
    this.#need = bytes;
    return null;
  }

  #join(): void {
    this.#bytes = Buffer.concat([this.#bytes.subarray(this.#at), ...this.#later]);
    this.#later = [];
    this.#at = 0;
  }
}
