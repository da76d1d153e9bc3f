/**
 * Typed access to the fields of one framed sentence, straight from its bytes: no string is made on the way.
 *
 * A blank ("null") field reads as null, as the standard has it: the value is not available. A field that is not what
 * its place demands, or is out of range, reads as null too and sets `fault`, upon which the whole sentence is refused:
 * one random line in 256 passes the checksum, and a line with one impossible field is not to be believed in its others.
 */
export type Fault = "field_count" | "field_malformed" | "field_out_of_range";

const COMMA = 0x2c;
const MINUS = 0x2d;
const PLUS = 0x2b;
const DOT = 0x2e;
const ZERO = 0x30;
const MAX_FIELDS = 64;
/** Integers below this are exact in a double, and so is the division by a power of ten up to 1e22. */
const EXACT_DIGITS = 15;
const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)$/;
const POWERS_OF_TEN = Array.from({ length: EXACT_DIGITS + 1 }, (_, n) => 10 ** n);

export class Sentence {
  /** Why this sentence must be refused; null while nothing is wrong with it. */
  fault: Fault | null = null;
  #bytes: Uint8Array = new Uint8Array(0);
  #count = 0;
  /** Field i lies in [starts[i], starts[i + 1] - 1). */
  readonly #starts = new Int32Array(MAX_FIELDS + 2);

  /** Takes the sentence in [start, end) of `bytes`; the reader is used again for each sentence. */
  load(bytes: Uint8Array, start: number, end: number): this {
    this.fault = null;
    this.#bytes = bytes;
    const starts = this.#starts;
    starts[0] = start;
    let count = 1;
    for (let at = start; at < end; at += 1) {
      if (bytes[at] !== COMMA) continue;
      if (count > MAX_FIELDS) {
        this.fault = "field_count";
        break;
      }
      starts[count] = at + 1;
      count += 1;
    }
    starts[count] = end + 1;
    this.#count = count - 1;
    return this;
  }

  /** How many fields follow the address. */
  get count(): number {
    return this.#count;
  }

  /** Refuses a sentence whose number of fields is outside [min, max]. */
  expectCount(min: number, max: number): void {
    if (this.#count < min || this.#count > max) this.refuse("field_count");
  }

  isBlank(field: number): boolean {
    return this.#length(field) <= 0;
  }

  text(field: number): string {
    const length = this.#length(field);
    return length <= 0
      ? ""
      : String.fromCharCode(...this.#bytes.subarray(this.#start(field), this.#start(field) + length));
  }

  /** The byte code of a field that must be one character; 0 when blank. */
  letter(field: number): number {
    const length = this.#length(field);
    if (length <= 0) return 0;
    if (length > 1) return this.refuse("field_malformed") ?? 0;
    return this.#bytes[this.#start(field)] as number;
  }

  /** A whole number of digits alone. */
  integer(field: number, min: number, max: number): number | null {
    const length = this.#length(field);
    if (length <= 0) return null;
    const value = length > EXACT_DIGITS ? -1 : this.digits(this.#start(field), length);
    if (value < 0) return this.refuse("field_malformed");
    return value < min || value > max ? this.refuse("field_out_of_range") : value;
  }

  /** `[+-]digits[.digits]`; no exponent, which NMEA does not have. */
  decimal(field: number, min: number, max: number): number | null {
    const length = this.#length(field);
    if (length <= 0) return null;
    const value = this.#parseDecimal(this.#start(field), length);
    if (Number.isNaN(value)) return this.refuse("field_malformed");
    return value < min || value > max ? this.refuse("field_out_of_range") : value;
  }

  /** The number that `length` digits from byte `at` spell; -1 when one of them is no digit. */
  digits(at: number, length: number): number {
    let value = 0;
    for (let i = at; i < at + length; i += 1) {
      const digit = (this.#bytes[i] as number) - ZERO;
      if (digit < 0 || digit > 9) return -1;
      value = value * 10 + digit;
    }
    return value;
  }

  /** Where a field lies, for readers of composite fields; length 0 when blank or absent. */
  span(field: number): { readonly at: number; readonly length: number } {
    return { at: this.#start(field), length: Math.max(0, this.#length(field)) };
  }

  /** The byte at an index from {@link span}. */
  byteAt(at: number): number {
    return this.#bytes[at] as number;
  }

  /** Marks the sentence as refused; the first reason stays. */
  refuse(fault: Fault): null {
    this.fault ??= fault;
    return null;
  }

  #start(field: number): number {
    return this.#starts[field] as number;
  }

  /** -1 where the sentence has no such field. */
  #length(field: number): number {
    return field > this.#count ? -1 : this.#start(field + 1) - this.#start(field) - 1;
  }

  /** NaN when it is no number. */
  #parseDecimal(start: number, length: number): number {
    if (length > EXACT_DIGITS) return this.#parseLongDecimal(start, length);
    const bytes = this.#bytes;
    const end = start + length;
    const first = bytes[start] as number;
    let at = first === MINUS || first === PLUS ? start + 1 : start;
    let mantissa = 0;
    let dotAt = -1;
    let digits = 0;
    for (; at < end; at += 1) {
      const digit = (bytes[at] as number) - ZERO;
      if (digit >= 0 && digit <= 9) {
        mantissa = mantissa * 10 + digit;
        digits += 1;
      } else if (digit === DOT - ZERO && dotAt < 0) {
        dotAt = at;
      } else {
        return Number.NaN;
      }
    }
    if (digits === 0) return Number.NaN;
    const value = dotAt < 0 ? mantissa : mantissa / (POWERS_OF_TEN[end - dotAt - 1] as number);
    // Not `-value`, which would make a negative zero.
    return first === MINUS ? 0 - value : value;
  }

  /** Survey receivers write more digits than can be added up exactly. */
  #parseLongDecimal(start: number, length: number): number {
    const text = String.fromCharCode(...this.#bytes.subarray(start, start + length));
    return DECIMAL.test(text) ? Number(text) : Number.NaN;
  }
}
