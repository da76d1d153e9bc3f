import {
  errorText,
  isRoadstreamError,
  millis,
  receiptTopic,
  RECONNECT_SCHEDULE,
  retryIntervals,
  seconds,
  statusTopic,
  withDeadline,
  type Clock,
  type DurationMs,
  type Logger,
  type Random,
} from "@roadstream/shared";
import type { ConnectUplink, Outbox, UplinkConnection, UplinkEnd } from "../ports.ts";
import { batchRecords, type Batch } from "./batch.ts";
import { BatchSource } from "./batch-source.ts";
import type { BatchContext } from "./build-batch.ts";
import { FlightDeck } from "./flight-deck.ts";
import { forgetting, type Forgetting, type ForgetWhen } from "./forgetting.ts";
import { LineRecord } from "./line-record.ts";
import { presence } from "./presence.ts";
import { Suspicion } from "./suspicion.ts";
import type { UplinkMetrics } from "./uplink-metrics.ts";
import { Wakeup } from "./wakeup.ts";

/** Behind the library's own, which may fail to fire like any callback. */
const CONNECT_DEADLINE = seconds(20);
const CLOSE_DEADLINE = seconds(2);

export interface UplinkOptions {
  readonly outbox: Outbox;
  readonly connect: ConnectUplink;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: UplinkMetrics;
  readonly context: BatchContext;
  readonly linger: DurationMs;
  readonly forget: ForgetWhen;
  /** A publish that is not acknowledged by then ends the connection; bytes on a slow line get their time on top. */
  readonly answerDeadline: DurationMs;
}

interface Session {
  readonly connection: UplinkConnection;
  readonly over: AbortController;
  end: { readonly by: UplinkEnd; readonly at: number } | null;
  /** A reading got through. */
  wasOfUse: boolean;
}

/**
 * Carries the outbox to the broker: for ever, over one connection at a time, with nothing forgotten before it is
 * acknowledged or settled. In order per lane and series; the one exception is a batch under suspicion or without an
 * answer, which lets others pass.
 */
export class Uplink {
  readonly #options: UplinkOptions;
  readonly #deck = new FlightDeck();
  readonly #line = new LineRecord();
  readonly #suspicion = new Suspicion(this.#line);
  readonly #forgetting: Forgetting;
  readonly #source: BatchSource;
  readonly #wakeup: Wakeup;
  #isConnected = false;

