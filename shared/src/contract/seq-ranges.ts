/** An inclusive range of sequence numbers, as it travels in JSON. */
export type SeqRange = readonly [from: number, to: number];

/** Of sets without a number, of which there are hundreds of thousands. */
const NONE: number[] = [];

/**
 * A set of sequence numbers as sorted, disjoint, non-adjacent inclusive ranges. Adding at the end, the normal case, is
 * O(1); elsewhere O(log n) to find plus the shift.
 */
export class SeqRanges {
  /** from, to, from, to, … in one array, made with the first range and just so large: most sets have one for ever. */
  #ends = NONE;

  static of(ranges: Iterable<SeqRange>): SeqRanges {
    const set = new SeqRanges();
    for (const [from, to] of ranges) set.add(from, to);
    return set;
  }

  /** How many numbers are in the set. */
  get size(): number {
    let total = 0;
    for (let i = 0; i < this.#ends.length; i += 2) total += this.#at(i + 1) - this.#at(i) + 1;
    return total;
  }

  /** How many ranges it takes. */
  get pieces(): number {
    return this.#ends.length / 2;
  }

  /** The largest number, 0 when empty. */
  get last(): number {
    return this.#ends.at(-1) ?? 0;
  }

  has(seq: number): boolean {
    const from = this.#ends[this.#firstEndingAtOrAfter(seq)];
    return from !== undefined && from <= seq;
  }

  /** The smallest number at or after `seq` that is not in the set. */
  nextAbsent(seq: number): number {
    const i = this.#firstEndingAtOrAfter(seq);
    const from = this.#ends[i];
    return from !== undefined && from <= seq ? this.#at(i + 1) + 1 : seq;
  }

  /** The smallest number at or after `seq` that is in the set; null when there is none. */
  nextPresent(seq: number): number | null {
    const from = this.#ends[this.#firstEndingAtOrAfter(seq)];
    return from === undefined ? null : Math.max(from, seq);
  }

  add(from: number, to: number = from): void {
    if (to < from) return;
    const lastTo = this.#ends.at(-1);
    if (lastTo === undefined) {
      this.#ends = [from, to];
      return;
    }
    if (from > lastTo + 1) {
      this.#ends.push(from, to);
      return;
    }
    const first = this.#firstEndingAtOrAfter(from - 1);
    let end = first;
    let newFrom = from;
    let newTo = to;
    for (; end < this.#ends.length && this.#at(end) <= to + 1; end += 2) {
      newFrom = Math.min(newFrom, this.#at(end));
      newTo = Math.max(newTo, this.#at(end + 1));
    }
    if (end === first + 2) {
      this.#ends[first] = newFrom;
      this.#ends[first + 1] = newTo;
    } else this.#ends.splice(first, end - first, newFrom, newTo);
  }

  addAll(other: SeqRanges): void {
    for (const [from, to] of other) this.add(from, to);
  }

  remove(from: number, to: number = from): void {
    let i = this.#firstEndingAtOrAfter(from);
    while (i < this.#ends.length && this.#at(i) <= to) {
      const oldFrom = this.#at(i);
      const oldTo = this.#at(i + 1);
      const keep: number[] = [];
      if (oldFrom < from) keep.push(oldFrom, from - 1);
      if (oldTo > to) keep.push(to + 1, oldTo);
      this.#ends.splice(i, 2, ...keep);
      i += keep.length;
    }
  }

  /** Numbers in this set that are not in the other. */
  minus(other: SeqRanges): SeqRanges {
    const result = this.clone();
    for (const [from, to] of other) result.remove(from, to);
    return result;
  }

  /** Numbers in both. */
  intersect(other: SeqRanges): SeqRanges {
    return this.minus(this.minus(other));
  }

  clone(): SeqRanges {
    const copy = new SeqRanges();
    if (this.#ends.length > 0) copy.#ends = this.#ends.slice();
    return copy;
  }

  *[Symbol.iterator](): Generator<SeqRange> {
    for (let i = 0; i < this.#ends.length; i += 2) yield [this.#at(i), this.#at(i + 1)];
  }

  toJSON(): SeqRange[] {
    return [...this];
  }

  #at(i: number): number {
    return this.#ends[i] ?? 0;
  }

  /** Where that range begins in the array. */
  #firstEndingAtOrAfter(seq: number): number {
    let low = 0;
    let high = this.pieces;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#at(2 * middle + 1) < seq) low = middle + 1;
      else high = middle;
    }
    return 2 * low;
  }
}
