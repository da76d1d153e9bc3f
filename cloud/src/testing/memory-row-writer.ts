import { RoadstreamError } from "@roadstream/shared";
import { putNewObject } from "../object-store/put-new-object.ts";
import type { ObjectStore } from "../ports.ts";
import type { RowBatch, RowWriter, WriteOutcome } from "../ingest/ports.ts";

const linesOf = ({ rows }: RowBatch): readonly string[] =>
  Array.from({ length: rows.length }, (_, i) => rows.line(i));

/** Writes a batch's lines as one object of newline-delimited JSON, for simulations that need no database. */
export class MemoryRowWriter implements RowWriter {
  /** Fault knob: lines that this database does not take. */
  refuses: (line: string) => boolean = () => false;
  /** Fault knob: the folder where files are built has no room. */
  isFull: () => boolean = () => false;
  readonly #store: ObjectStore;
  readonly #uuid: () => string;

  constructor(options: { readonly store: ObjectStore; readonly uuid: () => string }) {
    this.#store = options.store;
    this.#uuid = options.uuid;
  }

  async write(batch: RowBatch, maxDays: number): Promise<WriteOutcome> {
    if (this.isFull()) throw new RoadstreamError("storage", "write rows: ENOSPC", { retryable: true });
    if (!(await this.accepts(batch))) return { kind: "refused", reason: "told to refuse" };
    if (maxDays < 1) return { kind: "too_many_days", days: 1 };
    const key = `${batch.table.name}/data/event_day=2026-01-01/${this.#uuid()}.ndjson`;
    const bytes = Buffer.from(linesOf(batch).join("\n"), "latin1");
    await putNewObject(this.#store, key, bytes);
    const file = { key, sizeBytes: bytes.length, rows: batch.rows.length, day: "2026-01-01", columns: [] };
    return { kind: "written", files: [file], captured: [] };
  }

  accepts(batch: RowBatch): Promise<boolean> {
    return Promise.resolve(!linesOf(batch).some(this.refuses));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}
