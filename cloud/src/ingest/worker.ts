import {
  errorText,
  millis,
  RoadstreamError,
  unlessAborted,
  type DurationMs,
  type TableName,
} from "@roadstream/shared";
import type { LogConsumer, PollResult, TopicPartition } from "@roadstream/shared/event-log";
import type { BatchOutcome } from "./commit-batch.ts";
import { DrainTargets } from "./drain-targets.ts";
import { spokenOfSeries, touchedSeries } from "../receipts/settled-series.ts";
import type { IngestContext } from "./ingest-context.ts";
import { HELD_MAX_BYTES, POLL_MAX_BYTES, POLL_WAIT } from "./ingest-limits.ts";
import { recordsBehind } from "./records-behind.ts";
import { topicOf } from "./record-identity.ts";
import { TableLane } from "./table-lane.ts";

export interface WorkerOptions {
  readonly group: string;
  /** Unique among living workers. */
  readonly name: string;
  /** Those that this group lands. */
  readonly tables: readonly TableName[];
  readonly untilDrained: boolean;
  readonly signal: AbortSignal;
  readonly onReady: () => void;
}

type Committed = Extract<BatchOutcome, { readonly kind: "committed" }>;

/** How often other workers' progress is looked at while draining, and lag is measured. */
const LOOK_AROUND = millis(2000);
/** Why a poll ended early; a made-up error would cost a stack trace each time. */
const WOKEN = "woken";
const TOPICS_WAIT = millis(500);

/**
 * One member of the group of cloud workers: reads its partitions of all topics, fills one batch per table, commits
 * each by its own rhythm. Ends when the signal fires or the log is drained; throws what cannot be gone on with.
 */
export class IngestWorker {
  readonly #context: IngestContext;
  readonly #options: WorkerOptions;
  readonly #lanes = new Map<string, TableLane>();
  #targets: DrainTargets | null = null;
  #consumer: LogConsumer | null = null;
  #wake = new AbortController();
  #lookedAround = 0;
  #isMeasuring = false;
  /** Marks told to the log: a cache of the tables' offsets, so that one failing is only counted. */
  readonly #marks = new Set<Promise<void>>();

  constructor(context: IngestContext, options: WorkerOptions) {
    this.#context = context;
    this.#options = options;
  }

