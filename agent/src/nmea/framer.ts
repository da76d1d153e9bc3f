/**
 * Cuts a byte stream into NMEA 0183 sentences, without I/O: push bytes, then pull until null.
 *
 *   $<address>,<field>,...,<field>*hh<CR><LF>
 *   |         printable ASCII     | xor of all bytes between $ and *, two hex digits
 *
 * Accepted beyond the letter of the standard: a lone CR, LF or NUL as the end; a `$` right after the checksum (the
 * line end was lost, the checksum proves that the sentence was not); lower-case checksum digits (case carries no
 * information). Not accepted: a missing checksum, which older forms of the standard allow, because then nothing tells a
 * truncated or mixed line from a whole one; anything else after the two digits.
 *
 * After garbage the search goes on at the very next byte that could start a sentence: no claimed length is ever
 * believed, so a `$` inside binary (UBX, RTCM) costs at most itself.
 *
 * Invariant: bytes in = sentence bytes + padding (line ends and NULs between sentences) + discarded + held.
 */

/** The standard says 82; receivers with more decimals and proprietary sentences reach about 200. */
export const MAX_LINE_BYTES = 256;

export type DiscardReason =
  /** Bytes before a `$`: the tail of a sentence whose head was missed, comments, or binary. */
  | "between_sentences"
  /** The next sentence began before this one had its checksum. */
  | "cut_off"
  /** A byte that is not printable ASCII inside a sentence. */
  | "binary_in_sentence"
  | "checksum_missing"
  | "checksum_malformed"
  | "checksum_wrong"
  | "trailing_garbage"
  | "too_long"
  /** The stream ended within a sentence. */
  | "truncated";

/** A sentence with a proven checksum. `bytes` is lent: it is valid until the next `push`. */
export interface Frame {
  readonly kind: "frame";
  readonly bytes: Uint8Array;
  /** Index of the first byte after `$`. */
  readonly start: number;
  /** Index of the `*`. */
  readonly end: number;
}

export interface Discarded {
  readonly kind: "discarded";
  readonly reason: DiscardReason;
  readonly bytes: number;
}

export interface FramerCounts {
  readonly bytesIn: number;
  readonly frames: number;
  readonly frameBytes: number;
  readonly paddingBytes: number;
  readonly discardedBytes: number;
  readonly heldBytes: number;
}

const NUL = 0x00;
const LF = 0x0a;
const CR = 0x0d;
const DOLLAR = 0x24;
const STAR = 0x2a;
const FIRST_PRINTABLE = 0x20;
const LAST_PRINTABLE = 0x7e;
/** So that `$`, fields, `*` and two digits stay within the line's maximum. */
const MAX_BEFORE_STAR = MAX_LINE_BYTES - 2;
/** Room for a serial read and a held line; a larger chunk makes more. */
const FIRST_CAPACITY = 4096;

const isPadding = (byte: number): boolean => byte === LF || byte === CR || byte === NUL;

/** 0..15, or -1. */
const hexDigit = (byte: number): number => {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const upper = byte & 0xdf;
  return upper >= 0x41 && upper <= 0x46 ? upper - 0x37 : -1;
};

export class NmeaFramer {
  /** What is not judged yet lies in [at, end): one buffer for ever, so that a chunk costs no garbage. */
  #bytes = new Uint8Array(FIRST_CAPACITY);
  #at = 0;
  #end = 0;
  #ended = false;
  #bytesIn = 0;
  #frames = 0;
  #frameBytes = 0;
  #paddingBytes = 0;
  #discardedBytes = 0;

  get counts(): FramerCounts {
    return {
      bytesIn: this.#bytesIn,
      frames: this.#frames,
      frameBytes: this.#frameBytes,
      paddingBytes: this.#paddingBytes,
      discardedBytes: this.#discardedBytes,
      heldBytes: this.#end - this.#at,
    };
  }

