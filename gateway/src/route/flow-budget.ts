/**
 * Bytes in flight. Full from `limit` on, until half of it is free again: readers that found it full are called then,
 * once, so that they do not stop and start with every record.
 */
export class FlowBudget {
  readonly #limit: number;
  #used = 0;
  #isFull = false;
  readonly #readers = new Set<() => void>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  get used(): number {
    return this.#used;
  }

  get isFull(): boolean {
    return this.#isFull;
  }

  take(bytes: number): void {
    this.#used += bytes;
    if (this.#used >= this.#limit) this.#isFull = true;
  }

  free(bytes: number): void {
    this.#used -= bytes;
    if (!this.#isFull || this.#used > this.#limit / 2) return;
    this.#isFull = false;
    const readers = [...this.#readers];
    this.#readers.clear();
    for (const reader of readers) reader();
  }

  /** Calls `reader` once when there is room again. */
  whenRoom(reader: () => void): void {
    this.#readers.add(reader);
  }

  forget(reader: () => void): void {
    this.#readers.delete(reader);
  }
}
