import {
  isRoadstreamError,
  millis,
  SeqRanges,
  uuidV7,
  type Clock,
  type Random,
  type StreamName,
  type UnixMillis,
} from "@roadstream/shared";
import type {
  AcceptOutcome,
  EncodedReading,
  HeldRun,
  Outbox,
  OutboxUsage,
  SegmentStore,
  SeqRun,
  SeriesView,
  StoredBoot,
} from "../ports.ts";
import { BootBook } from "./boot-book.ts";
import { PICTURE_STREAMS, type OutboxBudget } from "./budget.ts";
import type { OutboxMetrics } from "./outbox-metrics.ts";
import { OutboxReader } from "./outbox-reader.ts";
import { OutboxTransaction, type OutboxEvents } from "./outbox-transaction.ts";

/** Acknowledgements wait this long for a transaction of readings to share; lost with the power, they only cost a repeat. */
export const ACKNOWLEDGE_DELAY = millis(250);
/** Steps waiting for one transaction; more is refused, so that a disk that hangs does not fill the memory. */
const MAX_WAITING = 20_000;

export interface DurableOutboxOptions {
  readonly store: SegmentStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly budget: OutboxBudget;
  readonly events: OutboxEvents;
  readonly metrics: OutboxMetrics;
  /** The wall time of now where it is confirmed, else null: by it readings are found too old, and thrown away. */
  readonly wallTime: () => UnixMillis | null;
  /** Runs the work at the end of this turn of the event loop (setImmediate). */
  readonly defer: (work: () => void) => void;
  /** Storage failed for good: nothing more will be accepted. */
  readonly onFailure: (error: unknown) => void;
}

type Step =
  | {
      readonly kind: "accept";
      readonly reading: EncodedReading;
      readonly done: (outcome: AcceptOutcome) => void;
    }
  | { readonly kind: "acknowledge"; readonly run: SeqRun; readonly done: () => void }
  | { readonly kind: "lost"; readonly run: SeqRun; readonly done: () => void }
  | { readonly kind: "quarantine"; readonly run: HeldRun; readonly done: () => void }
  | {
      readonly kind: "checkpoint";
      readonly last: "periodic" | "last";
      readonly done: (outcome: AcceptOutcome) => void;
    };

/**
 * The outbox over a store of segments. Steps of one turn become one transaction (group commit): the store's commit is
 * the only commit point, and the numbers, the gaps and what is said of them in agent_events change with it or not at all.
 */
export class DurableOutbox implements Outbox {
  readonly id: string;
  readonly bootId: string;
  readonly #options: DurableOutboxOptions;
  readonly #book: BootBook;
  readonly #reader: OutboxReader;
  #sizes: ReadonlyMap<StreamName, number>;
  /** This boot, and the end of those before it, where no transaction had room for them yet. */
  #opening: readonly StoredBoot[];
  #waiting: Step[] = [];
  #isScheduled = false;
  #isClosed = false;
  /** No number is given any more: the last checkpoint said so, or the outbox was closed. */
  #isSealed = false;
  readonly #ackTimer = new AbortController();
  #isAckTimerSet = false;
  readonly #listeners: ((streams: ReadonlySet<StreamName>) => void)[] = [];

  private constructor(options: DurableOutboxOptions, bootId: string, opening: readonly StoredBoot[]) {
    const state = options.store.load();
    this.#options = options;
    this.id = options.store.outboxId;
    this.bootId = bootId;
    this.#opening = opening;
    this.#book = BootBook.load(state);
    this.#reader = new OutboxReader(options);
    this.#sizes = state.sizes;
  }

  /**
   * Opens a new boot and closes those before it, in one transaction. On a full disk that is left to the first one that
   * has room: until then nothing is accepted, and what is held can be sent.
   */
  static open(options: DurableOutboxOptions): DurableOutbox {
    const bootId = uuidV7(options.clock.now(), options.random);
    const before = options.store.load().boots.filter((boot) => !boot.closed);
    const boots: readonly StoredBoot[] = [
      ...before.map((boot) => ({ ...boot, closed: true })),
      { bootId, machineBoot: options.clock.machineBoot, closed: false, saidBy: null },
    ];
    const outbox = new DurableOutbox(options, bootId, isWritten(options, boots) ? [] : boots);
    options.metrics.opened(outbox.usage());
    if (options.store.load().isPartial) outbox.#declareLost();
    return outbox;
  }