  /** Adds bytes; ends the loan of earlier frames. At most {@link MAX_LINE_BYTES} stay held once `next` gave null. */
  push(bytes: Uint8Array): void {
    this.#bytesIn += bytes.length;
    const held = this.#end - this.#at;
    const needed = held + bytes.length;
    const room = needed <= this.#bytes.length ? this.#bytes : new Uint8Array(needed * 2);
    if (held > 0) room.set(this.#bytes.subarray(this.#at, this.#end));
    room.set(bytes, held);
    this.#bytes = room;
    this.#at = 0;
    this.#end = needed;
  }

  /** Says that no more bytes come: what is held is judged as it stands by the following calls of `next`. */
  end(): void {
    this.#ended = true;
  }

  /** The next sentence or piece of garbage; null when more bytes are needed. */
  next(): Frame | Discarded | null {
    const bytes = this.#bytes;
    this.#skipPadding(bytes);
    const from = this.#at;
    if (from >= this.#end) return null;
    if (bytes[from] === DOLLAR) return this.#sentence(bytes, from);
    let to = from + 1;
    for (; to < this.#end; to += 1) {
      const byte = bytes[to] as number;
      if (byte === DOLLAR || isPadding(byte)) break;
    }
    return this.#discard("between_sentences", to);
  }

  #skipPadding(bytes: Uint8Array): void {
    const from = this.#at;
    let at = from;
    while (at < this.#end && isPadding(bytes[at] as number)) at += 1;
    this.#paddingBytes += at - from;
    this.#at = at;
  }

  /** Judges what begins with the `$` at `from`. */
  #sentence(bytes: Uint8Array, from: number): Frame | Discarded | null {
    const limit = Math.min(this.#end, from + MAX_BEFORE_STAR);
    let sum = 0;
    let at = from + 1;
    for (; at < limit; at += 1) {
      const byte = bytes[at] as number;
      // Nearly every byte of a sentence lies here; what lies below are `*`, `$`, rare punctuation and controls.
      if (byte > STAR && byte <= LAST_PRINTABLE) {
        sum ^= byte;
        continue;
      }
      if (byte === STAR) return this.#checked(bytes, { from, star: at, sum });
      if (byte === DOLLAR) return this.#discard("cut_off", at);
      if (byte < FIRST_PRINTABLE || byte > LAST_PRINTABLE) {
        return this.#discard(byte === CR || byte === LF ? "checksum_missing" : "binary_in_sentence", at);
      }
      sum ^= byte;
    }
    if (at - from >= MAX_BEFORE_STAR) return this.#discard("too_long", at);
    return this.#ended ? this.#discard("truncated", at) : null;
  }

  #checked(bytes: Uint8Array, line: { from: number; star: number; sum: number }): Frame | Discarded | null {
    const { from, star, sum } = line;
    const after = star + 3;
    // One byte past the digits is needed to tell `*47` from `*47GARBAGE`.
    if (after >= this.#end && !this.#ended) return null;
    if (after > this.#end) return this.#discard("truncated", this.#end);
    const high = hexDigit(bytes[star + 1] as number);
    const low = hexDigit(bytes[star + 2] as number);
    if (high < 0 || low < 0) return this.#discard("checksum_malformed", star + 1);
    if (((high << 4) | low) !== sum) return this.#discard("checksum_wrong", after);
    if (after < this.#end) {
      const follower = bytes[after] as number;
      if (follower !== DOLLAR && !isPadding(follower)) return this.#discard("trailing_garbage", after);
    }
    this.#frames += 1;
    this.#frameBytes += after - from;
    this.#at = after;
    return { kind: "frame", bytes, start: from + 1, end: star };
  }

  #discard(reason: DiscardReason, to: number): Discarded {
    const bytes = to - this.#at;
    this.#discardedBytes += bytes;
    this.#at = to;
    return { kind: "discarded", reason, bytes };
  }
}
