import { isRoadstreamError, RoadstreamError } from "@roadstream/shared";
import type { HeldRun, Segment, SegmentStore, SeqRun } from "../ports.ts";
import type { OutboxMetrics } from "./outbox-metrics.ts";
import { segmentRecords } from "./segment-builder.ts";

/** Reads of one place that failed one after the other, after which the store is held to be damaged. */
export const MAX_FAILED_READS = 5;

interface ReadFailure {
  readonly failure: RoadstreamError;
}

/** Reads runs out of the store's segments, and tells a failure that passes from damage. */
export class OutboxReader {
  readonly #store: SegmentStore;
  readonly #metrics: OutboxMetrics;
  readonly #onFailure: (error: unknown) => void;
  /** By place: so many reads of it failed one after the other. */
  readonly #failed = new Map<string, number>();

  constructor(options: {
    readonly store: SegmentStore;
    readonly metrics: OutboxMetrics;
    readonly onFailure: (error: unknown) => void;
  }) {
    this.#store = options.store;
    this.#metrics = options.metrics;
    this.#onFailure = options.onFailure;
  }

  /** See {@link Outbox.read}. */
  async read(run: SeqRun, maxBytes: number): Promise<HeldRun | null> {
    const records: string[] = [];
    let size = 0;
    let next = run.firstSeq;
    while (next <= run.lastSeq) {
      const segment = this.#segmentAt(run, next);
      if (segment !== null && "failure" in segment) {
        if (records.length > 0) break;
        this.#readFailed(run, segment.failure);
        throw segment.failure;
      }
      if (segment === null || segment.firstSeq > next) break;
      for (const record of segmentRecords(segment, next, run.lastSeq)) {
        if (records.length > 0 && size + record.length > maxBytes) return held(run, records);
        records.push(record);
        size += record.length + 1;
      }
      next = run.firstSeq + records.length;
    }
    return records.length === 0 ? null : held(run, records);
  }

  /** See {@link Outbox.unreadable}. */
  unreadable(run: SeqRun): SeqRun {
    try {
      const [own] = this.#store.overlapping({ ...run, lastSeq: run.firstSeq });
      if (own !== undefined) return { ...run, lastSeq: Math.min(run.lastSeq, own.lastSeq) };
      const [next] = this.#store.overlapping(run);
      return next === undefined ? run : { ...run, lastSeq: next.firstSeq - 1 };
    } catch {
      return run;
    }
  }

  #segmentAt({ bootId, stream }: SeqRun, seq: number): Segment | ReadFailure | null {
    try {
      const segment = this.#store.segmentAt({ bootId, stream, seq });
      if (segment !== null && segment.firstSeq <= seq && segmentRecords(segment, seq, seq).length === 0)
        throw new RoadstreamError("storage", "a segment has fewer records than numbers");
      if (this.#failed.size > 0) this.#failed.delete(`${bootId}/${stream}/${seq}`);
      return segment;
    } catch (error) {
      if (!isRoadstreamError(error, "storage")) throw error;
      return { failure: error };
    }
  }

  /** Reads fail for a moment, or for good: for good are {@link MAX_FAILED_READS} of one place, one after the other. */
  #readFailed({ bootId, stream, firstSeq }: SeqRun, failure: RoadstreamError): void {
    const key = `${bootId}/${stream}/${firstSeq}`;
    const failed = (this.#failed.get(key) ?? 0) + 1;
    this.#failed.set(key, failed);
    this.#metrics.readFailed();
    if (failed === MAX_FAILED_READS) this.#onFailure(failure);
  }
}

const held = (run: SeqRun, records: readonly string[]): HeldRun => ({
  bootId: run.bootId,
  stream: run.stream,
  firstSeq: run.firstSeq,
  lastSeq: run.firstSeq + records.length - 1,
  records,
});
