import {
  PartitionAssigners,
  type Consumer,
  type ConsumerCrashEvent,
  type ConsumerGroupJoinEvent,
  type Kafka,
} from "kafkajs";
import { errorText } from "../../errors.ts";
import type { Logger } from "../../ports/logger.ts";
import type { Clock } from "../../time/clock.ts";
import { withDeadline } from "../../time/deadline.ts";
import { seconds } from "../../time/time.ts";
import type { TopicPartition } from "../event-log.ts";
import { coPartitionAssigner } from "./kafka-event-log-assigner.ts";
import { isRefusal, KAFKA_RETRY } from "./kafka-event-log-client.ts";

const SESSION_TIMEOUT_MS = 10_000;
const HEARTBEAT_MS = 1000;
const REBALANCE_TIMEOUT_MS = 10_000;
/** How long kafkajs's idle loop rests between heartbeats; its default of 5 s makes each join last as long. */
const IDLE_ROUND_MS = 200;
const METADATA_MAX_AGE_MS = 30_000;
/** Of the ten seconds that a clean stop may take. Who did not say good-bye is put out when its session ends. */
const CLOSE_DEADLINE = seconds(2);
/** A stop waits for one. Nothing depends on it: what is not answered is left to the next. */
const COMMIT_DEADLINE = seconds(1);
const PAUSE_BEFORE_REJOIN = seconds(1);

export interface Joined {
  readonly assignment: readonly TopicPartition[];
  /** Changes when the group had put this member out in between: then others may have held what it held. */
  readonly memberId: string;
}

/**
 * Membership in a consumer group, and nothing else: kafkajs's consumer with all topics paused for ever. It joins,
 * heartbeats, rebalances and commits; records are read beside it by position (kafka-event-log-cluster.ts).
 */
export class KafkaMember implements AsyncDisposable {
  readonly #kafka: Kafka;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #group: string;
  readonly #topics: readonly string[];
  readonly #onJoin: (joined: Joined) => void;
  readonly #onRefused: (error: unknown) => void;
  readonly #closing = new AbortController();
  #consumer: Consumer | null = null;
  #running: Promise<void> = Promise.resolve();

  constructor(options: {
    kafka: Kafka;
    clock: Clock;
    logger: Logger;
    group: string;
    topics: readonly string[];
    onJoin: (joined: Joined) => void;
    /** The brokers refuse this member for good. */
    onRefused: (error: unknown) => void;
  }) {
    this.#kafka = options.kafka;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#group = options.group;
    this.#topics = options.topics;
    this.#onJoin = options.onJoin;
    this.#onRefused = options.onRefused;
  }

  /** Begins to join; {@link Joined} tells when it has. */
  start(): void {
    if (this.#consumer !== null || this.#closing.signal.aborted) return;
    const consumer = this.#kafka.consumer({
      groupId: this.#group,
      // The group takes the first that all members know: kafkajs's own as long as one of an older version is among them.
      partitionAssigners: [coPartitionAssigner, PartitionAssigners.roundRobin],
      sessionTimeout: SESSION_TIMEOUT_MS,
      heartbeatInterval: HEARTBEAT_MS,
      rebalanceTimeout: REBALANCE_TIMEOUT_MS,
      maxWaitTimeInMs: IDLE_ROUND_MS,
      metadataMaxAge: METADATA_MAX_AGE_MS,
      allowAutoTopicCreation: false,
      retry: { ...KAFKA_RETRY, restartOnFailure: () => Promise.resolve(false) },
    });
    this.#consumer = consumer;
    consumer.on(consumer.events.GROUP_JOIN, (event) => this.#joined(consumer, event));
    consumer.on(consumer.events.CRASH, (event) => this.#crashed(consumer, event));
    this.#running = this.#run(consumer);
  }

  /** Leaves the group; `start` joins it again, as another member. */
  async stop(): Promise<void> {
    const consumer = this.#consumer;
    this.#consumer = null;
    if (consumer === null) return;
    const running = this.#running;
    await withDeadline(this.#clock, CLOSE_DEADLINE, "leaving the consumer group", async () => {
      await running;
      await consumer.disconnect();
    }).catch((error: unknown) =>
      this.#logger.warn("event_log_leave_failed", { group: this.#group, error: errorText(error) }),
    );
  }

  /** With the generation that kafkajs has now: the caller sees to it that it holds the partition in this one. */
  async commit(at: TopicPartition, next: number): Promise<void> {
    const consumer = this.#consumer;
    if (consumer === null) return;
    await withDeadline(this.#clock, COMMIT_DEADLINE, "committing an offset", () =>
      consumer.commitOffsets([{ topic: at.topic, partition: at.partition, offset: String(next) }]),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.stop();
  }

  async #run(consumer: Consumer): Promise<void> {
    try {
      await consumer.connect();
      await consumer.subscribe({ topics: [...this.#topics], fromBeginning: true });
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        // Never called: all topics are paused from the first moment that there is something to pause.
        eachBatch: () => Promise.resolve(),
      });
    } catch (error) {
      this.#lost(consumer, error);
    }
  }

  /** kafkajs tells this before it fetches, in the same turn. */
  #joined(consumer: Consumer, event: ConsumerGroupJoinEvent): void {
    if (consumer !== this.#consumer) return;
    consumer.pause(this.#topics.map((topic) => ({ topic })));
    const assignment = Object.entries(event.payload.memberAssignment).flatMap(([topic, partitions]) =>
      partitions.map((partition) => ({ topic, partition })),
    );
    this.#onJoin({ assignment, memberId: event.payload.memberId });
  }

  #crashed(consumer: Consumer, event: ConsumerCrashEvent): void {
    this.#lost(consumer, event.payload.error);
  }

  /** kafkajs has given up: make a new member, unless the brokers refuse it for good. */
  #lost(consumer: Consumer, error: unknown): void {
    if (consumer !== this.#consumer) return;
    this.#logger.warn("event_log_member_lost", { group: this.#group, error: errorText(error) });
    this.#onJoin({ assignment: [], memberId: "" });
    if (isRefusal(error)) {
      this.#onRefused(error);
      return;
    }
    void this.#rejoin().catch((failure: unknown) =>
      this.#logger.error("event_log_rejoin_failed", { group: this.#group, error: errorText(failure) }),
    );
  }

  async #rejoin(): Promise<void> {
    const consumer = this.#consumer;
    this.#consumer = null;
    const asleep = this.#clock.sleep(PAUSE_BEFORE_REJOIN, this.#closing.signal).catch(() => undefined);
    await withDeadline(this.#clock, CLOSE_DEADLINE, "closing a lost member", async () =>
      consumer?.disconnect(),
    ).catch(() => undefined);
    await asleep;
    this.start();
  }
}
