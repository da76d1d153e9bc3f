import { StormBed } from "./storm-bed.ts";

/**
 * So many beds at most, each made when it is first needed, and lent to one run at a time. One in which a run failed is
 * not lent again: whatever went wrong there is not the next run's affair.
 */
export class StormBeds implements AsyncDisposable {
  readonly #free: StormBed[] = [];
  readonly #waiting: (() => void)[] = [];
  #lent = 0;
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  async with<T>(work: (bed: StormBed) => Promise<T>): Promise<T> {
    while (this.#lent >= this.#max) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#lent += 1;
    try {
      const bed = this.#free.pop() ?? (await StormBed.start());
      try {
        const result = await work(bed);
        this.#free.push(bed);
        return result;
      } catch (error) {
        await bed[Symbol.asyncDispose]();
        throw error;
      }
    } finally {
      this.#lent -= 1;
      this.#waiting.shift()?.();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const bed of this.#free) await bed[Symbol.asyncDispose]();
  }
}
