import type { Producer, RecordMetadata } from "kafkajs";
import { errorText } from "../../errors.ts";
import type { Logger } from "../../ports/logger.ts";
import type { Metrics } from "../../ports/metrics.ts";
import { withDeadline } from "../../time/deadline.ts";
import { millis, seconds } from "../../time/time.ts";
import type { Clock } from "../../time/clock.ts";
import type { AppendOutcome, EventLogWriter, LogAppend, LogEntry, LogPosition } from "../event-log.ts";
import { singleRecords } from "../log-block.ts";
import { checkedAppendBytes, LOG_PENDING_MAX_BYTES, LOG_SEND_MAX_BYTES, recordBytes } from "../log-limits.ts";
import { partitionKey } from "../held-partitions.ts";
import { partitionOf } from "../partitioner.ts";
import { SendLanes, type LaneBatch } from "../send-lanes.ts";
import { isRefusal } from "./kafka-event-log-client.ts";

/** After this a caller hears `unavailable`; what is on its way may still land, and doubles then. */
const APPEND_DEADLINE = seconds(30);
const SWEEP_INTERVAL = seconds(1);
const BROKER_TIMEOUT_MS = 30_000;
/** Doubled with each failure, so far. */
const PAUSE_BEFORE_RESEND = millis(200);
const LONGEST_PAUSE = seconds(2);
/** Of the ten seconds that a clean stop may take: the gateway, or the worker, has used others by then. */
const CLOSE_DEADLINE = seconds(1);

interface Call {
  readonly positions: LogPosition[];
  /** By the uptime clock. */
  readonly expires: number;
  readonly resolve: (outcome: AppendOutcome) => void;
  missing: number;
  settled: boolean;
}

interface Item {
  readonly call: Call;
  readonly index: number;
  readonly record: LogAppend;
}

type Batch = LaneBatch<Item>;

const isWaiting = ({ items }: Batch): boolean => items.some(({ call }) => !call.settled);

/**
 * Appends by kafkajs's producer, not idempotent: its idempotent mode loses acknowledged batches after a lost produce
 * response (2.2.4), doubles are removed by identity instead. acks=all, one batch on its way per partition.
 *
 * All partitions that have something travel in one call, which kafkajs fails as a whole: one without a leader, or with
 * too few replicas, would hold up all others, and have them written again with each attempt. So what failed together
 * goes on alone, each partition by itself, and one that failed travels alone until it has landed.
 */
