import {
  errorText,
  isVehicleId,
  parseReceipt,
  type Clock,
  type Logger,
  type Metrics,
} from "@roadstream/shared";
import type { EventLog, LogSlice, TopicPartition } from "@roadstream/shared/event-log";
import { MAX_RECEIPT_POLL_BYTES, RECEIPT_POLL_INTERVAL } from "../limits.ts";
import type { Ingest } from "../ports.ts";

export interface ReceiptRelayOptions {
  readonly log: EventLog;
  /** The log's topic of receipts. */
  readonly topic: string;
  readonly ingest: Pick<Ingest, "sendReceipt">;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/**
 * Passes receipts from the event log to the vehicles that are connected here. From the log's end on, without a group
 * and without remembering a position: a receipt is cumulative and repeated, so one that is missed heals.
 */
export class ReceiptRelay {
  readonly #options: ReceiptRelayOptions;
  readonly #next = new Map<number, number>();
  /** Partitions that are being read. */
  readonly #looks = new Map<number, Promise<void>>();
  readonly #receipts;

  constructor(options: ReceiptRelayOptions) {
    this.#options = options;
    this.#receipts = options.metrics.counter(
      "roadstream_gateway_receipts_total",
      "Receipts read from the log, by outcome",
      ["outcome"],
    );
  }

  /** Relays until the signal fires; the log being away only delays it. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#options;
    const stopped = new Promise<void>((resolve) => {
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
    while (!signal.aborted) {
      try {
        // A log that is away may take longer to say so than a stop may take, and a partition longer than the others.
        await Promise.race([this.#begin(), stopped]);
      } catch (error) {
        logger.debug("receipts_unreadable", { error: errorText(error) });
      }
      await clock.sleep(RECEIPT_POLL_INTERVAL, signal).catch(() => undefined);
    }
  }

  /** One look at every partition of the topic. */
  async poll(): Promise<void> {
    await this.#begin();
    await Promise.all(this.#looks.values());
  }

  /** Each partition by itself: one that cannot be read, or is slow to say so, holds up no other. */
  async #begin(): Promise<void> {
    const { log, topic } = this.#options;
    const partitions = (await log.partitions(topic)) ?? 0;
    for (let partition = 0; partition < partitions; partition += 1)
      if (!this.#looks.has(partition)) this.#looks.set(partition, this.#look({ topic, partition }));
  }

  /** Never rejects. */
  async #look(at: TopicPartition): Promise<void> {
    try {
      await this.#read(at);
    } catch (error) {
      const { partition } = at;
      this.#options.logger.debug("receipts_unreadable", { partition, error: errorText(error) });
    }
    this.#looks.delete(at.partition);
  }

  async #read(at: TopicPartition): Promise<void> {
    const { log } = this.#options;
    const from = this.#next.get(at.partition);
    if (from === undefined) {
      this.#next.set(at.partition, (await log.range(at)).end);
      return;
    }
    const result = await log.read(at, from, MAX_RECEIPT_POLL_BYTES);
    if ("kind" in result) {
      this.#next.set(at.partition, result.end);
      return;
    }
    this.#relay(result);
    const last = result.offsets.at(-1);
    if (last !== undefined) this.#next.set(at.partition, last + 1);
  }

  #relay(slice: LogSlice): void {
    for (const value of slice.values) {
      const text = Buffer.from(value, "latin1").toString("utf8");
      const receipt = parseReceipt(text);
      if (receipt === null || !isVehicleId(receipt.vehicle_id)) {
        this.#receipts.add(1, { outcome: "invalid" });
        continue;
      }
      const sent = this.#options.ingest.sendReceipt(receipt.vehicle_id, text);
      this.#receipts.add(1, { outcome: sent ? "sent" : "not_connected" });
    }
  }
}
