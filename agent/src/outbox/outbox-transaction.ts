import {
  SeqRanges,
  unixMillis,
  uptimeMillis,
  type Checkpoint,
  type StreamName,
  type UnixMillis,
  type UptimeMillis,
} from "@roadstream/shared";
import { BUILD_FLOOR } from "../clock/vouched-time.ts";
import type {
  EncodedReading,
  HeldRun,
  SegmentInfo,
  SegmentStore,
  SeqRun,
  StoreChanges,
  StoredBoot,
} from "../ports.ts";
import { checkpointBoot, isFullySettled, type BootBook, type BootEntry } from "./boot-book.ts";
import { excess, PICTURE_STREAMS, READING_STREAMS, SEGMENT_OVERHEAD, type OutboxBudget } from "./budget.ts";
import { checkpointParts } from "./checkpoint-parts.ts";
import { SegmentBuilder } from "./segment-builder.ts";
import { SeriesLedger } from "./series-ledger.ts";

/** A declared gap. */
interface DroppedRange extends SeqRun {
  readonly reason: string;
}

/** How the outbox words what it has to say of itself. */
export interface OutboxEvents {
  dropped(range: DroppedRange): EncodedReading;
  /** Null when it cannot be said within the contract's limits. */
  checkpoint(checkpoint: Checkpoint): EncodedReading | null;
}

export interface TransactionContext {
  readonly store: SegmentStore;
  readonly book: BootBook;
  readonly sizes: ReadonlyMap<StreamName, number>;
  readonly bootId: string;
  readonly budget: OutboxBudget;
  readonly events: OutboxEvents;
  /** The wall time where it is confirmed. */
  readonly wallNow: UnixMillis | null;
  readonly uptime: UptimeMillis;
  /** Boots to write with it: those of an opening that found no room. */
  readonly opening: readonly StoredBoot[];
}

/** Segments looked at in one go when room is made or age is judged; what remains is for the next transaction. */
const OLDEST_AT_ONCE = 512;

/** What nobody will want any more once it is old; what the car says of itself, and emergencies, always are. */
const AGING_STREAMS: readonly StreamName[] = [...READING_STREAMS, ...PICTURE_STREAMS];

/** Between two lines of a segment; there is one less than lines. */
const NEWLINE = 1;

const keyOf = (segment: SeqRun): string => `${segment.bootId}/${segment.stream}/${segment.firstSeq}`;

/**
 * Everything that one transaction changes, tried on copies: nothing of it is true before the store has committed, and
 * all of it is after. Order within: acknowledgements and readings as they came, then what the budgets force out, then
 * the declaration of that, then checkpoints, which so describe the state that the transaction leaves.
 */
export class OutboxTransaction {
  readonly #context: TransactionContext;
  readonly #series = new Map<string, SeriesLedger>();
  readonly #boots = new Map<string, StoredBoot>();
  readonly #builders = new Map<StreamName, SegmentBuilder>();
  readonly #sizes: Map<StreamName, number>;
  readonly #removed = new Map<string, SegmentInfo>();
  readonly #forgotten = new Set<string>();
  readonly #quarantined: HeldRun[] = [];
  readonly #gaps = new Map<
    string,
    { readonly run: SeqRun; readonly reason: string; readonly ranges: SeqRanges }
  >();
  readonly dropped = new Map<string, number>();
  readonly accepted = new Map<StreamName, number>();
  acknowledged = 0;

  constructor(context: TransactionContext) {
    this.#context = context;
    this.#sizes = new Map(context.sizes);
    for (const boot of context.opening) this.#putBoot(boot);
  }

  get sizes(): ReadonlyMap<StreamName, number> {
    return this.#sizes;
  }

  accept(reading: EncodedReading): number {
    const { stream, tail } = reading;
    const seq = this.#own(stream).give();
    this.#append(stream, seq, tail);
    return seq;
  }

  acknowledge(run: SeqRun): void {
    const series = this.#draft(run);
    if (series === null) return;
    this.acknowledged += series.acknowledge(run.firstSeq, run.lastSeq);
    this.#removeSettled(run, series);
    for (const { boot } of this.#context.book.entries) {
      const by = boot.saidBy;
      if (by === null || run.stream !== "agent_events" || by.bootId !== run.bootId) continue;
      if (by.seq >= run.firstSeq && by.seq <= run.lastSeq) this.#forgotten.add(boot.bootId);
    }
  }

  quarantine(run: HeldRun): void {
    this.#quarantined.push(run);
    this.#drop(run, "quarantined");
  }

