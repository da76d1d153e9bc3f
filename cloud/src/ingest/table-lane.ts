import { millis, RoadstreamError, type DurationMs } from "@roadstream/shared";
import type { LogSlice } from "@roadstream/shared/event-log";
import { PartitionLedger } from "../ledger/partition-ledger.ts";
import type { LakeTable, TableDefinition, TableHead } from "../ports.ts";
import { commitBatch, type BatchOutcome } from "./commit-batch.ts";
import type { HeldPartition } from "./held-partition.ts";
import type { IngestContext } from "./ingest-context.ts";
import { LaneQueue } from "./lane-queue.ts";
import { atHead, placePartitions } from "./place-partitions.ts";
import { RawBatch } from "./raw-batch.ts";
import { topicOf } from "./record-identity.ts";
import { checkLog, resumeOffset, type KnownLog, type ResumeOptions } from "./resume.ts";

type Committed = Extract<BatchOutcome, { readonly kind: "committed" }>;

export interface LaneEvents {
  /** Something changed that the poll loop should look at now. */
  readonly wake: () => void;
  readonly committed: (lane: TableLane, outcome: Committed, took: DurationMs) => void;
}

/**
 * One table's way from the log to the lake: the partitions that are held, the batch being filled, and at most one
 * commit under way. Everything that talks to the store runs in one queue, in order.
 */
export class TableLane {
  readonly table: TableDefinition;
  readonly topic: string;
  readonly #context: IngestContext;
  readonly #queue: LaneQueue;
  readonly #events: LaneEvents;
  readonly #held = new Map<number, HeldPartition>();
  #head: TableHead | null = null;
  #log: KnownLog | null = null;
  #buffer = new RawBatch();
  /** What is being committed, in order; mostly one part. */
  #parts: RawBatch[] = [];
  #isCommitting = false;
  /** Batches dropped since the last commit, which the next one tells; twice, where nobody could tell whether one landed. */
  #dropped = 0;

  constructor(options: {
    context: IngestContext;
    table: TableDefinition;
    signal: AbortSignal;
    events: LaneEvents;
  }) {
    this.table = options.table;
    this.topic = topicOf(options.context.topics, options.table.name);
    this.#context = options.context;
    const { context, table, signal, events } = options;
    this.#queue = new LaneQueue({ context, table: table.name, signal, wake: events.wake });
    this.#events = events;
  }

  get held(): Iterable<HeldPartition> {
    return this.#held.values();
  }

  has(partition: number): boolean {
    return this.#held.has(partition);
  }

  /** Where the table reads on, as far as is known here; null where it has nothing of the partition. */
  next(partition: number): number | null {
    const { next } = this.#held.get(partition)?.state ?? this.#head?.ingest?.partitions[partition] ?? {};
    return next ?? null;
  }

  get head(): TableHead | null {
    return this.#head;
  }

  get heldBytes(): number {
    return this.#parts.reduce((sum, part) => sum + part.bytes, this.#buffer.bytes);
  }

  get heldRows(): number {
    return this.#parts.reduce((sum, part) => sum + part.rows, this.#buffer.rows);
  }

  /** A full batch that waits for the one before it: no more is read. */
  get isFull(): boolean {
    const { batchMaxBytes, batchMaxRows } = this.#context.limits;
    return this.#buffer.bytes >= batchMaxBytes || this.#buffer.rows >= batchMaxRows;
  }

  get isIdle(): boolean {
    return !this.#isCommitting;
  }

  /** What broke the lane for good; the worker stops with it. */
  throwFailure(): void {
    this.#queue.throwFailure();
  }

  /** Monotonic time at which the batch is due; null while it is empty. */
  get due(): number | null {
    return this.#buffer.since === null ? null : this.#buffer.since + this.#context.limits.commitInterval;
  }

  assign(partition: number): void {
    this.revoke(partition);
    const held: HeldPartition = {
      partition,
      state: null,
      ledger: new PartitionLedger(),
      readTo: 0,
      seekTo: null,
      isReading: false,
      holeAt: null,
      isPaused: false,
    };
    this.#held.set(partition, held);
    const place = async (): Promise<void> => {
      // A conflict of the commit before has placed all partitions already: what was read since must stay valid.
      if (held.isReading || held.seekTo !== null) return;
      await this.#atHead((head) => this.#place([held], head));
    };
    this.#queue.add(place, place);
  }

