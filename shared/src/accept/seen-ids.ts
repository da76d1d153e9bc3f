/** The identities of one payload's records. Mostly they are numbers that ascend: no set is made before one does not. */
export class SeenIds {
  readonly #ascending: number[] = [];
  #others: Set<string | number> | null = null;

  /** False when it was there already. */
  add(id: string | number): boolean {
    const last = this.#ascending.at(-1) ?? Number.NEGATIVE_INFINITY;
    if (this.#others === null && typeof id === "number" && id > last) {
      this.#ascending.push(id);
      return true;
    }
    this.#others ??= new Set(this.#ascending);
    if (this.#others.has(id)) return false;
    this.#others.add(id);
    return true;
  }

  has(id: string | number): boolean {
    return this.#others?.has(id) ?? (typeof id === "number" && this.#ascending.includes(id));
  }
}
