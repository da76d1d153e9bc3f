import type { LogSlice } from "@roadstream/shared/event-log";

/** What was read of one table's topic and not committed yet, in log order per partition. */
export class RawBatch {
  readonly slices: LogSlice[] = [];
  rows = 0;
  bytes = 0;
  /** Monotonic time of the first record's arrival here; null while empty. */
  since: number | null = null;

  add(slice: LogSlice, uptime: number): void {
    if (slice.offsets.length === 0) return;
    this.since ??= uptime;
    this.slices.push(slice);
    this.rows += slice.offsets.length;
    for (const value of slice.values) this.bytes += value.length;
  }

  has(partition: number): boolean {
    return this.slices.some((slice) => slice.partition === partition);
  }

  /** Where the records of a partition begin; null when there are none. */
  firstOffset(partition: number): number | null {
    return this.slices.find((slice) => slice.partition === partition)?.offsets[0] ?? null;
  }

  /** Without the records of a partition that was taken away. */
  without(partition: number): RawBatch {
    const rest = new RawBatch();
    for (const slice of this.slices) if (slice.partition !== partition) rest.add(slice, this.since ?? 0);
    return rest;
  }

  /** Two halves, the first to be committed before the second. A single record cannot be halved: then null. */
  halves(): readonly [RawBatch, RawBatch] | null {
    if (this.rows < 2) return null;
    const first = new RawBatch();
    const second = new RawBatch();
    const half = Math.floor(this.rows / 2);
    for (const slice of this.slices) {
      const take = Math.max(0, Math.min(slice.offsets.length, half - first.rows));
      first.add(part(slice, 0, take), this.since ?? 0);
      second.add(part(slice, take, slice.offsets.length), this.since ?? 0);
    }
    return [first, second];
  }
}

const part = (slice: LogSlice, from: number, to: number): LogSlice => ({
  topic: slice.topic,
  partition: slice.partition,
  offsets: slice.offsets.slice(from, to),
  appendedAt: slice.appendedAt.slice(from, to),
  keys: slice.keys.slice(from, to),
  values: slice.values.slice(from, to),
  headers: slice.headers?.slice(from, to) ?? null,
});
