/** An inclusive range of sequence numbers, as it travels in JSON. */
export type SeqRange = readonly [from: number, to: number];

/**
 * A set of sequence numbers as sorted, disjoint, non-adjacent inclusive ranges. Adding at the end, the normal case, is
 * O(1); elsewhere O(log n) to find plus the shift.
 */
export class SeqRanges {
  readonly #from: number[] = [];
  readonly #to: number[] = [];

  static of(ranges: Iterable<SeqRange>): SeqRanges {
    const set = new SeqRanges();
    for (const [from, to] of ranges) set.add(from, to);
    return set;
  }

  /** How many numbers are in the set. */
  get size(): number {
    let total = 0;
    for (let i = 0; i < this.#from.length; i += 1) total += (this.#to[i] ?? 0) - (this.#from[i] ?? 0) + 1;
    return total;
  }

  /** How many ranges it takes. */
  get pieces(): number {
    return this.#from.length;
  }

  /** The largest number, 0 when empty. */
  get last(): number {
    return this.#to.at(-1) ?? 0;
  }

  has(seq: number): boolean {
    const i = this.#firstEndingAtOrAfter(seq);
    const from = this.#from[i];
    return from !== undefined && from <= seq;
  }

  /** The smallest number at or after `seq` that is not in the set. */
  nextAbsent(seq: number): number {
    const i = this.#firstEndingAtOrAfter(seq);
    const from = this.#from[i];
    return from !== undefined && from <= seq ? (this.#to[i] ?? seq) + 1 : seq;
  }

  /** The smallest number at or after `seq` that is in the set; null when there is none. */
  nextPresent(seq: number): number | null {
    const from = this.#from[this.#firstEndingAtOrAfter(seq)];
    return from === undefined ? null : Math.max(from, seq);
  }

  add(from: number, to: number = from): void {
    if (to < from) return;
    const lastTo = this.#to.at(-1);
    if (lastTo === undefined || from > lastTo + 1) {
      this.#from.push(from);
      this.#to.push(to);
      return;
    }
    const first = this.#firstEndingAtOrAfter(from - 1);
    let end = first;
    let newFrom = from;
    let newTo = to;
    for (; end < this.#from.length && (this.#from[end] ?? 0) <= to + 1; end += 1) {
      newFrom = Math.min(newFrom, this.#from[end] ?? newFrom);
      newTo = Math.max(newTo, this.#to[end] ?? newTo);
    }
    this.#from.splice(first, end - first, newFrom);
    this.#to.splice(first, end - first, newTo);
  }

  addAll(other: SeqRanges): void {
    for (const [from, to] of other) this.add(from, to);
  }

  remove(from: number, to: number = from): void {
    let i = this.#firstEndingAtOrAfter(from);
    while (i < this.#from.length && (this.#from[i] ?? 0) <= to) {
      const oldFrom = this.#from[i] ?? 0;
      const oldTo = this.#to[i] ?? 0;
      const keep: [number, number][] = [];
      if (oldFrom < from) keep.push([oldFrom, from - 1]);
      if (oldTo > to) keep.push([to + 1, oldTo]);
      this.#from.splice(i, 1, ...keep.map(([f]) => f));
      this.#to.splice(i, 1, ...keep.map(([, t]) => t));
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
    return SeqRanges.of(this);
  }

  *[Symbol.iterator](): Generator<SeqRange> {
    for (let i = 0; i < this.#from.length; i += 1) yield [this.#from[i] ?? 0, this.#to[i] ?? 0];
  }

  toJSON(): SeqRange[] {
    return [...this];
  }

  #firstEndingAtOrAfter(seq: number): number {
    let low = 0;
    let high = this.#to.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#to[middle] ?? 0) < seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
