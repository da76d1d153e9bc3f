import { Partitioners, type Admin, type Kafka, type KafkaConfig } from "kafkajs";
import { RoadstreamError } from "../../errors.ts";
import type { Logger } from "../../ports/logger.ts";
import type { Metrics } from "../../ports/metrics.ts";
import type { Clock } from "../../time/clock.ts";
import { withDeadline } from "../../time/deadline.ts";
import { days, millis, seconds } from "../../time/time.ts";
import type {
  EventLog,
  EventLogWriter,
  LogConsumer,
  LogFault,
  LogSlice,
  PartitionRange,
  TopicPartition,
  TopicRetention,
} from "../event-log.ts";
import { SliceBuilder } from "../slice-builder.ts";
import {
  kafkaClient,
  isLostConnection,
  kafkaConfig,
  KAFKA_SEND_RETRY,
  kafkaErrorType,
  kafkaPortError,
  type DialKafka,
} from "./kafka-event-log-client.ts";
import { KafkaCluster } from "./kafka-event-log-cluster.ts";
import { KafkaLogConsumer } from "./kafka-event-log-consumer.ts";
import { KafkaMember } from "./kafka-event-log-member.ts";
import type { KafkaSettings } from "./kafka-event-log-settings.ts";
import { KafkaLogWriter } from "./kafka-event-log-writer.ts";

/** For each question; brokers may be away longer, then the caller asks again. */
const ANSWER_DEADLINE = seconds(15);
const CLOSE_DEADLINE = seconds(1);
const READ_WAIT_MS = 500;
const LEADER_WAIT = millis(100);
const LOST_WAIT = millis(250);
const METADATA_MAX_AGE_MS = 30_000;
/** Kafka's own default, said because LOG_RECORD_MAX_BYTES depends on it. */
const TOPIC_MAX_MESSAGE_BYTES = 1_048_588;
const BY_AGE = days(1);
const BROKERS_DEFAULT = -1;
/** A leader is being chosen, was just chosen, or has moved. */
const LEADER_ERRORS: ReadonlySet<string> = new Set([
  "LEADER_NOT_AVAILABLE",
  "NOT_LEADER_FOR_PARTITION",
  "FENCED_LEADER_EPOCH",
  "UNKNOWN_LEADER_EPOCH",
]);

export interface KafkaEventLogOptions {
  readonly settings: KafkaSettings;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly dial?: DialKafka;
}

/**
 * The event log on Apache Kafka. Its identity is cluster id, topic and the topic's id, which a topic made anew does not
 * share; with brokers older than topic ids (2.8) only cluster id and name, and a topic made anew shows by its positions
 * alone. An unclean leader election that loses records and takes new ones in their place shows in neither: the identity
 * of the last record before the position does.
 */
export class KafkaEventLog implements EventLog {
  readonly offsets = "with_holes";
  readonly #options: KafkaEventLogOptions;
  readonly #config: KafkaConfig;
  readonly #kafka: Kafka;
  readonly #admin: Admin;
  readonly #cluster: KafkaCluster;
  readonly groups = null;
  #connected: Promise<void> | null = null;

  constructor(options: KafkaEventLogOptions) {
    this.#options = options;
    this.#config = this.#configFor("roadstream");
    this.#kafka = kafkaClient(this.#config);
    this.#admin = this.#kafka.admin();
    this.#cluster = new KafkaCluster(this.#config);
  }

  identity(topic: string): Promise<string> {
    return this.#ask(`identity of ${topic}`, async () => {
      const named = await this.#cluster.topicIdentity(topic);
      if (named !== null) return `kafka:${named.clusterId}/${topic}/${named.topicId}`;
      if ((await this.#count(topic)) === null)
        throw new RoadstreamError("unavailable", `topic ${topic} does not exist`);
      const { clusterId } = await this.#admin.describeCluster();
      return `kafka:${clusterId}/${topic}`;
    });
  }

  partitions(topic: string): Promise<number | null> {
    return this.#ask(`partitions of ${topic}`, () => this.#count(topic));
  }