  /** Before any partition is assigned: whether the log is the one that this table was built from, in all partitions. */
  async verify(): Promise<void> {
    const check = (): Promise<void> =>
      this.#atHead(async (head) => {
        this.#adopt(head);
        const { partitionCount } = await checkLog(this.#resume(head));
        for (let partition = 0; partition < partitionCount; partition += 1) {
          await resumeOffset(this.#resume(head), partition);
        }
      });
    this.#queue.add(check, check);
    await this.#queue.settled();
    this.throwFailure();
  }

  /** What is in a batch under way may still be committed: the table's offsets decide. */
  revoke(partition: number): void {
    if (this.#held.delete(partition)) this.#keepOnly(this.#buffer.without(partition));
  }

  /** Records of one poll. Those of a partition that must be sought first belong to before, and are let go. */
  take(slice: LogSlice): void {
    const held = this.#held.get(slice.partition);
    const first = slice.offsets[0];
    const last = slice.offsets.at(-1);
    if (held === undefined || first === undefined || last === undefined) return;
    if (!held.isReading || first < held.readTo) return;
    if (first > held.readTo && this.#context.log.offsets === "dense") {
      this.#findHole(held, first);
      return;
    }
    held.readTo = last + 1;
    this.#buffer.add(slice, this.#context.clock.uptime());
    this.#context.metrics.count(this.table.name, "received", slice.offsets.length);
  }

  /** Called between two polls, when the consumer was told to begin at `seekTo`. */
  begin(held: HeldPartition): void {
    this.#keepOnly(this.#buffer.without(held.partition));
    held.readTo = held.seekTo ?? held.readTo;
    held.seekTo = null;
    held.isReading = true;
  }

  /** Begins a commit when the batch is full, due, or `now` is asked for, and none is under way. */
  commitIfDue(when: "when_due" | "now"): void {
    if (this.#isCommitting || this.#buffer.rows === 0) return;
    const isDue = this.due !== null && this.#context.clock.uptime() >= this.due;
    if (!isDue && !this.isFull && when === "when_due") return;
    // The objects of now: one that is revoked meanwhile comes back as another object.
    const held = new Map([...this.#held].filter(([partition]) => this.#buffer.has(partition)));
    this.#parts = [this.#buffer];
    this.#buffer = new RawBatch();
    this.#isCommitting = true;
    const commit = (): Promise<void> => this.#context.slots.run(() => this.#commit(held));
    const again = (): Promise<void> => this.#resync();
    this.#queue.add(commit, again, () => {
      this.#isCommitting = false;
    });
  }

  /** Records between where reading stands and `first` were not delivered: what comes after them must not land first. */
  #findHole(held: HeldPartition, first: number): void {
    const { table, topic } = this;
    const hole = { table: table.name, topic, partition: held.partition, wanted: held.readTo, came: first };
    this.#context.logger.warn("log_hole", hole);
    if (held.holeAt === held.readTo) {
      throw new RoadstreamError(
        "log_mismatch",
        `${table.name}: partition ${held.partition} of ${topic} has no record from ${held.readTo} to ${first - 1}`,
        {
          hint: "Nothing of it was passed over. This log leaves no holes by itself: check the disk; keep the file.",
        },
      );
    }
    held.holeAt = held.readTo;
    held.isReading = false;
    this.placeAgain();
  }

  /** After a fault of the log: the table's own offset is looked up again, and checked against the log. */
  placeAgain(): void {
    const again = (): Promise<void> => this.#resync();
    this.#queue.add(again, again);
  }

  /** Learns what other workers committed. */
  refresh(): void {
    const look = async (): Promise<void> => this.#adopt(await this.#lakeTable.head());
    this.#queue.add(look, look);
  }

  /** Resolves when nothing is under way any more. */
  settled(): Promise<void> {
    return this.#queue.settled();
  }

  get #lakeTable(): LakeTable {
    return this.#context.tables[this.table.name];
  }