  constructor(options: UplinkOptions) {
    const { outbox, clock, context, linger, metrics, logger } = options;
    this.#options = options;
    const { vehicleId } = context;
    this.#forgetting = forgetting(options.forget, { outbox, deck: this.#deck, clock, metrics, vehicleId });
    this.#wakeup = new Wakeup(clock);
    this.#source = new BatchSource({
      outbox,
      clock,
      context,
      linger,
      deck: this.#deck,
      suspicion: this.#suspicion,
      logger,
    });
    outbox.onAccepted((streams) => {
      this.#source.accepted(streams);
      this.#wakeup.wake();
    });
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  /** Readings that the broker has acknowledged and that are held until they are settled. */
  get awaited(): number {
    return this.#forgetting.awaited;
  }

  /** From now on nothing waits for company: the agent is about to stop. */
  hurry(): void {
    this.#source.hurry();
    this.#wakeup.wake();
  }

  /** Runs until the signal fires, then says good-bye. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, random, logger, metrics } = this.#options;
    let waits = retryIntervals(RECONNECT_SCHEDULE, random);
    while (!signal.aborted) {
      try {
        const { end, wasOfUse } = await this.#connectOnce(signal);
        if (end !== "stopped") logger.warn("uplink_lost", { by: end });
        // A broker that accepts connections and nothing else is not asked again at once.
        if (wasOfUse) waits = retryIntervals(RECONNECT_SCHEDULE, random);
      } catch (error) {
        if (signal.aborted) return;
        const code = isRoadstreamError(error) ? error.code : "unknown";
        this.#suspicion.unreachable();
        metrics.connectFailed(code);
        logger.warn("uplink_unreachable", { code, error: errorText(error) });
      }
      await clock.sleep(waits.next().value, signal).catch(() => undefined);
    }
  }

  async #connectOnce(signal: AbortSignal): Promise<{ end: UplinkEnd; wasOfUse: boolean }> {
    const { connect, clock, metrics, logger } = this.#options;
    const connection = await withDeadline(clock, CONNECT_DEADLINE, "connect", connect, signal);
    const session: Session = { connection, over: new AbortController(), end: null, wasOfUse: false };
    const stop = (): void => this.#end(session, "stopped");
    signal.addEventListener("abort", stop, { once: true });
    void connection.closed.then(() => this.#end(session, "closed"));
    if (signal.aborted) stop();
    metrics.connected();
    try {
      // The presence is also the proof that this broker acknowledges at all, before any reading is at stake.
      if ((await this.#say("online", session)) && (await this.#listen(session))) {
        logger.info("uplink_connected");
        this.#isConnected = true;
        await this.#convict(this.#suspicion.reconnected());
        await this.#source.begin();
        await this.#send(session);
      }
      if (session.end?.by === "stopped") await this.#say("offline", session);
    } finally {
      this.#isConnected = false;
      this.#end(session, "closed");
      signal.removeEventListener("abort", stop);
      this.#judge(session);
      metrics.ended(session.end?.by ?? "closed");
      await this.#close(connection);
    }
    return { end: session.end?.by ?? "closed", wasOfUse: session.wasOfUse };
  }

  async #close(connection: UplinkConnection): Promise<void> {
    const { clock, logger } = this.#options;
    try {
      await withDeadline(clock, CLOSE_DEADLINE, "close the uplink", async () => {
        await connection[Symbol.asyncDispose]();
      });
    } catch (error) {
      logger.debug("uplink_close_failed", { error: errorText(error) });
    }
  }

  /** Sends until the session is over. */
  async #send(session: Session): Promise<void> {
    const { signal } = session.over;
    while (!signal.aborted) {
      this.#forgetting.sweep();
      const batch = await this.#source.next();
      if (signal.aborted) {
        // Built in vain, but its bytes are kept: it goes first next time.
        if (batch !== null && !this.#deck.waiting.includes(batch)) this.#deck.wait(batch);
        break;
      }
      if (batch === null) await this.#wakeup.wait(this.#waitMs(), signal);
      else void this.#publish(batch, session);
    }
  }

  #waitMs(): number | null {
    const waits = [this.#source.waitMs(), this.#forgetting.waitMs()].filter((ms) => ms !== null);
    return waits.length === 0 ? null : Math.min(...waits);
  }

  async #publish(batch: Batch, session: Session): Promise<void> {
    const { clock, answerDeadline, metrics } = this.#options;
    this.#deck.sent(batch);
    const { bytesInFlight } = this.#deck;
    const sentAt = clock.uptime();
    const ends = this.#suspicion.ends(batch);
    const limit = millis(answerDeadline + this.#line.allowance(bytesInFlight, sentAt, ends));
    metrics.published(batch);
    this.#suspicion.sent(batch, sentAt);
    const message = { topic: batch.topic, payload: batch.payload, keep: "not_retained" as const };
    try {
      await withDeadline(
        clock,
        limit,
        "publish",
        () => session.connection.publish(message),
        session.over.signal,
      );
    } catch (error) {
      this.#end(session, isRoadstreamError(error, "timeout") ? "unanswered" : "closed");
      return;
    }
    // The session may have ended with this publish counted as lost: then it is sent again, and the receiver drops the copy.
    if (session.over.signal.aborted && !this.#deck.inFlight.includes(batch)) return;
    session.wasOfUse = true;
    const at = clock.uptime();
    const waited = (at - sentAt) / 1000;
    this.#line.acknowledged({ bytes: batch.payload.length, bytesInFlight, seconds: waited, at });
    metrics.acknowledged(batch, waited);
    this.#deck.acknowledged(batch, waited);
    this.#suspicion.acknowledged(batch);
    this.#wakeup.wake();
    await this.#forgetting.acknowledged(batch.run);
    this.#wakeup.wake();
  }

  /** Before anything is sent, so that no receipt of it is missed. False when the session is over. */
  async #listen(session: Session): Promise<boolean> {
    if (!this.#forgetting.listens) return true;
    const { clock, answerDeadline, context, logger } = this.#options;
    const hear = (payload: Uint8Array): void => void this.#hear(payload);
    const subscribe = (): Promise<void> =>
      session.connection.subscribe(receiptTopic(context.vehicleId), hear);
    try {
      await withDeadline(clock, answerDeadline, "subscribe", subscribe, session.over.signal);
    } catch (error) {
      if (isRoadstreamError(error, "refused")) {
        // Readings still go where they are wanted; they are only never forgotten.
        logger.warn("uplink_receipts_refused", { error: errorText(error) });
        return true;
      }
      this.#end(session, isRoadstreamError(error, "timeout") ? "unanswered" : "closed");
      return false;
    }
    return true;
  }

  async #hear(payload: Uint8Array): Promise<void> {
    await this.#forgetting.receipt(payload);
    this.#wakeup.wake();
  }

  async #say(state: "online" | "offline", session: Session): Promise<boolean> {
    const { clock, answerDeadline, context, outbox } = this.#options;
    const limit = state === "online" ? answerDeadline : CLOSE_DEADLINE;
    const message = {
      topic: statusTopic(context.vehicleId),
      payload: presence({ ...context, state, bootId: outbox.bootId }),
      keep: "retained" as const,
    };
    const signal = state === "online" ? session.over.signal : undefined;
    const sentAt = clock.uptime();
    try {
      await withDeadline(clock, limit, "presence", () => session.connection.publish(message), signal);
      const at = clock.uptime();
      const bytes = message.payload.length;
      this.#line.acknowledged({ bytes, bytesInFlight: bytes, seconds: (at - sentAt) / 1000, at });
      return true;
    } catch (error) {
      this.#end(session, isRoadstreamError(error, "timeout") ? "unanswered" : "closed");
      return false;
    }
  }

  #end(session: Session, by: UplinkEnd): void {
    session.end ??= { by, at: this.#options.clock.uptime() };
    session.over.abort();
    this.#wakeup.wake();
  }

  /** After a connection: everything in flight waits for the next one. */
  #judge({ end }: Session): void {
    const { by, at } = end ?? { by: "closed", at: this.#options.clock.uptime() };
    const { inFlight } = this.#deck;
    this.#deck.landedNowhere(by);
    if (by === "unanswered" && inFlight.length > 0) this.#line.unanswered();
    this.#suspicion.connectionEnded({ inFlight, by, at });
  }

  /** A batch that is proven to break connections is cut in two, or set aside. */
  async #convict(guilty: Batch | null): Promise<void> {
    if (guilty === null) return;
    const { outbox, logger, metrics } = this.#options;
    const { run, lane } = guilty;
    this.#deck.abandon(guilty);
    const records = batchRecords(guilty);
    logger.warn("uplink_batch_breaks_connection", { ...run, records });
    if (records > 1) {
      const middle = run.firstSeq + Math.floor(records / 2) - 1;
      await this.#source.rebuild({ ...run, lastSeq: middle }, lane);
      await this.#source.rebuild({ ...run, firstSeq: middle + 1 }, lane);
      return;
    }
    const held = await this.#source.read(run, 1);
    if (held === null) return;
    metrics.quarantined(records);
    await outbox.quarantine(held);
  }
}
