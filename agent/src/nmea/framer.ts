/**
 * Cuts a byte stream into NMEA 0183 sentences, without I/O: push bytes, then pull until null.
 *
 *   $<address>,<field>,...,<field>*hh<CR><LF>
 *   |         printable ASCII     | xor of all bytes between $ and *, two hex digits
 *
 * Accepted beyond the letter of the standard: a lone CR, LF or NUL as the end; a `$` right after the checksum (the
 * line end was lost, the checksum proves that the sentence was not); lower-case checksum digits (two receivers in
 * the field write them, and case carries no information). Not accepted: a missing checksum, which the standard allows for
 * most sentences, because then nothing tells a truncated or mixed line from a whole one; anything else after the
 * two digits.
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
const EMPTY = new Uint8Array(0);

const isPadding = (byte: number): boolean => byte === LF || byte === CR || byte === NUL;

/** 0..15, or -1. */
const hexDigit = (byte: number | undefined): number => {
  if (byte === undefined) return -1;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const upper = byte & 0xdf;
  return upper >= 0x41 && upper <= 0x46 ? upper - 0x37 : -1;
};

export class NmeaFramer {
  #bytes: Uint8Array = EMPTY;
  #at = 0;
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
      heldBytes: this.#bytes.length - this.#at,
    };
  }

  /** Adds bytes; ends the loan of earlier frames. At most {@link MAX_LINE_BYTES} stay held once `next` gave null. */
  push(bytes: Uint8Array): void {
    this.#bytesIn += bytes.length;
    const held = this.#bytes.length - this.#at;
    if (held === 0) {
      this.#bytes = bytes;
    } else {
      const joined = new Uint8Array(held + bytes.length);
      joined.set(this.#bytes.subarray(this.#at));
      joined.set(bytes, held);
      this.#bytes = joined;
    }
    this.#at = 0;
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
    if (from >= bytes.length) return this.#keepTail();
    if (bytes[from] === DOLLAR) return this.#sentence(bytes, from);
    let to = from + 1;
    for (; to < bytes.length; to += 1) {
      const byte = bytes[to] as number;
      if (byte === DOLLAR || isPadding(byte)) break;
    }
    return this.#discard("between_sentences", to);
  }

  #skipPadding(bytes: Uint8Array): void {
    const from = this.#at;
    let at = from;
    while (at < bytes.length && isPadding(bytes[at] as number)) at += 1;
    this.#paddingBytes += at - from;
    this.#at = at;
  }

  /** Judges what begins with the `$` at `from`. */
  #sentence(bytes: Uint8Array, from: number): Frame | Discarded | null {
    const limit = Math.min(bytes.length, from + MAX_BEFORE_STAR);
    let sum = 0;
    let at = from + 1;
    for (; at < limit; at += 1) {
      const byte = bytes[at] as number;
      if (byte === STAR) return this.#checked(bytes, { from, star: at, sum });
      if (byte === DOLLAR) return this.#discard("cut_off", at);
      if (byte < FIRST_PRINTABLE || byte > LAST_PRINTABLE) {
        return this.#discard(byte === CR || byte === LF ? "checksum_missing" : "binary_in_sentence", at);
      }
      sum ^= byte;
    }
    if (at - from >= MAX_BEFORE_STAR) return this.#discard("too_long", at);
    return this.#ended ? this.#discard("truncated", at) : this.#keepTail();
  }

  #checked(bytes: Uint8Array, line: { from: number; star: number; sum: number }): Frame | Discarded | null {
    const { from, star, sum } = line;
    const after = star + 3;
    // One byte past the digits is needed to tell `*47` from `*47GARBAGE`.
    if (after >= bytes.length && !this.#ended) return this.#keepTail();
    const high = hexDigit(bytes[star + 1]);
    const low = hexDigit(bytes[star + 2]);
    if (high < 0 || low < 0) return this.#discard("checksum_malformed", star + 1);
    if (((high << 4) | low) !== sum) return this.#discard("checksum_wrong", after);
    const follower = bytes[after];
    if (follower !== undefined && follower !== DOLLAR && !isPadding(follower))
      return this.#discard("trailing_garbage", after);
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

  /** The held bytes are copied: the chunk they came in belongs to whoever pushed it. */
  #keepTail(): null {
    this.#bytes = this.#at >= this.#bytes.length ? EMPTY : this.#bytes.slice(this.#at);
    this.#at = 0;
    return null;
  }
}