  async #commit(held: Map<number, HeldPartition>): Promise<void> {
    this.#dropMoved(held);
    for (let batch = this.#parts[0]; batch !== undefined; batch = this.#parts[0]) {
      const began = this.#context.clock.uptime();
      const outcome = await this.#commitPart(batch, held);
      switch (outcome.kind) {
        case "too_many_days": {
          const halves = batch.halves();
          if (halves === null) throw new RoadstreamError("invariant", "one record of several days");
          this.#parts.splice(0, 1, ...halves);
          break;
        }
        case "committed":
          this.#parts.shift();
          this.#dropped = 0;
          this.#settle(outcome, held);
          this.#events.committed(this, outcome, millis(this.#context.clock.uptime() - began));
          break;
        case "conflict":
          this.#dropped += 1;
          this.#context.metrics.conflict(this.table.name);
          this.#context.logger.warn("conflict", { table: this.table.name, reason: outcome.reason });
          await this.#resync(outcome.head);
          return;
        case "refused":
          throw new RoadstreamError("refused", `${this.table.name}: ${outcome.reason}`, {
            hint: outcome.hint,
          });
      }
    }
  }

  /** Leaves out the partitions that were taken away while the batch waited. */
  #dropMoved(held: Map<number, HeldPartition>): void {
    for (const [partition, one] of held) {
      if (this.#held.get(partition) === one) continue;
      held.delete(partition);
      this.#parts = this.#parts.map((part) => {
        const rest = part.without(partition);
        this.#returned(part.rows - rest.rows);
        return rest;
      });
    }
    this.#parts = this.#parts.filter((part) => part.rows > 0);
  }

  async #commitPart(raw: RawBatch, held: ReadonlyMap<number, HeldPartition>): Promise<BatchOutcome> {
    const base = this.#head;
    const log = this.#log;
    if (base === null || log === null) throw new RoadstreamError("invariant", "a batch before any head");
    for (const { partition, state } of held.values()) {
      const first = raw.firstOffset(partition);
      // Where no record was read yet, `next` is only where the log began when somebody looked.
      if (state !== null && state.last !== null && first !== null && first < state.next) {
        const reason = `partition ${partition} was read from ${first}, though the table has all before ${state.next}`;
        return { kind: "conflict", head: base, reason };
      }
      if ((base.ingest?.partitions[partition]?.commit ?? null) !== (state?.commit ?? null)) {
        return {
          kind: "conflict",
          head: base,
          reason: `partition ${partition} was moved on by another worker`,
        };
      }
    }
    return commitBatch(this.#context, {
      ...log,
      table: this.table,
      raw,
      ledgers: new Map([...held].map(([partition, { ledger }]) => [partition, ledger])),
      base,
      droppedBefore: this.#dropped,
    });
  }

  #settle(outcome: Committed, held: ReadonlyMap<number, HeldPartition>): void {
    this.#adopt(outcome.head);
    for (const [partition, { state, ledger }] of outcome.partitions) {
      const one = held.get(partition);
      if (one === undefined) continue;
      one.state = state;
      one.ledger = ledger;
    }
    // A table's first commit says of every partition where it begins.
    for (const one of this.#held.values()) {
      const begun = outcome.head.ingest?.partitions[one.partition] ?? null;
      const isOurs = [...outcome.partitions.values()].some(({ state }) => state.commit === begun?.commit);
      if (one.state === null && isOurs) one.state = begun;
    }
  }

  /** After a conflict or a failure: memory follows the table, and reading begins again where the table stands. */
  async #resync(known: TableHead | null = null): Promise<void> {
    const held = [...this.#held.values()];
    // At once, so that nothing is taken on top of what is dropped, nor from where an earlier placing says to begin.
    for (const one of held) {
      one.isReading = false;
      one.seekTo = null;
    }
    for (const part of this.#parts) this.#returned(part.rows);
    this.#parts = [];
    this.#keepOnly(new RawBatch());
    await this.#atHead((head) => this.#place(held, head), known);
  }

  #atHead(work: (head: TableHead) => Promise<void>, known: TableHead | null = null): Promise<void> {
    return atHead(this.#lakeTable, work, known);
  }

  #resume(head: TableHead): ResumeOptions {
    const { log, sha256 } = this.#context;
    return { log, sha256, table: this.table.name, topic: this.topic, head };
  }

  /** Makes partitions stand where the table says, after checking that this is the log it says it of. */
  async #place(held: readonly HeldPartition[], head: TableHead): Promise<void> {
    this.#adopt(head);
    const resume = this.#resume(head);
    this.#log = await checkLog(resume);
    await placePartitions(this.#context, resume, held);
  }

  #adopt(head: TableHead): void {
    if (this.#head === null || head.version >= this.#head.version) this.#head = head;
  }

  #keepOnly(rest: RawBatch): void {
    this.#returned(this.#buffer.rows - rest.rows);
    this.#buffer = rest;
  }

  #returned(rows: number): void {
    this.#context.metrics.count(this.table.name, "returned", rows);
  }
}