  accept(reading: EncodedReading): Promise<AcceptOutcome> {
    if (this.#isSealed) return Promise.resolve({ refused: "closed" });
    if (this.#waiting.length >= MAX_WAITING) return Promise.resolve({ refused: "storage" });
    return new Promise((done) => {
      this.#waiting.push({ kind: "accept", reading, done });
      this.#schedule();
    });
  }

  checkpoint(kind: "periodic" | "last"): Promise<AcceptOutcome> {
    if (this.#isSealed) return Promise.resolve({ refused: "closed" });
    if (kind === "last") this.#isSealed = true;
    return new Promise((done) => {
      this.#waiting.push({ kind: "checkpoint", last: kind, done });
      this.#schedule();
    });
  }

  acknowledge(run: SeqRun): Promise<void> {
    return this.#settle((done) => ({ kind: "acknowledge", run, done }));
  }

  quarantine(run: HeldRun): Promise<void> {
    // After the last checkpoint no event can declare the gap: the run stays held, for the next boot to judge.
    if (this.#isSealed) return Promise.resolve();
    return this.#settle((done) => ({ kind: "quarantine", run, done }));
  }

  series(): readonly SeriesView[] {
    return this.#book.entries.flatMap((entry) => [...entry.series.values()]);
  }

  read(run: SeqRun, maxBytes: number): Promise<HeldRun | null> {
    return this.#reader.read(run, maxBytes);
  }

  unreadable(run: SeqRun): SeqRun {
    return this.#reader.unreadable(run);
  }

  usage(): OutboxUsage {
    const records = this.series().reduce((sum, view) => {
      const series = this.#book.series(view.bootId, view.stream);
      return sum + (series?.held ?? 0);
    }, 0);
    const bytes = [...this.#sizes.values()].reduce((sum, size) => sum + size, 0);
    const pictureBytes = PICTURE_STREAMS.reduce((sum, stream) => sum + (this.#sizes.get(stream) ?? 0), 0);
    return { records, bytes, pictureBytes };
  }

  onAccepted(listener: (streams: ReadonlySet<StreamName>) => void): void {
    this.#listeners.push(listener);
  }

  [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isClosed) {
      this.#isSealed = true;
      this.#flush();
      this.#isClosed = true;
      this.#ackTimer.abort();
      this.#options.store[Symbol.dispose]();
    }
    return Promise.resolve();
  }

  /** Held numbers whose records went with a damaged store become a declared gap. */
  #declareLost(): void {
    const { store } = this.#options;
    for (const view of this.series()) {
      for (let run = view.heldRunFrom(1); run !== null; run = view.heldRunFrom(run[1] + 1)) {
        const whole = { bootId: view.bootId, stream: view.stream, firstSeq: run[0], lastSeq: run[1] };
        const missing = SeqRanges.of([run]);
        for (const { firstSeq, lastSeq } of store.overlapping(whole)) missing.remove(firstSeq, lastSeq);
        for (const [firstSeq, lastSeq] of missing)
          this.#waiting.push({
            kind: "lost",
            run: { ...whole, firstSeq, lastSeq },
            done: () => undefined,
          });
      }
    }
    this.#flush();
  }

  #settle(step: (done: () => void) => Step): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    return new Promise((done) => {
      this.#waiting.push(step(done));
      this.#scheduleAcknowledgements();
    });
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#options.defer(() => this.#flush());
  }

  #scheduleAcknowledgements(): void {
    if (this.#isScheduled || this.#isAckTimerSet) return;
    this.#isAckTimerSet = true;
    const { clock } = this.#options;
    void clock.sleep(ACKNOWLEDGE_DELAY, this.#ackTimer.signal).then(
      () => {
        this.#isAckTimerSet = false;
        this.#flush();
      },
      () => undefined,
    );
  }

  #flush(): void {
    this.#isScheduled = false;
    const steps = this.#waiting;
    if (steps.length === 0 || this.#isClosed) return;
    this.#waiting = [];
    const { store, clock, budget, events, wallTime, metrics } = this.#options;
    const transaction = new OutboxTransaction({
      store,
      book: this.#book,
      sizes: this.#sizes,
      bootId: this.bootId,
      budget,
      events,
      wallNow: wallTime(),
      uptime: clock.uptime(),
      opening: this.#opening,
    });
    let finish: (() => void)[];
    try {
      finish = this.#apply(steps, transaction);
      store.commit(transaction.changes());
    } catch (error) {
      this.#fail(steps, error);
      return;
    }
    transaction.publish();
    this.#opening = [];
    this.#sizes = transaction.sizes;
    metrics.committed(transaction, this.usage());
    for (const done of finish) done();
    const streams = new Set(transaction.accepted.keys());
    if (streams.size > 0) for (const listener of this.#listeners) listener(streams);
  }

  /** Applies the steps in their order, checkpoints last; returns what tells each caller. */
  #apply(steps: readonly Step[], transaction: OutboxTransaction): (() => void)[] {
    const finish: (() => void)[] = [];
    for (const step of steps) {
      if (step.kind === "accept") {
        const seq = transaction.accept(step.reading);
        finish.push(() => step.done({ seq }));
      } else if (step.kind === "acknowledge") {
        transaction.acknowledge(step.run);
        finish.push(step.done);
      } else if (step.kind === "lost") {
        transaction.lost(step.run);
        finish.push(step.done);
      } else if (step.kind === "quarantine") {
        transaction.quarantine(step.run);
        finish.push(step.done);
      }
    }
    if (steps.some((step) => step.kind === "checkpoint")) transaction.dropAged();
    transaction.enforceBudgets();
    for (const step of steps) {
      if (step.kind !== "checkpoint") continue;
      const seq = transaction.checkpoint(this.id, step.last);
      finish.push(() => step.done(seq === null ? { refused: "storage" } : { seq }));
    }
    return finish;
  }

  /** Nothing of the transaction happened: readings are refused, acknowledgements wait for the next one. */
  #fail(steps: readonly Step[], error: unknown): void {
    this.#options.metrics.failed();
    const isPassing = isDiskFull(error);
    if (!isPassing) {
      this.#isSealed = true;
      this.#options.onFailure(error);
    }
    for (const step of steps) {
      if (step.kind === "accept" || step.kind === "checkpoint") step.done({ refused: "storage" });
      else if (isPassing) this.#waiting.push(step);
      else step.done();
    }
    if (this.#waiting.length > 0) this.#scheduleAcknowledgements();
  }
}

/** A full disk passes. */
const isDiskFull = (error: unknown): boolean => isRoadstreamError(error, "storage") && error.retryable;

/** False where the disk is full. */
const isWritten = ({ store, metrics }: DurableOutboxOptions, boots: readonly StoredBoot[]): boolean => {
  const nothing = { series: [], forgottenBoots: [], added: [], removed: [], quarantined: [] };
  try {
    store.commit({ boots, ...nothing });
    return true;
  } catch (error) {
    if (!isDiskFull(error)) throw error;
    metrics.failed();
    return false;
  }
};
