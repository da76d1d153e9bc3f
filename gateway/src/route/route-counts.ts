import type { Metrics } from "@roadstream/shared";
import type { HeldPublish } from "./held-publish.ts";

const HOLD_BUCKETS_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20];

/** Why a record is let go without an acknowledgement; its sender still has it. */
export const ABANDON_REASONS = ["client_gone", "hold_expired", "append_unanswered", "stopped"] as const;
export type AbandonReason = (typeof ABANDON_REASONS)[number];

const recordsOf = ({ accepted }: HeldPublish): number => accepted.readings + accepted.rejections.length;

const records = (batch: readonly HeldPublish[]): number => {
  let sum = 0;
  for (const held of batch) sum += recordsOf(held);
  return sum;
};

const instruments = (metrics: Metrics) => ({
  received: metrics.counter(
    "roadstream_gateway_records_received_total",
    "Records of accepted publishes, dead letters included",
  ),
  appended: metrics.counter(
    "roadstream_gateway_records_appended_total",
    "Readings made durable in the event log",
  ),
  deadLettered: metrics.counter(
    "roadstream_gateway_records_dead_lettered_total",
    "Dead letters made durable, by reason",
    ["reason"],
  ),
  abandoned: metrics.counter(
    "roadstream_gateway_records_abandoned_total",
    "Records let go unacknowledged, by reason",
    ["reason"],
  ),
  unknown: metrics.counter("roadstream_gateway_unknown_fields_total", "Fields of no known column, ignored"),
  joined: metrics.counter(
    "roadstream_gateway_publishes_joined_total",
    "Publishes sent again while their first copy was held",
  ),
  retried: metrics.counter(
    "roadstream_gateway_appends_retried_total",
    "Appends that the log did not take, by outcome",
    ["outcome"],
  ),
  heldGauge: metrics.gauge("roadstream_gateway_records_held", "Records not durable yet"),
  bytes: metrics.gauge("roadstream_gateway_bytes_in_flight", "Payloads and records held, in bytes"),
  holdTime: metrics.histogram(
    "roadstream_gateway_hold_seconds",
    "Longest wait for durability within each append",
    HOLD_BUCKETS_S,
  ),
});

/**
 * The counts of what is held. At any moment
 * `received = appended + dead-lettered + abandoned + held`, in records.
 */
export const routeCounts = (metrics: Metrics) => {
  const {
    received,
    appended,
    deadLettered,
    abandoned,
    unknown,
    joined,
    retried,
    heldGauge,
    bytes,
    holdTime,
  } = instruments(metrics);
  let held = 0;
  /** Of these, not told yet: a counter costs more than a publish's other sums. */
  let fresh = 0;
  const tell = (): void => {
    received.add(fresh);
    fresh = 0;
    heldGauge.set(held);
  };
  const addHeld = (count: number): void => {
    held += count;
    tell();
  };
  return {
    received: (publish: HeldPublish): void => {
      const count = recordsOf(publish);
      if (publish.accepted.unknownFields > 0) unknown.add(publish.accepted.unknownFields);
      held += count;
      fresh += count;
    },
    durable: (batch: readonly HeldPublish[], heldSeconds: number): void => {
      let readings = 0;
      for (const { accepted } of batch) {
        readings += accepted.readings;
        for (const reason of accepted.rejections) deadLettered.add(1, { reason });
      }
      appended.add(readings);
      holdTime.observe(heldSeconds);
      addHeld(-records(batch));
    },
    abandoned: (batch: readonly HeldPublish[], reason: AbandonReason): void => {
      const count = records(batch);
      if (count > 0) abandoned.add(count, { reason });
      addHeld(-count);
    },
    /** An append begins: what came in this turn is told once. */
    appending: (used: number): void => {
      tell();
      bytes.set(used);
    },
    joined: (): void => joined.add(),
    retried: (outcome: "unavailable" | "full" | "unanswered" | "failed"): void => retried.add(1, { outcome }),
    bytesInFlight: (used: number): void => bytes.set(used),
  };
};

export type RouteCounts = ReturnType<typeof routeCounts>;
