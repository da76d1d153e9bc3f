import { minutes, type Clock, type DurationMs, type StreamName, type UptimeMillis } from "@roadstream/shared";
import type { Outbox, SeqRun, SeriesView } from "../ports.ts";
import type { Batch, Lane } from "./batch.ts";
import { buildBatch, type BatchContext } from "./build-batch.ts";
import type { FlightDeck } from "./flight-deck.ts";
import { LiveMarks } from "./live-mark.ts";
import { freeRun, pickBackfill, STREAM_ORDER } from "./pick-run.ts";
import type { Suspicion } from "./suspicion.ts";

/** Text read for one live publish, which stays small so that it is soon there. */
const LIVE_TEXT = 96 * 1024;
/** Backlog compresses well: so much text is read for each byte that its publish may have. */
const BACKFILL_TEXT_RATIO = 4;
/** So many live records do not wait for company. */
const ENOUGH_RECORDS = 500;
/** What cannot wait, and what is a publish of its own anyway. */
const URGENT: ReadonlySet<StreamName> = new Set(["emergency_data", "traffic_data"]);
/** A batch that was not acknowledged for so long is built anew: what it says of the time of sending is no longer true. */
const STALE_AFTER: DurationMs = minutes(5);

export interface BatchSourceOptions {
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly deck: FlightDeck;
  readonly suspicion: Suspicion;
  readonly context: BatchContext;
  /** How long a live reading waits for others to share its publish. */
  readonly linger: DurationMs;
}

/** Decides what is sent next, and when: repeats first, then live, then backlog, each lane within its window. */
export class BatchSource {
  readonly #options: BatchSourceOptions;
  readonly #marks = new LiveMarks();
  /** Since when the stream has live readings that were not sent. */
  readonly #waitingSince = new Map<StreamName, UptimeMillis>();
  #isHurried = false;

  constructor(options: BatchSourceOptions) {
    this.#options = options;
  }

  /** From now on nothing waits for company. */
  hurry(): void {
    this.#isHurried = true;
  }

  accepted(streams: ReadonlySet<StreamName>): void {
    const now = this.#options.clock.uptime();
    for (const stream of streams) if (!this.#waitingSince.has(stream)) this.#waitingSince.set(stream, now);
  }

  /** A connection begins: everything held is backlog, and stale batches are taken apart. */
  begin(): void {
    const { outbox, clock, deck } = this.#options;
    for (const view of outbox.series()) if (this.#isLive(view)) this.#marks.set(view.stream, view.given);
    this.#waitingSince.clear();
    const stale = deck.waiting.filter((batch) => clock.uptime() - batch.builtAt > STALE_AFTER);
    for (const batch of stale) deck.abandon(batch);
  }

  /** The next batch to send now, or null; {@link waitMs} then says how long that will be so at most. */
  async next(): Promise<Batch | null> {
    const { deck, suspicion } = this.#options;
    if (suspicion.isCautious && deck.inFlight.length > 0) return null;
    const repeat = deck.waiting.find((batch) => deck.hasRoom(batch.lane) && suspicion.mayGo(batch));
    if (repeat !== undefined) return repeat;
    const fresh = (await this.#fresh("live")) ?? (await this.#fresh("backfill"));
    if (fresh !== null) return fresh;
    // Nothing else is left to get through first.
    return deck.waiting.find((batch) => deck.hasRoom(batch.lane)) ?? null;
  }

  /** Until when the first live reading that waits for company does so; null: none does. */
  waitMs(): number | null {
    const { clock, linger } = this.#options;
    const due = [...this.#waitingSince.values()].map((since) => since + linger - clock.uptime());
    return due.length === 0 ? null : Math.max(1, Math.min(...due));
  }

  async #fresh(lane: Lane): Promise<Batch | null> {
    const { deck, outbox, context } = this.#options;
    // A run may be dropped while it is read: then the next one is looked for. The same one again is no news: the store
    // does not have what the book says (a commit that failed and took effect all the same), and asking on would never end.
    let unread: SeqRun | null = null;
    while (deck.hasRoom(lane)) {
      const views = outbox.series();
      const run = lane === "live" ? this.#pickLive(views) : this.#pickBackfill(views);
      if (run === null || isSame(run, unread)) return null;
      const view = views.find((each) => each.bootId === run.bootId && each.stream === run.stream);
      const maxBytes = deck.batchLimit(lane);
      const held = await outbox.read(run, lane === "live" ? LIVE_TEXT : maxBytes * BACKFILL_TEXT_RATIO);
      if (held !== null && view !== undefined)
        return buildBatch(held, { lane, machineBoot: view.machineBoot, maxBytes }, context);
      unread = run;
    }
    return null;
  }

  #pickLive(views: readonly SeriesView[]): SeqRun | null {
    const { clock, deck } = this.#options;
    const now = clock.uptime();
    for (const stream of STREAM_ORDER) {
      const view = views.find((each) => each.stream === stream && this.#isLive(each));
      if (view === undefined) continue;
      const run = freeRun(view, [this.#marks.mark(stream) + 1, view.given], deck.taken(view));
      this.#marks.observe(stream, { now, given: view.given, nextUnsent: run?.firstSeq ?? null });
      if (run === null || run.firstSeq <= this.#marks.mark(stream)) this.#waitingSince.delete(stream);
      else if (this.#isDue(stream, run, now)) return run;
    }
    return null;
  }

  #isDue(stream: StreamName, run: SeqRun, now: UptimeMillis): boolean {
    if (this.#isHurried || URGENT.has(stream) || run.lastSeq - run.firstSeq >= ENOUGH_RECORDS) return true;
    const since = this.#waitingSince.get(stream);
    if (since === undefined) this.#waitingSince.set(stream, now);
    return since !== undefined && now - since >= this.#options.linger;
  }

  #pickBackfill(views: readonly SeriesView[]): SeqRun | null {
    const { deck } = this.#options;
    const endOf = (view: SeriesView): number =>
      this.#isLive(view) ? this.#marks.mark(view.stream) : view.given;
    return pickBackfill(views, endOf, (series) => deck.taken(series));
  }

  #isLive(view: SeriesView): boolean {
    return view.bootId === this.#options.outbox.bootId;
  }
}

const isSame = (one: SeqRun, other: SeqRun | null): boolean =>
  one.bootId === other?.bootId && one.stream === other.stream && one.firstSeq === other.firstSeq;
