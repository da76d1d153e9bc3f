import {
  retryIntervals,
  type Clock,
  type DurationMs,
  type Logger,
  type Metrics,
  type Random,
  type RetrySchedule,
  type Publish,
  type Accepted,
} from "@roadstream/shared";
import { entryBytes, type EventLogWriter } from "@roadstream/shared/event-log";
import { MAX_BYTES_IN_FLIGHT, STOP_DRAIN_LIMIT, SWEEP_INTERVAL } from "../limits.ts";
import type { AfterTurn, Session } from "../ports.ts";
import { FlowBudget } from "./flow-budget.ts";
import type { HeldPublish, Waiter } from "./held-publish.ts";
import { LaneGroup, type GroupOutcome } from "./lane-group.ts";
import { routeCounts, type AbandonReason, type RouteCounts } from "./route-counts.ts";
import { VehicleLane } from "./vehicle-lane.ts";

export interface PublishRouterOptions {
  readonly accept: (publish: Publish) => Accepted;
  readonly writer: EventLogWriter;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly afterTurn: AfterTurn;
}

const RETRY: RetrySchedule = { firstMs: 50, factor: 2, maxMs: 2000, jitter: 0.5 };

const bytesOf = (publish: Publish, accepted: Accepted): number => {
  let bytes = publish.payload.length;
  for (const entry of accepted.entries) bytes += entryBytes(entry);
  return bytes;
};

/**
 * Takes publishes, judges them and holds each until the event log has all of it. What came in one turn of the event
 * loop, of all vehicles, is one append; a vehicle whose append was not taken is retried alone, so that its trouble is
 * not another's.
 */
export class PublishRouter implements AsyncDisposable {
  readonly budget = new FlowBudget(MAX_BYTES_IN_FLIGHT);
  readonly #options: PublishRouterOptions;
  readonly #counts: RouteCounts;
  readonly #stop = new AbortController();
  readonly #lanes = new Map<string, VehicleLane>();
  #groups: LaneGroup[] = [];
  readonly #sweeping: Promise<void>;
  #due: VehicleLane[] = [];
  #whenEmpty: (() => void) | null = null;

  constructor(options: PublishRouterOptions) {
    this.#options = options;
    this.#counts = routeCounts(options.metrics);
    this.#sweeping = this.#sweep();
  }

  /** `settle` hears `durable` or `try_later` at most once; never, when the session leaves first. */
  take(publish: Publish, waiter: Waiter): void {
    if (this.#stop.signal.aborted) return waiter.settle("try_later");
    const since = this.#options.clock.uptime();
    const lane = this.#lane(publish.clientId);
    if (lane.join(publish, waiter, since)) return this.#counts.joined();
    const accepted = this.#options.accept(publish);
    const bytes = bytesOf(publish, accepted);
    const { topic, payload } = publish;
    const held: HeldPublish = { topic, payload, accepted, bytes, waiter, since };
    this.#counts.received(held);
    this.budget.take(bytes);
    lane.put(held);
    if (!lane.isBusy) this.#schedule(lane);
  }

  /** The session's connection is gone: nobody waits for its publishes any more. */
  leave(session: Session): void {
    const lane = this.#lanes.get(session.clientId);
    if (lane === undefined) return;
    this.#abandon(lane.leave(session), "client_gone");
    lane.isLeft = true;
    this.#forgetIfLeft(lane);
  }

  /** Gives what is held a last chance, then lets it go unacknowledged. Nothing is taken afterwards. */
  async drain(): Promise<void> {
    const timer = new AbortController();
    const empty = new Promise<void>((resolve) => {
      this.#whenEmpty = resolve;
      if (this.budget.used === 0) resolve();
    });
    await Promise.race([
      empty,
      this.#options.clock.sleep(STOP_DRAIN_LIMIT, timer.signal).catch(() => undefined),
    ]);
    timer.abort();
    this.#stop.abort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#sweeping;
  }

  #lane(vehicleId: string): VehicleLane {
    const known = this.#lanes.get(vehicleId);
    if (known !== undefined) return known;
    const lane = new VehicleLane(vehicleId);
    this.#lanes.set(vehicleId, lane);
    return lane;
  }