export class KafkaLogWriter implements EventLogWriter {
  readonly #producer: Producer;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #partitions: (topic: string) => Promise<number | null>;
  readonly #counts;
  readonly #known = new Map<string, number>();
  readonly #lanes = new SendLanes<Item>({
    maxBytes: LOG_SEND_MAX_BYTES,
    bytesOf: (item) => recordBytes(item.record),
    isWanted: (item) => !item.call.settled,
  });
  readonly #flights = new Set<Promise<void>>();
  /** Partitions whose last send failed. */
  readonly #suspects = new Set<string>();
  /** Those not answered yet. */
  readonly #calls = new Set<Call>();
  readonly #closing = new AbortController();
  #pendingBytes = 0;
  #scheduled = false;
  #sweeping = false;

  constructor(options: {
    producer: Producer;
    clock: Clock;
    logger: Logger;
    metrics: Metrics;
    /** The topic's partition count; null when it does not exist. */
    partitions: (topic: string) => Promise<number | null>;
  }) {
    this.#producer = options.producer;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#partitions = options.partitions;
    const { metrics } = options;
    this.#counts = {
      records: metrics.counter(
        "roadstream_log_appended_records_total",
        "Records made durable in the event log",
      ),
      groups: metrics.counter("roadstream_log_append_groups_total", "Produce requests sent"),
      refused: metrics.counter("roadstream_log_append_refused_total", "Append calls not done, by outcome", [
        "outcome",
      ]),
      resent: metrics.counter("roadstream_log_resent_records_total", "Records sent again, which may double"),
    };
  }

  async append(entries: readonly LogEntry[]): Promise<AppendOutcome> {
    // What waits here are single records, each with its head.
    const records = singleRecords(entries);
    const bytes = checkedAppendBytes(records);
    if (records.length === 0) return { kind: "durable", positions: [] };
    if (this.#closing.signal.aborted) return this.#refuse("the writer is closed");
    if (this.#pendingBytes + bytes > LOG_PENDING_MAX_BYTES) {
      return this.#refuse(`over ${LOG_PENDING_MAX_BYTES} bytes are waiting to be written`);
    }
    this.#pendingBytes += bytes;
    try {
      const unknown = [...new Set(records.map((record) => record.topic))].filter(
        (topic) => !this.#known.has(topic),
      );
      for (const topic of unknown) await this.#learn(topic);
      return await this.#enqueue(records);
    } catch (error) {
      return this.#refuse(errorText(error));
    } finally {
      this.#pendingBytes -= bytes;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    for (const { call } of this.#lanes.drain()) this.#fail(call, "the writer was closed");
    await withDeadline(this.#clock, CLOSE_DEADLINE, "closing the Kafka writer", async () => {
      await Promise.allSettled(this.#flights);
      await this.#producer.disconnect();
    }).catch((error: unknown) => this.#logger.warn("event_log_close_failed", { error: errorText(error) }));
    for (const call of this.#calls) this.#fail(call, "the writer was closed");
  }

  async #learn(topic: string): Promise<void> {
    const count = await this.#partitions(topic);
    if (count === null) throw new Error(`no topic ${topic} in the event log`);
    this.#known.set(topic, count);
  }

  #enqueue(records: readonly LogAppend[]): Promise<AppendOutcome> {
    return new Promise<AppendOutcome>((resolve) => {
      const expires = this.#clock.uptime() + APPEND_DEADLINE;
      const positions = records.map(() => ({ partition: 0, offset: 0 }));
      const call: Call = { positions, expires, resolve, missing: records.length, settled: false };
      this.#calls.add(call);
      records.forEach((record, index) => {
        const partition = partitionOf(record.key, this.#known.get(record.topic) ?? 1);
        this.#lanes.add({ topic: record.topic, partition }, { call, index, record });
      });
      this.#schedule();
      if (!this.#sweeping) void this.#sweep();
    });
  }

  /** One timer for all calls: they expire in the order in which they came. */
  async #sweep(): Promise<void> {
    this.#sweeping = true;
    while (this.#calls.size > 0 && !this.#closing.signal.aborted) {
      await this.#clock.sleep(SWEEP_INTERVAL, this.#closing.signal).catch(() => undefined);
      for (const call of this.#calls) {
        if (call.expires > this.#clock.uptime()) break;
        this.#fail(call, `not acknowledged within ${APPEND_DEADLINE} ms`);
      }
    }
    this.#sweeping = false;
  }

  /** Calls of one turn of the event loop travel together. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      const batches = this.#lanes.take();
      const isSuspect = (batch: Batch): boolean => this.#suspects.has(partitionKey(batch));
      const together = batches.filter((batch) => !isSuspect(batch));
      if (together.length > 0) this.#launch(together);
      for (const batch of batches) if (isSuspect(batch)) this.#launch([batch]);
    });
  }

  #launch(batches: readonly Batch[]): void {
    const flight = this.#fly(batches).finally(() => {
      this.#flights.delete(flight);
      this.#schedule();
    });
    this.#flights.add(flight);
  }

  /** A partition stays busy until its batch has ended, also when that goes on alone. */
  async #fly(batches: readonly Batch[]): Promise<void> {
    const [only, ...others] = batches;
    if (only !== undefined && others.length === 0) {
      await this.#send(only);
      this.#lanes.done(only);
      return;
    }
    const left = new Set(await this.#sendTogether(batches));
    for (const batch of batches) if (!left.has(batch)) this.#lanes.done(batch);
    for (const batch of left) {
      this.#counts.resent.add(batch.items.length);
      this.#launch([batch]);
    }
  }

  /** One attempt; those that did not land and are still waited for. */
  async #sendTogether(batches: readonly Batch[]): Promise<readonly Batch[]> {
    try {
      const answers = await this.#produce(batches);
      return batches.filter((batch) => !this.#land(batch, answers));
    } catch (error) {
      this.#failed(batches, error, 1);
      if (!this.#closing.signal.aborted) return batches.filter(isWaiting);
      this.#failAll(batches, errorText(error));
      return [];
    }
  }

  /** Sends until all is acknowledged, or nobody waits for it any more. */
  async #send(batch: Batch): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        if (this.#land(batch, await this.#produce([batch]))) return;
        throw new Error(`no answer for partition ${batch.partition} of ${batch.topic}`);
      } catch (error) {
        this.#failed([batch], error, attempt);
        if (!isWaiting(batch)) return;
        if (isRefusal(error)) return await this.#halve(batch, errorText(error));
        if (this.#closing.signal.aborted) return this.#failAll([batch], errorText(error));
        const pause = millis(Math.min(PAUSE_BEFORE_RESEND * 2 ** (attempt - 1), LONGEST_PAUSE));
        await this.#clock.sleep(pause, this.#closing.signal).catch(() => undefined);
        this.#counts.resent.add(batch.items.length);
      }
    }
  }

  #failed(batches: readonly Batch[], error: unknown, attempt: number): void {
    const refused = isRefusal(error);
    if (!refused) for (const batch of batches) this.#suspects.add(partitionKey(batch));
    const where = batches.map(partitionKey).join(" ");
    this.#logger.warn("event_log_send_failed", { attempt, refused, where, error: errorText(error) });
  }

  #produce(batches: readonly Batch[]): Promise<readonly RecordMetadata[]> {
    this.#counts.groups.add();
    const timestamp = String(this.#clock.now());
    const topicMessages = [...Map.groupBy(batches, (batch) => batch.topic)].map(([topic, of]) => ({
      topic,
      messages: of.flatMap(({ partition, items }) =>
        items.map(({ record: { key, value, headers } }) => ({
          key,
          value,
          partition,
          timestamp,
          ...(headers === undefined ? {} : { headers }),
        })),
      ),
    }));
    return this.#producer.sendBatch({ acks: -1, timeout: BROKER_TIMEOUT_MS, topicMessages });
  }

  /** False when no answer came for it, as for a partition that is no more. */
  #land(batch: Batch, answers: readonly RecordMetadata[]): boolean {
    const { topic, partition, items } = batch;
    const answer = answers.find((one) => one.topicName === topic && one.partition === partition);
    if (answer?.baseOffset === undefined) return false;
    this.#suspects.delete(partitionKey(batch));
    const base = Number(answer.baseOffset);
    items.forEach(({ call, index }, i) => {
      call.positions[index] = { partition, offset: base + i };
      call.missing -= 1;
      if (call.missing > 0 || call.settled) return;
      this.#counts.records.add(call.positions.length);
      this.#settle(call, { kind: "durable", positions: call.positions });
    });
    return true;
  }

  /** The broker refuses one of these for good: halves go on alone until the culprit is found, and the others land. */
  async #halve(batch: Batch, reason: string): Promise<void> {
    const { items } = batch;
    if (items.length === 1) return this.#failAll([batch], reason);
    const middle = items.length >> 1;
    await this.#send({ ...batch, items: items.slice(0, middle) });
    await this.#send({ ...batch, items: items.slice(middle) });
  }

  #failAll(batches: readonly Batch[], reason: string): void {
    for (const { items } of batches) for (const { call } of items) this.#fail(call, reason);
  }

  #fail(call: Call, reason: string): void {
    if (!call.settled) this.#settle(call, this.#refuse(reason));
  }

  #settle(call: Call, outcome: AppendOutcome): void {
    call.settled = true;
    this.#calls.delete(call);
    call.resolve(outcome);
  }

  #refuse(reason: string): AppendOutcome {
    this.#counts.refused.add(1, { outcome: "unavailable" });
    return { kind: "unavailable", reason };
  }
}
