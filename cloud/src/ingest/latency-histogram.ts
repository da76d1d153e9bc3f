/** Counts of durations in steps of about 2 %, so that percentiles need no list of values. Milliseconds. */
export class LatencyHistogram {
  readonly #counts = new Map<number, number>();
  #total = 0;

  add(ms: number, rows = 1): void {
    const step = Math.round(Math.log(Math.max(1, ms)) / STEP);
    this.#counts.set(step, (this.#counts.get(step) ?? 0) + rows);
    this.#total += rows;
  }

  get count(): number {
    return this.#total;
  }

  /** The duration that `share` (0..1) of the values do not exceed, null without values. */
  percentile(share: number): number | null {
    if (this.#total === 0) return null;
    let seen = 0;
    let last = 0;
    for (const step of [...this.#counts.keys()].sort((a, b) => a - b)) {
      seen += this.#counts.get(step) ?? 0;
      last = step;
      if (seen >= share * this.#total) break;
    }
    return Math.round(Math.exp(last * STEP));
  }
}

const STEP = Math.log(1.02);
