import {
  errorText,
  retryIntervals,
  type Clock,
  type DurationMs,
  type Logger,
  type Random,
  type RetrySchedule,
  type UptimeMillis,
} from "@roadstream/shared";
import type { EventLogWriter } from "@roadstream/shared/event-log";
import { APPEND_LIMIT, HOLD_LIMIT, MAX_APPEND_BYTES } from "../limits.ts";
import type { Session } from "../ports.ts";
import type { FlowBudget } from "./flow-budget.ts";
import { isSamePublish, type HeldPublish, type Waiter } from "./held-publish.ts";
import type { AbandonReason, RouteCounts } from "./route-counts.ts";

/** What all lanes share. */
export interface LaneContext {
  readonly writer: EventLogWriter;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly counts: RouteCounts;
  readonly budget: FlowBudget;
  /** Fires when waiting for the log is over for good. */
  readonly stop: AbortSignal;
}

const RETRY: RetrySchedule = { firstMs: 50, factor: 2, maxMs: 2000, jitter: 0.5 };

type Outcome = "durable" | "unavailable" | "full" | "unanswered" | "failed";

/**
 * One vehicle's way into the log: what arrived in one turn of the event loop goes in one append, one append at a time,
 * so that the vehicle's order is the log's and another vehicle's trouble is not ours. What the log does not take waits
 * at the front and is tried again.
 */
export class VehicleLane {
  readonly #context: LaneContext;
  #waiting: HeldPublish[] = [];
  #inFlight: readonly HeldPublish[] = [];
  /** Whether anything in flight may have lost its connection: the only case in which a publish can join. */
  #hasOrphans = false;
  #appendingSince: UptimeMillis | null = null;
  #giveUpAppend: (() => void) | null = null;

  constructor(context: LaneContext) {
    this.#context = context;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0 && this.#inFlight.length === 0;
  }

  put(held: HeldPublish): void {
    this.#waiting.push(held);
  }

  /** The publish sent again while its first copy, whose connection is gone, is being appended: it waits for that one. */
  join(topic: string, payload: Uint8Array, waiter: Waiter): boolean {
    if (!this.#hasOrphans) return false;
    const first = this.#inFlight.find((held) => held.waiter === null && isSamePublish(held, topic, payload));
    if (first === undefined) return false;
    first.waiter = waiter;
    first.since = this.#context.clock.uptime();
    return true;
  }

  /** The connection is gone: what is not on its way to the log is dropped, since it will be sent again. */
  leave(session: Session): void {
    const isOf = (held: HeldPublish): boolean => held.waiter?.session === session;
    for (const held of this.#inFlight) if (isOf(held)) this.#orphan(held);
    const dropped = this.#waiting.filter(isOf);
    if (dropped.length === 0) return;
    this.#waiting = this.#waiting.filter((held) => !isOf(held));
    this.#abandon(dropped, "client_gone");
  }

  /** Cuts off who has waited too long, and lets go of an append that nobody answers. */
  expire(now: UptimeMillis): void {
    if (this.#appendingSince !== null && now - this.#appendingSince >= APPEND_LIMIT) this.#giveUpAppend?.();
    const isOverdue = (held: HeldPublish): boolean => held.waiter !== null && now - held.since >= HOLD_LIMIT;
    const overdue = [...this.#inFlight, ...this.#waiting].filter(isOverdue);
    if (overdue.length === 0) return;
    const late = this.#waiting.filter(isOverdue);
    this.#waiting = this.#waiting.filter((held) => !isOverdue(held));
    this.#abandon(late, "hold_expired");
    this.#refuse(overdue);
  }

  /** Appends until nothing waits, or the stop signal fires; never rejects. */
  async run(): Promise<void> {
    let retries: Generator<DurationMs, never, void> | null = null;
    // The end of the turn: everything that one socket read brought goes in one append.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = this.#nextBatch();
      const outcome = await this.#append(batch);
      if (outcome === "durable") {
        retries = null;
        this.#settle(batch);
        continue;
      }
      this.#context.counts.retried(outcome);
      this.#putBack(batch, outcome);
      retries ??= retryIntervals(RETRY, this.#context.random);
      if (this.#waiting.length > 0 && !(await this.#sleep(retries.next().value))) this.#giveUp();
    }
  }

  #nextBatch(): readonly HeldPublish[] {
    let bytes = 0;
    let count = 0;
    for (const held of this.#waiting) {
      if (count > 0 && bytes + held.bytes > MAX_APPEND_BYTES) break;
      bytes += held.bytes;
      count += 1;
    }
    this.#inFlight = this.#waiting.splice(0, count);
    this.#hasOrphans = false;
    return this.#inFlight;
  }

  async #append(batch: readonly HeldPublish[]): Promise<Outcome> {
    const { budget, clock, counts, logger, writer } = this.#context;
    counts.appending(budget.used);
    this.#appendingSince = clock.uptime();
    const unanswered = new Promise<Outcome>((resolve) => {
      this.#giveUpAppend = () => resolve("unanswered");
    });
    try {
      const entries =
        batch.length === 1
          ? (batch[0]?.accepted.entries ?? [])
          : batch.flatMap((held) => held.accepted.entries);
      const answered = writer.append(entries).then((outcome): Outcome => {
        if (outcome.kind !== "durable")
          logger.debug("append_put_off", { outcome: outcome.kind, reason: outcome.reason });
        return outcome.kind;
      });
      return await Promise.race([answered, unanswered]);
    } catch (error) {
      logger.error("append_failed", { error: errorText(error) });
      return "failed";
    } finally {
      this.#appendingSince = null;
      this.#giveUpAppend = null;
    }
  }

  #settle(batch: readonly HeldPublish[]): void {
    const { budget, clock, counts } = this.#context;
    this.#inFlight = [];
    const oldest = batch.reduce((least, held) => Math.min(least, held.since), Number.POSITIVE_INFINITY);
    counts.durable(batch, (clock.uptime() - oldest) / 1000);
    let bytes = 0;
    for (const held of batch) {
      bytes += held.bytes;
      held.waiter?.settle("durable");
    }
    budget.free(bytes);
    counts.bytesInFlight(budget.used);
  }

  #putBack(batch: readonly HeldPublish[], outcome: Outcome): void {
    this.#inFlight = [];
    const wanted = batch.filter((held) => held.waiter !== null);
    this.#waiting = [...wanted, ...this.#waiting];
    const dropped = batch.filter((held) => held.waiter === null);
    this.#abandon(dropped, outcome === "unanswered" ? "append_unanswered" : "client_gone");
  }

  async #sleep(interval: DurationMs): Promise<boolean> {
    try {
      await this.#context.clock.sleep(interval, this.#context.stop);
      return true;
    } catch {
      return false;
    }
  }

  #giveUp(): void {
    const left = this.#waiting;
    this.#waiting = [];
    this.#abandon(left, "stopped");
    this.#refuse(left);
  }

  #refuse(batch: readonly HeldPublish[]): void {
    for (const held of batch) {
      const { waiter } = held;
      this.#orphan(held);
      waiter?.settle("try_later");
    }
  }

  #orphan(held: HeldPublish): void {
    held.waiter = null;
    this.#hasOrphans = true;
  }

  #abandon(batch: readonly HeldPublish[], reason: AbandonReason): void {
    const { budget, counts } = this.#context;
    if (batch.length === 0) return;
    counts.abandoned(batch, reason);
    budget.free(batch.reduce((sum, held) => sum + held.bytes, 0));
    counts.bytesInFlight(budget.used);
  }
}
