import { MemoryMetrics, seededRandom, type UnixMillis } from "@roadstream/shared";
import { VirtualClock } from "@roadstream/shared/testing";
import { BestClock } from "../clock/best-clock.ts";
import { outboxEvents } from "../events/outbox-events.ts";
import { DEFAULT_BUDGET, type OutboxBudget } from "../outbox/budget.ts";
import { DurableOutbox } from "../outbox/durable-outbox.ts";
import { OutboxMetrics } from "../outbox/outbox-metrics.ts";
import type { SegmentStore } from "../ports.ts";

export interface TestOutbox {
  readonly outbox: DurableOutbox;
  readonly metrics: MemoryMetrics;
  readonly clock: VirtualClock;
  /** Why storage failed for good. */
  readonly failures: unknown[];
}

let boots = 0;

/** An outbox over any store, in virtual time, whose turns end with the microtask queue's. */
export const openTestOutbox = (options: {
  readonly store: SegmentStore;
  readonly clock?: VirtualClock;
  readonly budget?: Partial<OutboxBudget>;
  readonly wallTime?: () => UnixMillis | null;
}): TestOutbox => {
  const clock = options.clock ?? new VirtualClock();
  const metrics = new MemoryMetrics();
  const failures: unknown[] = [];
  boots += 1;
  const bestClock = new BestClock({ clock, machineTime: () => null, tripTime: null });
  const outbox = DurableOutbox.open({
    store: options.store,
    clock,
    random: seededRandom(boots),
    budget: { ...DEFAULT_BUDGET, ...options.budget },
    events: outboxEvents({ clock, bestClock }),
    metrics: new OutboxMetrics(metrics),
    wallTime: options.wallTime ?? (() => null),
    defer: (work) => void setImmediate(work),
    onFailure: (error) => void failures.push(error),
  });
  return { outbox, metrics, clock, failures };
};

/** held at start + accepted = acknowledged + dropped + held */
export const balance = (
  { metrics, outbox }: TestOutbox,
  reasons: readonly string[],
): { in: number; out: number } => {
  const name = (what: string): string => `roadstream_agent_outbox_${what}`;
  const streams = [
    "gps_data",
    "vehicle_data",
    "traffic_data",
    "weather_data",
    "emergency_data",
    "agent_events",
  ];
  const accepted = streams.reduce(
    (sum, stream) => sum + metrics.value(name("accepted_total"), { stream }),
    0,
  );
  const dropped = reasons.reduce((sum, reason) => sum + metrics.value(name("dropped_total"), { reason }), 0);
  return {
    in: metrics.value(name("held_at_start")) + accepted,
    out: metrics.value(name("acknowledged_total")) + dropped + outbox.usage().records,
  };
};
