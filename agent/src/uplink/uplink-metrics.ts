import type { Metrics } from "@roadstream/shared";
import type { UplinkEnd } from "../ports.ts";
import { batchRecords, type Batch } from "./batch.ts";

const LATENCY_BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Counts what goes over the air. */
export class UplinkMetrics {
  readonly #published;
  readonly #bytes;
  readonly #acknowledged;
  readonly #connections;
  readonly #ends;
  readonly #isConnected;
  readonly #answer;
  readonly #quarantined;
  readonly #refused;
  readonly #receipts;
  readonly #awaiting;
  readonly #sentAgain;
  #publishedBytes = 0;

  constructor(metrics: Metrics) {
    const name = (what: string): string => `roadstream_agent_uplink_${what}`;
    this.#published = metrics.counter(name("published_total"), "Publishes sent, repeats included.", ["lane"]);
    this.#bytes = metrics.counter(name("published_bytes_total"), "Payload bytes sent, repeats included.", [
      "lane",
    ]);
    this.#acknowledged = metrics.counter(name("acknowledged_total"), "Records of acknowledged publishes.", [
      "lane",
    ]);
    this.#connections = metrics.counter(name("connections_total"), "Connections that the broker accepted.");
    this.#refused = metrics.counter(name("connect_failures_total"), "Attempts to connect that failed.", [
      "code",
    ]);
    this.#ends = metrics.counter(name("ends_total"), "Connections that ended.", ["by"]);
    this.#isConnected = metrics.gauge(name("connected"), "1 while connected.");
    this.#answer = metrics.histogram(
      name("answer_seconds"),
      "From publish to its acknowledgement.",
      LATENCY_BUCKETS,
    );
    this.#receipts = metrics.counter(
      name("receipts_total"),
      "Receipts heard with --forget settled: taken, invalid or other_vehicle.",
      ["outcome"],
    );
    this.#awaiting = metrics.gauge(
      name("awaiting_receipt"),
      "Readings that the broker acknowledged and that are held until they are settled.",
    );
    this.#sentAgain = metrics.counter(
      name("unsettled_sent_again_total"),
      "Readings sent again because the cloud went past them, or went silent, without settling them.",
    );
    this.#quarantined = metrics.counter(name("quarantined_total"), "Records that broke connections.");
  }

  /** Payload bytes sent so far, repeats included. */
  get publishedBytes(): number {
    return this.#publishedBytes;
  }

  connected(): void {
    this.#connections.add();
    this.#isConnected.set(1);
  }

  connectFailed(code: string): void {
    this.#refused.add(1, { code });
  }

  ended(by: UplinkEnd): void {
    this.#ends.add(1, { by });
    this.#isConnected.set(0);
  }

  published({ lane, payload }: Batch): void {
    this.#published.add(1, { lane });
    this.#bytes.add(payload.length, { lane });
    this.#publishedBytes += payload.length;
  }

  acknowledged(batch: Batch, seconds: number): void {
    this.#acknowledged.add(batchRecords(batch), { lane: batch.lane });
    this.#answer.observe(seconds);
  }

  receipt(outcome: "taken" | "invalid" | "other_vehicle"): void {
    this.#receipts.add(1, { outcome });
  }

  awaiting(records: number): void {
    this.#awaiting.set(records);
  }

  sentAgain(records: number): void {
    this.#sentAgain.add(records);
  }

  quarantined(records: number): void {
    this.#quarantined.add(records);
  }
}
