import {
  errorText,
  isRoadstreamError,
  MAX_PUBLISH_BYTES,
  minutes,
  type Clock,
  type DurationMs,
  type Logger,
  type StreamName,
  type UptimeMillis,
} from "@roadstream/shared";
import type { HeldRun, Outbox, SeqRun, SeriesView } from "../ports.ts";
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
/** Goes beside whatever holds the line up. */
const EMERGENCY: StreamName = "emergency_data";
/** What several connections in a row ended under waits; beyond so many batches it is backlog again. */
const MOST_WAITING = 64;
/** A batch that was not acknowledged for so long is built anew: what it says of the time of sending is no longer true. */
const STALE_AFTER: DurationMs = minutes(5);
/** A disk that cannot read now may do so later. */
export const READ_AGAIN_AFTER: DurationMs = minutes(1);

export interface BatchSourceOptions {
  readonly logger: Logger;
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
  /** What could not be read; taken on the deck. */
  #passedOver: readonly { readonly run: SeqRun; readonly until: number }[] = [];
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
  async begin(): Promise<void> {
    const { outbox, clock, deck, suspicion } = this.#options;
    for (const view of outbox.series()) if (this.#isLive(view)) this.#marks.set(view.stream, view.given);
    this.#waitingSince.clear();
    const stale = deck.waiting.filter((batch) => clock.uptime() - batch.builtAt > STALE_AFTER);
    for (const batch of stale) {
      deck.abandon(batch);
      // Among others its records would be innocent again.
      if (suspicion.isSuspect(batch)) await this.rebuild(batch.run, batch.lane);
    }
    for (const batch of deck.waiting.slice(MOST_WAITING)) deck.abandon(batch);
    suspicion.keepOnly(deck.waiting);
  }

  /** A batch of just these records, to be sent again; none where they are held no more. */
  async rebuild(run: SeqRun, lane: Lane): Promise<void> {
    const { outbox, deck, context } = this.#options;
    const view = outbox.series().find((each) => each.bootId === run.bootId && each.stream === run.stream);
    const isHeld = (view?.heldRunFrom(run.firstSeq)?.[0] ?? Infinity) <= run.lastSeq;
    if (view === undefined || !isHeld) return;
    const held = await this.read(run, Number.MAX_SAFE_INTEGER);
    if (held === null) return;
    const shape = { lane, machineBoot: view.machineBoot, maxBytes: MAX_PUBLISH_BYTES };
    deck.wait(buildBatch(held, shape, context));
  }

  /** The next batch to send now, or null; {@link waitMs} then says how long that will be so at most. */
  async next(): Promise<Batch | null> {
    const { deck, suspicion, clock } = this.#options;
    const now = clock.uptime();
    this.#lookAgain(now);
    if (this.#isHeldUp()) return await this.#emergency(now);
    const repeats = deck.waiting.filter((batch) => deck.hasRoom(batch.lane) && suspicion.mayGo(batch, now));
    const repeat = repeats.find(isEmergency) ?? suspicion.longestRested(repeats, now);
    if (repeat !== null) return repeat;
    const fresh = (await this.#fresh("live")) ?? (await this.#fresh("backfill"));
    if (fresh !== null) return fresh;
    // Nothing else is left to get through first.
    if (deck.inFlight.length > 0) return null;
    return suspicion.longestRested(deck.waiting, now);
  }

  /** How long nothing can be sent unless something is accepted or acknowledged; null: for ever. */
  waitMs(): number | null {
    const { clock, linger, deck, suspicion } = this.#options;
    if (this.#isHeldUp()) return null;
    const now = clock.uptime();
    const due = deck.hasRoom("live")
      ? [...this.#waitingSince.values()].map((since) => since + linger - now)
      : [];
    const rested = deck.waiting.map((batch) => suspicion.restMs(batch, now)).filter((ms) => ms > 0);
    const readAgain = this.#passedOver.map(({ until }) => until - now);
    const waits = [...due, ...rested, ...readAgain];
    return waits.length === 0 ? null : Math.max(1, Math.min(...waits));
  }

  /** One at a time, and a suspect alone: only an acknowledgement lets the next one go. */
  #isHeldUp(): boolean {
    const { deck, suspicion, clock } = this.#options;
    if (deck.inFlight.length === 0) return false;
    if (suspicion.isCautious || deck.inFlight.some((batch) => suspicion.isSuspect(batch))) return true;
    const now = clock.uptime();
    return deck.waiting.some((batch) => suspicion.isSuspect(batch) && suspicion.mayGo(batch, now));
  }

  /** One of them at a time, past what may never be answered. */
  async #emergency(now: UptimeMillis): Promise<Batch | null> {
    const { deck, suspicion } = this.#options;
    if (deck.inFlight.some(isEmergency)) return null;
    const repeat = deck.waiting.find((batch) => isEmergency(batch) && suspicion.mayGo(batch, now));
    return repeat ?? (await this.#fresh("live", [EMERGENCY]));
  }

  async #fresh(lane: Lane, streams: readonly StreamName[] = STREAM_ORDER): Promise<Batch | null> {
    const { deck, outbox, context } = this.#options;
    while (deck.hasRoom(lane)) {
      const views = outbox.series().filter(({ stream }) => streams.includes(stream));
      const run = lane === "live" ? this.#pickLive(views) : this.#pickBackfill(views);
      if (run === null) return null;
      const view = views.find((each) => each.bootId === run.bootId && each.stream === run.stream);
      if (view === undefined) return null;
      const maxBytes = deck.batchLimit(lane);
      const held = await this.read(run, lane === "live" ? LIVE_TEXT : maxBytes * BACKFILL_TEXT_RATIO);
      if (held !== null) return buildBatch(held, { lane, machineBoot: view.machineBoot, maxBytes }, context);
    }
    return null;
  }

  /**
   * Null where the store cannot read the run or has not got it (it may have been dropped meanwhile): then it is passed
   * over for a while, so that all others go.
   */
  async read(run: SeqRun, maxBytes: number): Promise<HeldRun | null> {
    const { outbox, deck, clock, logger } = this.#options;
    let failure: unknown = null;
    try {
      const held = await outbox.read(run, maxBytes);
      if (held !== null) return held;
    } catch (error) {
      if (!isRoadstreamError(error, "storage")) throw error;
      failure = error;
    }
    const skipped = outbox.unreadable(run);
    deck.take(skipped);
    const until = clock.uptime() + READ_AGAIN_AFTER;
    this.#passedOver = [...this.#passedOver, { run: skipped, until }];
    const error = failure === null ? "not stored" : errorText(failure);
    logger.warn("uplink_cannot_read", { ...skipped, error });
    return null;
  }

  /** What was passed over is looked for again. */
  #lookAgain(now: number): void {
    for (const { run, until } of this.#passedOver) if (until <= now) this.#options.deck.release(run);
    this.#passedOver = this.#passedOver.filter(({ until }) => until > now);
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

const isEmergency = ({ run }: Batch): boolean => run.stream === EMERGENCY;
