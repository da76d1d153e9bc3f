import { RoadstreamError, type StreamName } from "@roadstream/shared";
import type {
  HeldRun,
  Segment,
  SegmentInfo,
  SegmentStore,
  SeqRun,
  StoreChanges,
  StoredBoot,
  StoredSeries,
  StoredState,
} from "../ports.ts";
import { SEGMENT_OVERHEAD } from "../outbox/budget.ts";

/** What outlives a crash. */
export class MemoryDisk {
  readonly outboxId: string;
  /** Segments may be missing. */
  isPartial = false;
  boots: ReadonlyMap<string, StoredBoot> = new Map();
  series: ReadonlyMap<string, StoredSeries> = new Map();
  segments: readonly Segment[] = [];
  quarantine: readonly HeldRun[] = [];

  constructor(outboxId = "outbox-1") {
    this.outboxId = outboxId;
  }
}

/** How the next commits go wrong. */
export type StoreFault = "full" | "broken" | "crash_before" | "crash_after" | null;

/** Segments in memory with fault knobs. `crash_*` throw as a lost process would leave things: before or after the commit point. */
export class MemorySegmentStore implements SegmentStore {
  readonly outboxId: string;
  readonly disk: MemoryDisk;
  fault: StoreFault = null;
  /** Whether the text of a segment can be read at the moment. */
  isReadable: (segment: SegmentInfo) => boolean = () => true;
  failedReads = 0;
  commits = 0;

  constructor(disk: MemoryDisk = new MemoryDisk()) {
    this.disk = disk;
    this.outboxId = disk.outboxId;
  }

  load(): StoredState {
    const sizes = new Map<StreamName, number>();
    for (const { stream, size } of this.disk.segments)
      sizes.set(stream, (sizes.get(stream) ?? 0) + size + SEGMENT_OVERHEAD);
    return {
      boots: [...this.disk.boots.values()],
      series: [...this.disk.series.values()],
      sizes,
      isPartial: this.disk.isPartial,
    };
  }

  commit(changes: StoreChanges): void {
    if (this.fault === "full") throw new RoadstreamError("storage", "disk full", { retryable: true });
    if (this.fault === "broken" || this.fault === "crash_before")
      throw new RoadstreamError("storage", this.fault);
    const boots = new Map(this.disk.boots);
    const series = new Map(this.disk.series);
    for (const boot of changes.boots) boots.set(boot.bootId, boot);
    for (const stored of changes.series) series.set(`${stored.bootId}/${stored.stream}`, stored);
    for (const bootId of changes.forgottenBoots) boots.delete(bootId);
    for (const [key, stored] of series) if (!boots.has(stored.bootId)) series.delete(key);
    const removed = new Set(changes.removed.map(keyOf));
    this.disk.boots = boots;
    this.disk.series = series;
    this.disk.segments = [...this.disk.segments.filter((s) => !removed.has(keyOf(s))), ...changes.added];
    this.disk.quarantine = [...this.disk.quarantine, ...changes.quarantined];
    this.commits += 1;
    if (this.fault === "crash_after") throw new RoadstreamError("storage", this.fault);
  }

  overlapping(run: SeqRun): readonly SegmentInfo[] {
    return this.#of(run).filter((s) => s.lastSeq >= run.firstSeq && s.firstSeq <= run.lastSeq);
  }

  segmentAt(of: { bootId: string; stream: StreamName; seq: number }): Segment | null {
    const segment = this.#of(of).find((s) => s.lastSeq >= of.seq) ?? null;
    if (segment === null || this.isReadable(segment)) return segment;
    this.failedReads += 1;
    throw new RoadstreamError("storage", "disk I/O error");
  }

  oldest(streams: readonly StreamName[], limit: number): readonly SegmentInfo[] {
    return this.disk.segments.filter((s) => streams.includes(s.stream)).slice(0, limit);
  }

  front(series: { bootId: string; stream: StreamName }, limit: number): readonly SegmentInfo[] {
    return this.#of(series).slice(0, limit);
  }

  acceptedBetween(
    streams: readonly StreamName[],
    { from, to, besides }: { from: number; to: number; besides: string },
    limit: number,
  ): readonly SegmentInfo[] {
    const at = ({ acceptedAt, acceptedUptime }: SegmentInfo): number =>
      acceptedUptime === null ? Number.NaN : (acceptedAt ?? Number.NaN);
    return this.disk.segments
      .filter((s) => streams.includes(s.stream) && at(s) >= from && at(s) <= to)
      .filter((s) => this.disk.boots.get(s.bootId)?.machineBoot !== besides)
      .sort((a, b) => at(a) - at(b))
      .slice(0, limit);
  }

  [Symbol.dispose](): void {
    // The disk outlives its store.
  }

  #of(series: { bootId: string; stream: StreamName }): readonly Segment[] {
    return this.disk.segments
      .filter((s) => s.bootId === series.bootId && s.stream === series.stream)
      .sort((a, b) => a.firstSeq - b.firstSeq);
  }
}

const keyOf = (segment: SeqRun): string => `${segment.bootId}/${segment.stream}/${segment.firstSeq}`;
