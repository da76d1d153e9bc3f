/**
 * The rows of a batch on their way to the database, as columns: the canonical line (a binary string) and the log's
 * position, which goes before it. Nothing is put together per row until it is written.
 */
export class LandingRows {
  readonly values: string[] = [];
  readonly partitions: number[] = [];
  readonly offsets: number[] = [];
  readonly appendedAt: number[] = [];

  get length(): number {
    return this.values.length;
  }

  add(value: string, partition: number, offset: number, appendedAt: number): void {
    this.values.push(value);
    this.partitions.push(partition);
    this.offsets.push(offset);
    this.appendedAt.push(appendedAt);
  }

  slice(from: number, to: number): LandingRows {
    const part = new LandingRows();
    for (let i = from; i < to; i += 1) {
      part.add(this.values[i] ?? "", this.partitions[i] ?? 0, this.offsets[i] ?? 0, this.appendedAt[i] ?? 0);
    }
    return part;
  }

  /** The JSON that the line's `{` is replaced by, without its last comma. */
  prefix(i: number): string {
    return `{"log_partition":${this.partitions[i]},"log_offset":${this.offsets[i]},"log_appended_ms":${this.appendedAt[i]}`;
  }

  line(i: number): string {
    return `${this.prefix(i)},${(this.values[i] ?? "").slice(1)}`;
  }

  /** `partition:offset` */
  position(i: number): string {
    return `${this.partitions[i]}:${this.offsets[i]}`;
  }
}
