/** Rows that follow each other in the log and in the batch, appended at the same time. */
export interface LandingRun {
  /** Index of its first row in the batch. */
  readonly from: number;
  readonly partition: number;
  readonly firstOffset: number;
  readonly appendedAt: number;
  count: number;
}

/**
 * The rows of a batch on their way to the database: canonical lines (binary strings), and beside them, run by run,
 * where the log has them. The database joins the two by position, so that nothing is put together per row.
 */
export class LandingRows {
  readonly values: string[] = [];
  readonly runs: LandingRun[] = [];

  get length(): number {
    return this.values.length;
  }

  add(value: string, partition: number, offset: number, appendedAt: number): void {
    const run = this.runs.at(-1);
    if (
      run?.partition === partition &&
      run.appendedAt === appendedAt &&
      run.firstOffset + run.count === offset
    )
      run.count += 1;
    else this.runs.push({ from: this.length, partition, firstOffset: offset, appendedAt, count: 1 });
    this.values.push(value);
  }

  slice(from: number, to: number): LandingRows {
    const part = new LandingRows();
    for (let i = from; i < to; i += 1) {
      const run = this.#runOf(i);
      part.add(this.values[i] ?? "", run.partition, run.firstOffset + i - run.from, run.appendedAt);
    }
    return part;
  }

  /** One row with its place, as JSON. */
  line(i: number): string {
    const { partition, firstOffset, from, appendedAt } = this.#runOf(i);
    const place = `"log_partition":${partition},"log_offset":${firstOffset + i - from},"log_appended_ms":${appendedAt}`;
    return `{${place},${(this.values[i] ?? "").slice(1)}`;
  }

  /** `partition:offset` */
  position(i: number): string {
    const { partition, firstOffset, from } = this.#runOf(i);
    return `${partition}:${firstOffset + i - from}`;
  }

  #runOf(i: number): LandingRun {
    let low = 0;
    let high = this.runs.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.runs[middle]?.from ?? 0) <= i) low = middle;
      else high = middle - 1;
    }
    const run = this.runs[low];
    if (run === undefined) throw new RangeError(`no row ${i}`);
    return run;
  }
}
