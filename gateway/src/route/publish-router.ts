import type { Clock, Logger, Metrics, Random } from "@roadstream/shared";
import type { EventLogWriter } from "@roadstream/shared/event-log";
import type { Accepted } from "../accept/accepted.ts";
import { MAX_BYTES_IN_FLIGHT, STOP_DRAIN_LIMIT, SWEEP_INTERVAL } from "../limits.ts";
import type { Publish, Session } from "../ports.ts";
import { FlowBudget } from "./flow-budget.ts";
import type { HeldPublish, Waiter } from "./held-publish.ts";
import { routeCounts } from "./route-counts.ts";
import { VehicleLane, type LaneContext } from "./vehicle-lane.ts";

export interface PublishRouterOptions {
  readonly accept: (publish: Publish) => Accepted;
  readonly writer: EventLogWriter;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

const bytesOf = (publish: Publish, accepted: Accepted): number => {
  let bytes = publish.payload.length;
  for (const entry of accepted.entries) bytes += entry.value.length;
  return bytes;
};

/** Takes publishes, judges them and holds each until the event log has all of it; a lane per vehicle that has any. */
export class PublishRouter implements AsyncDisposable {
  readonly budget = new FlowBudget(MAX_BYTES_IN_FLIGHT);
  readonly #accept: (publish: Publish) => Accepted;
  readonly #context: LaneContext;
  readonly #stop = new AbortController();
  readonly #lanes = new Map<string, VehicleLane>();
  readonly #runs = new Set<Promise<void>>();
  readonly #sweeping: Promise<void>;

  constructor(options: PublishRouterOptions) {
    const { accept, writer, clock, random, logger, metrics } = options;
    this.#accept = accept;
    const counts = routeCounts(metrics);
    this.#context = { writer, clock, random, logger, counts, budget: this.budget, stop: this.#stop.signal };
    this.#sweeping = this.#sweep();
  }

  /** `settle` hears `durable` or `try_later` at most once; never, when the session leaves first. */
  take(publish: Publish, waiter: Waiter): void {
    if (this.#stop.signal.aborted) return waiter.settle("try_later");
    const { clock, counts } = this.#context;
    const lane = this.#lanes.get(publish.clientId);
    if (lane?.join(publish.topic, publish.payload, waiter) === true) return counts.joined();
    const accepted = this.#accept(publish);
    const bytes = bytesOf(publish, accepted);
    const held: HeldPublish = {
      topic: publish.topic,
      payload: publish.payload,
      accepted,
      bytes,
      waiter,
      since: clock.uptime(),
    };
    counts.received(held);
    this.budget.take(bytes);
    if (lane === undefined) this.#open(publish.clientId, held);
    else lane.put(held);
  }

  /** The session's connection is gone: nobody waits for its publishes any more. */
  leave(session: Session): void {
    this.#lanes.get(session.clientId)?.leave(session);
  }

  /** Gives what is held a last chance, then lets it go unacknowledged. Nothing is taken afterwards. */
  async drain(): Promise<void> {
    const timer = new AbortController();
    const late = this.#context.clock.sleep(STOP_DRAIN_LIMIT, timer.signal).catch(() => undefined);
    await Promise.race([Promise.all(this.#runs), late]);
    timer.abort();
    this.#stop.abort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#sweeping;
  }

  #open(vehicleId: string, held: HeldPublish): void {
    const lane = new VehicleLane(this.#context);
    lane.put(held);
    this.#lanes.set(vehicleId, lane);
    const run = this.#drain(vehicleId, lane).then(() => void this.#runs.delete(run));
    this.#runs.add(run);
  }

  async #drain(vehicleId: string, lane: VehicleLane): Promise<void> {
    while (!lane.isEmpty) await lane.run();
    this.#lanes.delete(vehicleId);
  }

  async #sweep(): Promise<void> {
    const { clock } = this.#context;
    for (;;) {
      try {
        await clock.sleep(SWEEP_INTERVAL, this.#stop.signal);
      } catch {
        return;
      }
      const now = clock.uptime();
      for (const lane of this.#lanes.values()) lane.expire(now);
    }
  }
}