  async run(): Promise<void> {
    const { signal } = this.#options;
    // Nothing has begun yet that a stop should wait for, and a log that is away may take long to say so.
    await using consumer = await unlessAborted(signal, this.#begin());
    this.#consumer = consumer;
    this.#options.onReady();
    while (!signal.aborted && !this.#isDrained()) {
      // Before looking: what changes from here on ends the poll early.
      this.#wake = new AbortController();
      for (const lane of this.#lanes.values()) lane.throwFailure();
      for (const lane of this.#lanes.values()) lane.commitIfDue(this.#isReadOut(lane) ? "now" : "when_due");
      this.#steer(consumer);
      const either = AbortSignal.any([signal, this.#wake.signal]);
      this.#hear(await consumer.poll({ maxBytes: POLL_MAX_BYTES, wait: this.#wait(), signal: either }));
      this.#lookAround();
    }
    // Commits under way may finish; records that are only held stay in the log.
    for (const lane of this.#lanes.values()) await lane.settled();
    await Promise.all(this.#marks);
    await this.#context.receipts.finish();
  }

  /** Looks whether log and tables belong together, then joins the group. */
  async #begin(): Promise<LogConsumer> {
    const topics = await this.#topics();
    if (this.#options.untilDrained) this.#targets = await DrainTargets.of(this.#context.log, topics);
    for (const [table, topic] of topics) this.#lanes.set(topic, this.#lane(table));
    for (const lane of this.#lanes.values()) await lane.verify();
    const { group, name: worker } = this.#options;
    const consumer = await this.#context.log.join({
      group,
      worker,
      topics: topics.map(([, topic]) => topic),
    });
    // Nobody waits for it any more: a member that never polls would keep its partitions from the others.
    if (this.#options.signal.aborted) await consumer[Symbol.asyncDispose]();
    return consumer;
  }

  /** Bytes and rows that were read and are not committed. */
  held(table: TableName): { readonly rows: number; readonly bytes: number } {
    const lane = this.#lanes.get(topicOf(this.#context.topics, table));
    return { rows: lane?.heldRows ?? 0, bytes: lane?.heldBytes ?? 0 };
  }

  #lane(table: TableName): TableLane {
    return new TableLane({
      context: this.#context,
      table: this.#context.tables[table].definition,
      signal: this.#options.signal,
      events: {
        wake: () => this.#wake.abort(WOKEN),
        committed: (lane, outcome, took) => this.#committed(lane, outcome, took),
      },
    });
  }

  /** All tables' topics; waits until the gateway has made them, or leaves the missing out when there is no waiting. */
  async #topics(): Promise<readonly (readonly [TableName, string])[]> {
    const { log, topics, clock, logger } = this.#context;
    const all = this.#options.tables.map((table) => [table, topicOf(topics, table)] as const);
    for (let isFirst = true; ; isFirst = false) {
      const counts = await Promise.all(all.map(([, topic]) => log.partitions(topic)));
      const there = all.filter((_, i) => counts[i] !== null);
      if (there.length === all.length || this.#options.untilDrained) return there;
      if (isFirst) logger.info("waiting_for_topics", { missing: all.length - there.length });
      await clock.sleep(TOPICS_WAIT, this.#options.signal);
    }
  }

  /** Between two polls: begin where the tables say, and hold back what has no room. */
  #steer(consumer: LogConsumer): void {
    const isCrowded =
      [...this.#lanes.values()].reduce((sum, lane) => sum + lane.heldBytes, 0) >= HELD_MAX_BYTES;
    for (const lane of this.#lanes.values()) {
      for (const held of lane.held) {
        const at = { topic: lane.topic, partition: held.partition };
        if (held.seekTo !== null) {
          consumer.seek(at, held.seekTo);
          lane.begin(held);
        }
        const isPaused = lane.isFull || isCrowded;
        if (isPaused !== held.isPaused) {
          held.isPaused = isPaused;
          if (isPaused) consumer.pause(at);
          else consumer.resume(at);
        }
      }
      this.#context.metrics.held(lane.table.name, lane.heldBytes);
    }
  }

  #hear(result: PollResult): void {
    for (const at of result.revoked) this.#revoke(at);
    for (const at of result.assigned) this.#lanes.get(at.topic)?.assign(at.partition);
    for (const slice of result.slices) this.#lanes.get(slice.topic)?.take(slice);
    for (const fault of result.faults) {
      const { kind, ...where } = fault;
      this.#context.logger.warn(kind, where);
      this.#lanes.get(fault.topic)?.placeAgain();
    }
  }

  #revoke({ topic, partition }: TopicPartition): void {
    const lane = this.#lanes.get(topic);
    if (lane === undefined) return;
    lane.revoke(partition);
    this.#context.metrics.noLag(lane.table.name, partition);
  }

  #wait(): DurationMs {
    const now = this.#context.clock.uptime();
    let wait: number = POLL_WAIT;
    for (const { due, isIdle } of this.#lanes.values())
      if (due !== null && isIdle) wait = Math.min(wait, due - now);
    return millis(Math.max(0, wait));
  }

  #isReadOut(lane: TableLane): boolean {
    const targets = this.#targets;
    if (targets === null) return false;
    return [...lane.held].every(
      ({ partition, readTo, isReading }) => isReading && readTo >= targets.of(lane.table.name, partition),
    );
  }

  #isDrained(): boolean {
    const targets = this.#targets;
    if (targets === null) return false;
    return [...this.#lanes.values()].every((lane) => targets.isReached(lane.table.name, lane.head));
  }

  #lookAround(): void {
    const { clock } = this.#context;
    if (clock.uptime() - this.#lookedAround < LOOK_AROUND) return;
    this.#lookedAround = clock.uptime();
    if (this.#targets !== null) for (const lane of this.#lanes.values()) lane.refresh();
    // Not awaited: a log that is away takes longer to say so than a stop may take.
    if (!this.#isMeasuring) void this.#measure();
  }

  /** Never rejects. */
  async #measure(): Promise<void> {
    this.#isMeasuring = true;
    try {
      for (const lane of this.#lanes.values()) await this.#measureLag(lane);
    } catch (error) {
      if (!this.#options.signal.aborted)
        this.#context.logger.warn("lag_unknown", { reason: errorText(error) });
    }
    this.#isMeasuring = false;
  }

  async #measureLag(lane: TableLane): Promise<void> {
    for (const { partition } of lane.held) {
      const range = await this.#context.log.range({ topic: lane.topic, partition });
      // Revoked meanwhile: it is no longer ours to tell of.
      if (lane.has(partition))
        this.#context.metrics.lag(lane.table.name, partition, recordsBehind(range, lane.next(partition)));
    }
  }

  #committed(lane: TableLane, outcome: Committed, took: DurationMs): void {
    const { metrics, clock, logger } = this.#context;
    const { name: table } = lane.table;
    const totals = { landed: 0, doubled: 0, rejected: 0 };
    for (const { delta } of outcome.staged.partitions.values()) {
      totals.landed += delta.counts.landed;
      totals.doubled += delta.counts.doubled;
      totals.rejected += delta.counts.rejected;
    }
    metrics.count(table, "landed", totals.landed);
    metrics.count(table, "doubled", totals.doubled);
    metrics.count(table, "rejected", totals.rejected);
    for (const { rejection } of outcome.staged.refusals) metrics.rejected(table, rejection.reason);
    const { files, fileBytes, attempts } = outcome;
    const { committedAt: at } = outcome.head;
    metrics.committed(table, { seconds: took / 1000, files, fileBytes, attempts, at });
    for (const { uptimeMs, rows } of outcome.captured)
      metrics.queryable(table, clock.uptime() - uptimeMs, rows);
    for (const [partition, end] of outcome.deadLetterEnds)
      this.#targets?.raise("dead_letters", partition, end);
    for (const [partition, { state }] of outcome.partitions) this.#mark(lane.topic, partition, state.next);
    this.#tellSettled(table, outcome);
    logger.info("committed", {
      table,
      ...totals,
      files: outcome.files,
      bytes: outcome.fileBytes,
      ms: Math.round(took),
    });
  }

  #tellSettled(table: TableName, { partitions, staged }: Committed): void {
    const { receipts } = this.#context;
    const parts = [...partitions].flatMap(([partition, { ledger }]) => {
      const delta = staged.partitions.get(partition)?.delta;
      return delta === undefined ? [] : [{ delta, ledger }];
    });
    receipts.tell(touchedSeries(table, parts));
    if (staged.checkpoints.length === 0) return;
    const holders = [...this.#lanes.values()].map((lane) => ({
      table: lane.table.name,
      ledgers: [...lane.held].map(({ ledger }) => ledger),
    }));
    receipts.tell(spokenOfSeries(staged.checkpoints, holders));
  }

  #mark(topic: string, partition: number, next: number): void {
    const consumer = this.#consumer;
    if (consumer === null) throw new RoadstreamError("invariant", "a commit before joining");
    const told = consumer.markDurable({ topic, partition }, next).catch((error: unknown) => {
      this.#context.logger.warn("mark_failed", { topic, partition, reason: errorText(error) });
    });
    this.#marks.add(told);
    void told.finally(() => this.#marks.delete(told));
  }
}