  createTopics(
    topics: readonly string[],
    partitions: number,
    options: { readonly retention?: TopicRetention } = {},
  ): Promise<void> {
    const config = [
      { name: "max.message.bytes", value: String(TOPIC_MAX_MESSAGE_BYTES) },
      // The broker's clock: Kafka 4 refuses whatever a gateway whose clock is an hour ahead says it wrote (KIP-937).
      { name: "message.timestamp.type", value: "LogAppendTime" },
    ];
    if (options.retention === "by_age") config.push({ name: "retention.ms", value: String(BY_AGE) });
    return this.#ask("creating topics", async (signal) => {
      const there = new Set(await this.#admin.listTopics());
      const missing = topics.filter((topic) => !there.has(topic));
      if (missing.length > 0) {
        const wanted = {
          numPartitions: partitions,
          replicationFactor: BROKERS_DEFAULT,
          configEntries: config,
        };
        // False when another process was first: as good.
        await this.#admin.createTopics({
          topics: missing.map((topic) => ({ topic, ...wanted })),
          waitForLeaders: false,
        });
      }
      for (const topic of missing) {
        while (!(await this.#hasLeaders(topic))) await this.#options.clock.sleep(LEADER_WAIT, signal);
        // A leader that was named may not lead yet; who appends to it now would double in its other partitions.
        for (let partition = 0; partition < partitions; partition += 1)
          await this.range({ topic, partition });
      }
    });
  }

  range(at: TopicPartition): Promise<PartitionRange> {
    return this.#ask(`range of ${at.topic}`, async (signal) => {
      for (;;) {
        try {
          return await this.#cluster.range(at);
        } catch (error) {
          if (signal.aborted || !LEADER_ERRORS.has(kafkaErrorType(error) ?? "")) throw error;
          await this.#options.clock.sleep(LEADER_WAIT, signal);
          await this.#cluster.refresh();
        }
      }
    });
  }

  async read(at: TopicPartition, from: number, maxBytes: number): Promise<LogSlice | LogFault> {
    const { start, end } = await this.range(at);
    const fault = {
      kind: "out_of_range",
      topic: at.topic,
      partition: at.partition,
      wanted: from,
      start,
      end,
    } as const;
    if (from < start || from > end) return fault;
    return this.#ask(`reading ${at.topic}`, async (signal) => {
      for (let offset = from; offset < end && !signal.aborted;) {
        const position = { topic: at.topic, partition: at.partition, offset };
        const [leader] = await this.#cluster.leaders([position]);
        if (leader === undefined) throw new RoadstreamError("unavailable", `${at.topic} has no leader`);
        const limits = { waitMs: READ_WAIT_MS, maxBytes, maxBytesPerPartition: maxBytes };
        const answer = await this.#cluster.fetch(leader[0], leader[1], limits);
        if (answer.kind === "out_of_range") return { ...fault, ...(await this.range(at)) };
        const [fetched] = answer.partitions;
        if (fetched === undefined) continue;
        if (fetched.slice.offsets.length > 0) return fetched.slice;
        offset = fetched.next;
      }
      return new SliceBuilder(at).build();
    });
  }

  writer(): Promise<EventLogWriter> {
    return this.#ask("connecting", async () => {
      const producer = this.#kafka.producer({
        createPartitioner: Partitioners.DefaultPartitioner,
        idempotent: false,
        retry: KAFKA_SEND_RETRY,
        maxInFlightRequests: 1,
        allowAutoTopicCreation: false,
        metadataMaxAge: METADATA_MAX_AGE_MS,
      });
      await producer.connect();
      const { clock, logger, metrics } = this.#options;
      return new KafkaLogWriter({
        producer,
        clock,
        logger,
        metrics,
        partitions: (topic) => this.partitions(topic),
      });
    });
  }

  join(options: { group: string; worker: string; topics: readonly string[] }): Promise<LogConsumer> {
    const { clock, logger } = this.#options;
    const config = this.#configFor(`roadstream-${options.worker}`);
    const { group, topics } = options;
    return this.#ask(`joining ${group}`, async () => {
      for (const topic of topics) {
        if ((await this.#count(topic)) === null)
          throw new RoadstreamError("unavailable", `topic ${topic} does not exist`);
      }
      return new KafkaLogConsumer({
        cluster: new KafkaCluster(config),
        clock,
        logger,
        range: (at) => this.range(at),
        member: (events) =>
          new KafkaMember({ kafka: kafkaClient(config), clock, logger, group, topics, ...events }),
      });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const close = async (): Promise<void> => {
      await this.#cluster[Symbol.asyncDispose]();
      if (this.#connected !== null) await this.#admin.disconnect();
    };
    await withDeadline(this.#options.clock, CLOSE_DEADLINE, "closing Kafka", close).catch(() => undefined);
  }

  #configFor(clientId: string): KafkaConfig {
    const { settings, logger, dial } = this.#options;
    return kafkaConfig({ settings, clientId, logger, ...(dial === undefined ? {} : { dial }) });
  }

  async #count(topic: string): Promise<number | null> {
    try {
      const { topics } = await this.#admin.fetchTopicMetadata({ topics: [topic] });
      return topics[0]?.partitions.length ?? null;
    } catch (error) {
      if (kafkaErrorType(error) === "UNKNOWN_TOPIC_OR_PARTITION") return null;
      throw error;
    }
  }

  async #hasLeaders(topic: string): Promise<boolean> {
    try {
      const { topics } = await this.#admin.fetchTopicMetadata({ topics: [topic] });
      return topics[0]?.partitions.every(({ leader }) => leader >= 0) ?? false;
    } catch (error) {
      if (kafkaErrorType(error) === "UNKNOWN_TOPIC_OR_PARTITION") return false;
      throw error;
    }
  }

  async #ask<T>(what: string, answer: (signal: AbortSignal) => Promise<T>): Promise<T> {
    try {
      return await withDeadline(this.#options.clock, ANSWER_DEADLINE, `Kafka, ${what}`, (signal) =>
        this.#answer(answer, signal),
      );
    } catch (error) {
      throw kafkaPortError(error, what);
    }
  }

  /** All questions may be asked twice: a broker that restarts takes connections and then drops them. */
  async #answer<T>(answer: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    for (;;) {
      try {
        await this.#connect();
        return await answer(signal);
      } catch (error) {
        if (signal.aborted || !isLostConnection(error)) throw error;
        await this.#options.clock.sleep(LOST_WAIT, signal);
      }
    }
  }

  #connect(): Promise<void> {
    this.#connected ??= this.#admin.connect().catch((error: unknown) => {
      this.#connected = null;
      throw error;
    });
    return this.#connected;
  }
}
