import {
  errorText,
  isVehicleId,
  seconds,
  withDeadline,
  type Clock,
  type Logger,
  type Metrics,
} from "@roadstream/shared";
import type { EventLogWriter, LogAppend } from "@roadstream/shared/event-log";
import { seriesText } from "../ledger/series-ranges.ts";
import { buildReceipts } from "./build-receipts.ts";
import type { SettledSeries } from "./settled-series.ts";

/** Text of one append. */
const SEND_TEXT = 512 * 1024;
/** Series that wait to be told of; more are left out, and told of with the vehicle's next commit or checkpoint. */
const MAX_WAITING_SERIES = 200_000;
/** At its end a worker gives the last receipts so long. */
const LAST_RECEIPTS_LIMIT = seconds(2);

export interface ReceiptSenderOptions {
  readonly writer: Pick<EventLogWriter, "append">;
  readonly topic: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly maxWaitingSeries?: number;
}

/**
 * Tells vehicles what has become final, beside the commits and never in their way: what waits is only remembered by
 * series, is worded when it is sent (by then perhaps with a later commit's ranges), and is let go of when the log does
 * not take it. Receipts are cumulative and repeated, so a lost one heals.
 */
export class ReceiptSender {
  readonly #options: ReceiptSenderOptions;
  readonly #waiting = new Map<string, Map<string, SettledSeries>>();
  #waitingSeries = 0;
  #sending: Promise<void> | null = null;
  readonly #receipts;

  constructor(options: ReceiptSenderOptions) {
    this.#options = options;
    this.#receipts = options.metrics.counter(
      "roadstream_cloud_receipts_total",
      "Receipts by outcome: sent, failed (the log did not take them), or left_out (too many waiting; counted in series).",
      ["outcome"],
    );
  }

  /** Only of what is committed. Returns at once. */
  tell(settled: Iterable<SettledSeries>): void {
    for (const one of settled) this.#remember(one);
    if (this.#sending !== null || this.#waiting.size === 0) return;
    this.#sending = this.#sendAll();
  }

  /** Waits a moment for what is still to be told. */
  async finish(): Promise<void> {
    const { clock, logger } = this.#options;
    const sending = this.#sending;
    if (sending === null) return;
    try {
      await withDeadline(clock, LAST_RECEIPTS_LIMIT, "send the last receipts", () => sending);
    } catch (error) {
      logger.warn("receipts_not_sent", { reason: errorText(error) });
    }
  }

  #remember(one: SettledSeries): void {
    const { vehicleId } = one.series;
    if (!isVehicleId(vehicleId)) return;
    const of = this.#waiting.get(vehicleId) ?? new Map<string, SettledSeries>();
    const key = `${one.table}/${seriesText(one.series)}`;
    if (!of.has(key)) {
      const { maxWaitingSeries = MAX_WAITING_SERIES } = this.#options;
      if (this.#waitingSeries >= maxWaitingSeries) return this.#receipts.add(1, { outcome: "left_out" });
      this.#waitingSeries += 1;
    }
    of.set(key, one);
    this.#waiting.set(vehicleId, of);
  }

  async #sendAll(): Promise<void> {
    // First let the commit that asked for it return to its worker.
    await Promise.resolve();
    while (this.#waiting.size > 0) await this.#send(this.#next());
    this.#sending = null;
  }

  async #send(receipts: readonly LogAppend[]): Promise<void> {
    if (receipts.length === 0) return;
    const reason = await this.#append(receipts);
    this.#receipts.add(receipts.length, { outcome: reason === null ? "sent" : "failed" });
    if (reason !== null)
      this.#options.logger.warn("receipts_not_sent", { receipts: receipts.length, reason });
  }

  /** Null when they are in the log. */
  async #append(receipts: readonly LogAppend[]): Promise<string | null> {
    try {
      const outcome = await this.#options.writer.append(receipts);
      return outcome.kind === "durable" ? null : outcome.reason;
    } catch (error) {
      return errorText(error);
    }
  }

  #next(): readonly LogAppend[] {
    const { topic } = this.#options;
    const appends: LogAppend[] = [];
    let size = 0;
    for (const [key, of] of this.#waiting) {
      this.#waiting.delete(key);
      this.#waitingSeries -= of.size;
      for (const value of buildReceipts(key, of.values())) {
        appends.push({ topic, key, value });
        size += value.length;
      }
      if (size >= SEND_TEXT) break;
    }
    return appends;
  }
}
