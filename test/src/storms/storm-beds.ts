import { StormBed } from "./storm-bed.ts";

/** So many beds at most, each made when it is first needed, and lent to one run at a time. */
export class StormBeds implements AsyncDisposable {
  readonly #free: StormBed[] = [];
  readonly #made: Promise<StormBed>[] = [];
  readonly #waiting: ((bed: StormBed) => void)[] = [];
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  async with<T>(work: (bed: StormBed) => Promise<T>): Promise<T> {
    const bed = await this.#take();
    try {
      return await work(bed);
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free.push(bed);
      else next(bed);
    }
  }

  #take(): Promise<StormBed> {
    const free = this.#free.pop();
    if (free !== undefined) return Promise.resolve(free);
    if (this.#made.length >= this.#max) return new Promise((resolve) => this.#waiting.push(resolve));
    const made = StormBed.start();
    this.#made.push(made);
    return made;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#made.map(async (bed) => (await bed)[Symbol.asyncDispose]()));
  }
}