  /** A lane stays as long as its vehicle is connected: making and forgetting one with every publish costs more. */
  #forgetIfLeft(lane: VehicleLane): void {
    if (lane.isLeft && lane.isEmpty && !lane.isBusy) this.#lanes.delete(lane.vehicleId);
  }

  /** These bytes are held no more. */
  #free(bytes: number): void {
    this.budget.free(bytes);
    this.#counts.bytesInFlight(this.budget.used);
    if (this.budget.used === 0) this.#whenEmpty?.();
  }

  /** The lane is appended at the end of this turn, together with the others that are well. */
  #schedule(lane: VehicleLane): void {
    lane.isBusy = true;
    this.#due.push(lane);
    if (this.#due.length === 1) this.#options.afterTurn(() => this.#appendDue());
  }

  #appendDue(): void {
    const due = this.#due;
    this.#due = [];
    const well = due.filter((lane) => lane.retries === null);
    if (well.length > 0) this.#append(well);
    for (const lane of due) if (lane.retries !== null) this.#append([lane]);
  }

  /** One append and what follows from it. In calls, not awaited: V8 24 kept what awaits here until a full collection. */
  #append(lanes: readonly VehicleLane[]): void {
    const { clock, writer, logger } = this.#options;
    const group = new LaneGroup(lanes, clock.uptime());
    this.#counts.appending(this.budget.used);
    if (group.held.length === 0) return this.#durable(group);
    this.#groups.push(group);
    group.append(writer, logger, (outcome) => this.#appended(group, outcome));
  }

  #appended(group: LaneGroup, outcome: GroupOutcome): void {
    this.#groups = this.#groups.filter((other) => other !== group);
    if (outcome === "durable") return this.#durable(group);
    this.#counts.retried(outcome);
    for (const lane of group.lanes) {
      this.#abandon(lane.putBack(), outcome === "unanswered" ? "append_unanswered" : "client_gone");
      void this.#retry(lane);
    }
  }

  #durable(group: LaneGroup): void {
    const { clock } = this.#options;
    if (group.held.length > 0) this.#counts.durable(group.held, (clock.uptime() - group.oldest()) / 1000);
    let bytes = 0;
    for (const lane of group.lanes) {
      for (const held of lane.finish()) {
        bytes += held.bytes;
        held.waiter?.settle("durable");
      }
      this.#next(lane);
    }
    this.#free(bytes);
  }

  /** The lane's append has ended: on with what came meanwhile. */
  #next(lane: VehicleLane): void {
    lane.isBusy = false;
    if (lane.isEmpty) this.#forgetIfLeft(lane);
    else this.#schedule(lane);
  }

  async #retry(lane: VehicleLane): Promise<void> {
    const { clock, random } = this.#options;
    lane.retries ??= retryIntervals(RETRY, random);
    const interval: DurationMs = lane.retries.next().value;
    if (!lane.isEmpty) await clock.sleep(interval, this.#stop.signal).catch(() => undefined);
    if (this.#stop.signal.aborted) {
      const left = lane.clear();
      this.#abandon(left, "stopped");
      for (const { waiter } of left) waiter?.settle("try_later");
    }
    this.#next(lane);
  }

  #abandon(batch: readonly HeldPublish[], reason: AbandonReason): void {
    if (batch.length === 0) return;
    this.#counts.abandoned(batch, reason);
    this.#free(batch.reduce((sum, held) => sum + held.bytes, 0));
  }

  /** Looks after the limits in time, until the stop. */
  async #sweep(): Promise<void> {
    const { clock } = this.#options;
    for (;;) {
      await clock.sleep(SWEEP_INTERVAL, this.#stop.signal).catch(() => undefined);
      if (this.#stop.signal.aborted) return;
      const now = clock.uptime();
      for (const group of this.#groups) group.expire(now);
      for (const lane of this.#lanes.values()) {
        const { told, dropped } = lane.expire(now);
        this.#abandon(dropped, "hold_expired");
        for (const waiter of told) waiter.settle("try_later");
      }
    }
  }
}