  /** Records that the store has not, or not any more: said with the next {@link enforceBudgets}. */
  lost(run: SeqRun): void {
    this.#drop(run, "unreadable");
  }

  /** Gives up readings that nobody will want any more; declared with the next {@link enforceBudgets}. */
  dropAged(): void {
    for (const segment of [...this.#agedInThisMachineBoot(), ...this.#agedInOthers()])
      if (!this.#removed.has(keyOf(segment))) this.#drop(segment, "too_old");
  }

  /** Makes room, and declares what that cost. */
  enforceBudgets(): void {
    for (let over = this.#excess(); over !== null; over = this.#excess()) {
      let left = over.bytes;
      for (const segment of this.#oldest(over.streams)) {
        if (left <= 0) break;
        left -= segment.size + SEGMENT_OVERHEAD;
        this.#drop(segment, over.reason);
      }
      // What is over budget may stand in this very transaction: the next one finds it in the store.
      if (left === over.bytes) break;
    }
    this.#declare();
  }

  /** The number of the (last) checkpoint record, or null when it could not be said. */
  checkpoint(outboxId: string, kind: "periodic" | "last"): number | null {
    const { book, bootId, events } = this.#context;
    if (kind === "last") this.#putBoot({ ...this.#bootOf(bootId), closed: true });
    const entries = book.entries
      .filter(({ boot }) => !this.#forgotten.has(boot.bootId))
      .map((entry) => this.#draftEntry(entry));
    const others = entries.filter(({ boot }) => boot.bootId !== bootId);
    const parts = checkpointParts(others.map((entry) => ({ entry, said: checkpointBoot(entry) })));
    let last: number | null = null;
    parts.forEach((part, index) => {
      const seq = this.#own("agent_events").give();
      const isLast = index === parts.length - 1;
      const own = this.#draftEntry(book.entry(bootId) ?? { boot: this.#bootOf(bootId), series: new Map() });
      const boots = part.map(({ said }) => said);
      const reading = events.checkpoint({
        outbox_id: outboxId,
        boots: isLast ? [...boots, checkpointBoot(own)] : boots,
      });
      if (reading === null) {
        this.#own("agent_events").drop(seq, seq, "checkpoint_too_large");
        return;
      }
      this.#append("agent_events", seq, reading.tail);
      for (const { entry } of part) this.#markSaid(entry, seq);
      last = seq;
    });
    return last;
  }

  changes(): StoreChanges {
    const added = [...this.#builders.values()].flatMap((builder) => builder.finish());
    for (const segment of added) this.#grow(segment.stream, SEGMENT_OVERHEAD - NEWLINE);
    const kept = [...this.#series.values()].filter((series) => !this.#forgotten.has(series.bootId));
    return {
      boots: [...this.#boots.values()].filter((boot) => !this.#forgotten.has(boot.bootId)),
      series: kept.map((series) => series.stored()),
      forgottenBoots: [...this.#forgotten],
      added,
      removed: [...this.#removed.values()],
      quarantined: this.#quarantined,
    };
  }

  /** Makes the drafts the truth; only after the store has committed. */
  publish(): void {
    const { book } = this.#context;
    for (const boot of this.#boots.values()) book.putBoot(boot);
    for (const series of this.#series.values()) book.putSeries(series);
    for (const bootId of this.#forgotten) book.forget(bootId);
  }

  /** The monotonic clock alone tells how old these are: a wall clock that was wrong, then or now, takes no part. */
  #agedInThisMachineBoot(): readonly SegmentInfo[] {
    const { book, bootId, store, uptime, budget } = this.#context;
    const { machineBoot } = this.#bootOf(bootId);
    const limit = uptime - budget.maxAge;
    if (limit < 0) return [];
    const series = book.entries
      .filter(({ boot }) => boot.machineBoot === machineBoot)
      .flatMap((entry) => [...entry.series.values()])
      .filter(({ stream }) => AGING_STREAMS.includes(stream));
    return series.flatMap((each) =>
      store
        .front(each, OLDEST_AT_ONCE)
        .filter(({ acceptedUptime }) => acceptedUptime !== null && acceptedUptime < limit),
    );
  }

  /** Only wall clocks span machine boots: both times must be sure, and the one that is stored not a flat battery's. */
  #agedInOthers(): readonly SegmentInfo[] {
    const { store, bootId, wallNow, budget } = this.#context;
    if (wallNow === null) return [];
    const to = unixMillis(wallNow - budget.maxAge - 1);
    const besides = this.#bootOf(bootId).machineBoot;
    return store.acceptedBetween(AGING_STREAMS, { from: BUILD_FLOOR, to, besides }, OLDEST_AT_ONCE);
  }

  #append(stream: StreamName, seq: number, tail: string): void {
    let builder = this.#builders.get(stream);
    if (builder === undefined) {
      const { bootId, wallNow, uptime } = this.#context;
      const acceptedUptime = uptimeMillis(Math.trunc(uptime));
      builder = new SegmentBuilder({ bootId, stream, acceptedAt: wallNow, acceptedUptime });
      this.#builders.set(stream, builder);
    }
    const line = `{"seq":${seq},${tail}`;
    builder.add(seq, line);
    this.#grow(stream, line.length + NEWLINE);
    this.accepted.set(stream, (this.accepted.get(stream) ?? 0) + 1);
  }

  #own(stream: StreamName): SeriesLedger {
    const { bootId } = this.#context;
    const existing = this.#draft({ bootId, stream });
    if (existing !== null) return existing;
    const { machineBoot } = this.#bootOf(bootId);
    const series = new SeriesLedger({ bootId, machineBoot, stream });
    this.#series.set(`${bootId}/${stream}`, series);
    return series;
  }

  #draft(of: { bootId: string; stream: StreamName }): SeriesLedger | null {
    const key = `${of.bootId}/${of.stream}`;
    const drafted = this.#series.get(key);
    if (drafted !== undefined) return drafted;
    const draft = this.#context.book.series(of.bootId, of.stream)?.draft() ?? null;
    if (draft !== null) this.#series.set(key, draft);
    return draft;
  }

  #draftEntry(entry: BootEntry): BootEntry {
    const series = new Map(entry.series);
    for (const draft of this.#series.values())
      if (draft.bootId === entry.boot.bootId) series.set(draft.stream, draft);
    return { boot: this.#boots.get(entry.boot.bootId) ?? entry.boot, series };
  }

  #bootOf(bootId: string): StoredBoot {
    const boot = this.#boots.get(bootId) ?? this.#context.book.entry(bootId)?.boot;
    return boot ?? { bootId, machineBoot: "", closed: false, saidBy: null };
  }

  #putBoot(boot: StoredBoot): void {
    this.#boots.set(boot.bootId, boot);
  }

  /** A boot is forgotten when the checkpoint that said it settled is acknowledged; a checkpoint that was dropped says nothing. */
  #markSaid(entry: BootEntry, seq: number): void {
    if (!isFullySettled(entry)) return;
    const by = entry.boot.saidBy;
    const isOnItsWay =
      by !== null &&
      (this.#draft({ ...by, stream: "agent_events" })?.heldWithin(by.seq, by.seq).length ?? 0) > 0;
    if (!isOnItsWay) this.#putBoot({ ...entry.boot, saidBy: { bootId: this.#context.bootId, seq } });
  }

  #drop(run: SeqRun, reason: string): void {
    const series = this.#draft(run);
    if (series === null) return;
    const key = `${run.bootId}/${run.stream}/${reason}`;
    const gap = this.#gaps.get(key) ?? { run, reason, ranges: new SeqRanges() };
    this.#gaps.set(key, gap);
    for (const [from, to] of series.drop(run.firstSeq, run.lastSeq, reason)) {
      gap.ranges.add(from, to);
      this.dropped.set(reason, (this.dropped.get(reason) ?? 0) + to - from + 1);
    }
    this.#removeSettled(run, series);
  }

  #declare(): void {
    for (const { run, reason, ranges } of this.#gaps.values()) {
      for (const [firstSeq, lastSeq] of ranges)
        this.accept(this.#context.events.dropped({ ...run, firstSeq, lastSeq, reason }));
    }
    this.#gaps.clear();
  }

  #removeSettled(run: SeqRun, series: SeriesLedger): void {
    for (const segment of this.#context.store.overlapping(run)) {
      const key = keyOf(segment);
      if (this.#removed.has(key) || series.heldWithin(segment.firstSeq, segment.lastSeq).length > 0) continue;
      this.#removed.set(key, segment);
      this.#grow(segment.stream, -(segment.size + SEGMENT_OVERHEAD));
    }
  }

  #oldest(streams: readonly StreamName[]): readonly SegmentInfo[] {
    return this.#context.store
      .oldest(streams, OLDEST_AT_ONCE)
      .filter((segment) => !this.#removed.has(keyOf(segment)));
  }

  #excess(): ReturnType<typeof excess> {
    return excess(this.#sizes, this.#context.budget);
  }

  #grow(stream: StreamName, size: number): void {
    this.#sizes.set(stream, (this.#sizes.get(stream) ?? 0) + size);
  }
}
