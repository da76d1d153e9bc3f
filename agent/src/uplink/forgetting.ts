import {
  MAX_PUBLISH_BYTES,
  parseReceipt,
  seconds,
  type Clock,
  type Receipt,
  type SeqRange,
} from "@roadstream/shared";
import type { Outbox, SeqRun, SeriesView } from "../ports.ts";
import { AwaitingReceipts } from "./awaiting-receipts.ts";
import type { FlightDeck } from "./flight-deck.ts";
import type { UplinkMetrics } from "./uplink-metrics.ts";

/** How often what is awaited is compared with what is held. */
const COMPARE_EVERY = seconds(10);

/** `acknowledged`: the broker has it, in the log · `settled`: the cloud has it, in the lake. */
export type ForgetWhen = "acknowledged" | "settled";

/**
 * Decides when the outbox may forget a reading: the one place that knows. Until then it is held, counts against the
 * outbox's budget, and checkpoints say that it is held, whoever has a copy of it.
 */
export interface Forgetting {
  /** Whether receipts are to be listened for. */
  readonly listens: boolean;
  /** Readings that the broker has acknowledged and that are held all the same. */
  readonly awaited: number;
  /** The broker has acknowledged a batch of these. */
  acknowledged(run: SeqRun): Promise<void>;
  /** A message from the topic of receipts: whatever anybody may have put there. */
  receipt(payload: Uint8Array): Promise<void>;
  /** Frees what must be sent again. */
  sweep(): void;
  /** How long a sweep has nothing to do; null: for ever. */
  waitMs(): number | null;
}

export interface ForgettingContext {
  readonly outbox: Outbox;
  readonly deck: FlightDeck;
  readonly clock: Clock;
  readonly metrics: UplinkMetrics;
  readonly vehicleId: string;
}

export const forgetting = (when: ForgetWhen, context: ForgettingContext): Forgetting =>
  when === "settled" ? new ForgetSettled(context) : forgetAcknowledged(context);

const forgetAcknowledged = ({ outbox, deck }: ForgettingContext): Forgetting => ({
  listens: false,
  awaited: 0,
  acknowledged: async (run) => {
    await outbox.acknowledge(run);
    deck.release(run);
  },
  receipt: () => Promise.resolve(),
  sweep: () => undefined,
  waitMs: () => null,
});

/**
 * Acknowledged runs stay taken on the deck, so that nobody picks them, until a receipt covers them or they are overdue.
 * Only memory knows of them: after a restart all that is held is sent, and the cloud drops the doubles by identity.
 */
class ForgetSettled implements Forgetting {
  readonly listens = true;
  readonly #context: ForgettingContext;
  readonly #awaiting = new AwaitingReceipts();
  #compareAt = 0;

  constructor(context: ForgettingContext) {
    this.#context = context;
  }

  get awaited(): number {
    this.#compare();
    return this.#awaiting.records;
  }

  acknowledged(run: SeqRun): Promise<void> {
    const { outbox, deck, clock } = this.#context;
    const view = outbox.series().find((one) => one.bootId === run.bootId && one.stream === run.stream);
    // A receipt may come before the acknowledgement.
    if (view === undefined || heldOf(view, [[run.firstSeq, run.lastSeq]]).length === 0) deck.release(run);
    else this.#awaiting.acknowledged(run, clock.uptime());
    this.#context.metrics.awaiting(this.#awaiting.records);
    return Promise.resolve();
  }

  async receipt(payload: Uint8Array): Promise<void> {
    const { metrics, vehicleId, outbox } = this.#context;
    const receipt =
      payload.length > MAX_PUBLISH_BYTES ? null : parseReceipt(new TextDecoder().decode(payload));
    if (receipt === null || receipt.vehicle_id !== vehicleId) {
      metrics.receipt(receipt === null ? "invalid" : "other_vehicle");
      return;
    }
    metrics.receipt("taken");
    const views = new Map(outbox.series().map((view) => [`${view.bootId}/${view.stream}`, view]));
    await Promise.all(receipt.settled.map((entry) => this.#settle(entry, views)));
    this.#observe();
  }

  sweep(): void {
    const { deck, clock, metrics } = this.#context;
    const now = clock.uptime();
    if (now >= this.#compareAt || this.#awaiting.isDue(now)) this.#observe();
    const overdue = this.#awaiting.overdue(now);
    for (const run of overdue) {
      deck.release(run);
      metrics.sentAgain(run.lastSeq - run.firstSeq + 1);
    }
    if (overdue.length > 0) this.#observe();
  }

  waitMs(): number | null {
    return this.#awaiting.waitMs(this.#context.clock.uptime());
  }

  async #settle(
    { boot_id: bootId, stream, ranges }: Receipt["settled"][number],
    views: ReadonlyMap<string, SeriesView>,
  ): Promise<void> {
    const { outbox, deck, clock } = this.#context;
    const view = views.get(`${bootId}/${stream}`);
    if (view === undefined) return;
    const news = heldOf(view, ranges);
    this.#awaiting.settled(view, news, clock.uptime());
    await Promise.all(
      news.map(async ([firstSeq, lastSeq]) => {
        const run = { bootId, stream: view.stream, firstSeq, lastSeq };
        await outbox.acknowledge(run);
        deck.release(run);
      }),
    );
  }

  /** What the budget dropped, or a receipt settled while the acknowledgement was under way, is awaited no more. */
  #compare(): void {
    const { outbox, deck, clock } = this.#context;
    this.#compareAt = clock.uptime() + COMPARE_EVERY;
    if (this.#awaiting.records === 0) return;
    const views = new Map(outbox.series().map((view) => [`${view.bootId}/${view.stream}`, view]));
    const gone = this.#awaiting.keepHeld(({ bootId, stream }, range) => {
      const view = views.get(`${bootId}/${stream}`);
      return view === undefined ? [] : heldOf(view, [range]);
    });
    for (const run of gone) deck.release(run);
  }

  #observe(): void {
    this.#compare();
    this.#context.metrics.awaiting(this.#awaiting.records);
  }
}

/** What of the ranges is held; a receipt is cumulative, so mostly nothing. */
const heldOf = (view: SeriesView, ranges: readonly SeqRange[]): readonly SeqRange[] =>
  ranges.flatMap(([from, to]) => {
    const held: SeqRange[] = [];
    for (let run = view.heldRunFrom(from); run !== null && run[0] <= to; run = view.heldRunFrom(run[1] + 1))
      held.push([run[0], Math.min(run[1], to)]);
    return held;
  });
