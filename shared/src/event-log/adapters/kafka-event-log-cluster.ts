import { createRequire } from "node:module";
import type { IHeaders, KafkaConfig } from "kafkajs";
import { RoadstreamError } from "../../errors.ts";
import type { PartitionRange, TopicPartition } from "../event-log.ts";
import {
  decodeTopicIdResponse,
  encodeTopicIdRequest,
  METADATA_API_KEY,
  METADATA_VERSION_WITH_TOPIC_ID,
  type TopicIdAnswer,
} from "../kafka-topic-id.ts";
import { kafkaErrorType } from "./kafka-event-log-client.ts";

/**
 * Reading from Kafka by position. kafkajs 2.2.4's own consumer cannot: it resets a position that is out of range by
 * itself, and a partition of it can stick after packet loss. This asks the same library's inner cluster and broker
 * objects, whose shape is stated here; the version is pinned, and the contract suite runs on a real broker.
 */
interface Message {
  readonly offset: string;
  readonly timestamp: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers?: IHeaders;
}

interface FetchedBatch {
  readonly rawMessages: readonly Message[];
  /** Without control records, aborted transactions and what lies before the position. */
  readonly messages: readonly Message[];
}

interface Broker {
  readonly versions: Readonly<Record<number, { readonly maxVersion: number } | undefined>> | null;
  readonly connectionPool: { send(protocol: unknown): Promise<unknown> };
  fetch(options: unknown): Promise<{
    readonly responses: readonly {
      readonly topicName: string;
      readonly partitions: readonly { partition: number }[];
    }[];
  }>;
}

interface Cluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  refreshMetadata(): Promise<void>;
  refreshMetadataIfNecessary(): Promise<void>;
  addMultipleTargetTopics(topics: readonly string[]): Promise<void>;
  findTopicPartitionMetadata(
    topic: string,
  ): readonly { readonly partitionId: number; readonly leader: number }[];
  fetchTopicsOffset(
    topics: readonly {
      topic: string;
      fromBeginning: boolean;
      partitions: readonly { partition: number }[];
    }[],
  ): Promise<
    readonly { readonly partitions: readonly { readonly partition: number; readonly offset: string }[] }[]
  >;
  findBroker(options: { nodeId: string }): Promise<Broker>;
  getNodeIds(): readonly string[];
}

interface Encoder {
  writeBuffer(buffer: Buffer): Encoder;
}

const require = createRequire(import.meta.url);
const ClusterClass = require("kafkajs/src/cluster") as new (options: unknown) => Cluster;
const BatchClass = require("kafkajs/src/consumer/batch") as new (
  topic: string,
  fetchedOffset: string,
  partition: unknown,
) => FetchedBatch;
const EncoderClass = require("kafkajs/src/protocol/encoder") as new () => Encoder;
const { createLogger } = require("kafkajs/src/loggers") as { createLogger: (options: unknown) => unknown };
const defaultDial = require("kafkajs/src/network/socketFactory") as () => unknown;

const METADATA_MAX_AGE_MS = 30_000;
const READ_COMMITTED = 1;
const UNKNOWN_TOPIC = 3;

export interface FetchPosition extends TopicPartition {
  readonly offset: number;
}

export interface Fetched extends FetchPosition {
  /** The position after everything that came, also when all of it was control records. */
  readonly next: number;
  readonly messages: readonly Message[];
}

export type FetchAnswer =
  | { readonly kind: "fetched"; readonly partitions: readonly Fetched[] }
  | { readonly kind: "out_of_range"; readonly at: TopicPartition };

export type TopicIdentity = Extract<TopicIdAnswer, { kind: "topic_id" }>;

export class KafkaCluster implements AsyncDisposable {
  readonly #cluster: Cluster;
  #connected: Promise<void> | null = null;

  constructor(config: KafkaConfig) {
    this.#cluster = new ClusterClass({
      ...config,
      logger: createLogger({ level: config.logLevel, logCreator: config.logCreator }),
      socketFactory: config.socketFactory ?? defaultDial(),
      metadataMaxAge: METADATA_MAX_AGE_MS,
      allowAutoTopicCreation: false,
      isolationLevel: READ_COMMITTED,
    });
  }

  /** The broker that leads each partition; one without a leader just now is left out. */
  async leaders(positions: readonly FetchPosition[]): Promise<ReadonlyMap<string, readonly FetchPosition[]>> {
    await this.#connect();
    await this.#cluster.addMultipleTargetTopics([...new Set(positions.map((at) => at.topic))]);
    await this.#cluster.refreshMetadataIfNecessary();
    const byLeader = new Map<string, FetchPosition[]>();
    for (const at of positions) {
      const found = this.#cluster
        .findTopicPartitionMetadata(at.topic)
        .find((p) => p.partitionId === at.partition);
      if (found === undefined || found.leader < 0) continue;
      const node = String(found.leader);
      const known = byLeader.get(node);
      if (known === undefined) byLeader.set(node, [at]);
      else known.push(at);
    }
    return byLeader;
  }

  /** One request to one broker, which waits up to `waitMs` for a first byte. */
  async fetch(
    node: string,
    positions: readonly FetchPosition[],
    limits: { readonly waitMs: number; readonly maxBytes: number; readonly maxBytesPerPartition: number },
  ): Promise<FetchAnswer> {
    const topics = [...Map.groupBy(positions, (at) => at.topic)].map(([topic, of]) => ({
      topic,
      partitions: of.map((at) => ({
        partition: at.partition,
        fetchOffset: String(at.offset),
        maxBytes: limits.maxBytesPerPartition,
      })),
    }));
    try {
      const broker = await this.#cluster.findBroker({ nodeId: node });
      const { responses } = await broker.fetch({
        maxWaitTime: limits.waitMs,
        minBytes: 1,
        maxBytes: limits.maxBytes,
        isolationLevel: READ_COMMITTED,
        topics,
      });
      const partitions = responses.flatMap(({ topicName, partitions: of }) =>
        of.flatMap((data) => this.#fetched(topicName, data, positions)),
      );
      return { kind: "fetched", partitions };
    } catch (error) {
      if (kafkaErrorType(error) !== "OFFSET_OUT_OF_RANGE") throw error;
      const { topic, partition } = error as { topic?: string; partition?: number };
      if (topic === undefined || partition === undefined) throw error;
      return { kind: "out_of_range", at: { topic, partition } };
    }
  }

  /** After an error of a fetch: leaders may have moved. */
  refresh(): Promise<void> {
    return this.#cluster.refreshMetadata();
  }

  /** Oldest and next offset, from the partition's leader. */
  async range(at: TopicPartition): Promise<PartitionRange> {
    await this.#connect();
    await this.#cluster.addMultipleTargetTopics([at.topic]);
    const known = this.#cluster
      .findTopicPartitionMetadata(at.topic)
      .some((p) => p.partitionId === at.partition);
    if (!known)
      throw new RoadstreamError("unavailable", `topic ${at.topic} has no partition ${at.partition}`);
    const offset = async (fromBeginning: boolean): Promise<number> => {
      const partitions = [{ partition: at.partition }];
      const [answer] = await this.#cluster.fetchTopicsOffset([
        { topic: at.topic, fromBeginning, partitions },
      ]);
      const found = answer?.partitions.find((one) => one.partition === at.partition);
      if (found === undefined)
        throw new RoadstreamError("unavailable", `${at.topic}/${at.partition} has no leader`);
      return Number(found.offset);
    };
    return { start: await offset(true), end: await offset(false) };
  }

  async topicId(topic: string, node?: string): Promise<string | null> {
    return (await this.topicIdentity(topic, node))?.topicId ?? null;
  }

  /** Null when the brokers are older than topic ids (Kafka 2.8). Throws `unavailable` for a missing topic. */
  async topicIdentity(topic: string, node?: string): Promise<TopicIdentity | null> {
    await this.#connect();
    const nodeId = node ?? this.#cluster.getNodeIds()[0];
    if (nodeId === undefined) throw new RoadstreamError("unavailable", "no Kafka broker is known");
    const broker = await this.#cluster.findBroker({ nodeId });
    const newest = broker.versions?.[METADATA_API_KEY]?.maxVersion ?? 0;
    if (newest < METADATA_VERSION_WITH_TOPIC_ID) return null;
    const answer = (await broker.connectionPool.send({
      request: {
        apiKey: METADATA_API_KEY,
        apiVersion: METADATA_VERSION_WITH_TOPIC_ID,
        apiName: "Metadata",
        encode: () =>
          Promise.resolve(new EncoderClass().writeBuffer(Buffer.from(encodeTopicIdRequest(topic)))),
      },
      response: {
        decode: (payload: Buffer) => Promise.resolve(decodeTopicIdResponse(payload)),
        parse: (decoded: TopicIdAnswer) => Promise.resolve(decoded),
      },
    })) as TopicIdAnswer;
    if (answer.kind === "topic_id") return answer;
    const why =
      answer.errorCode === UNKNOWN_TOPIC ? "does not exist" : `is not ready (error ${answer.errorCode})`;
    throw new RoadstreamError("unavailable", `topic ${topic} ${why}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#connected !== null) await this.#cluster.disconnect();
  }

  #fetched(
    topic: string,
    data: { partition: number },
    positions: readonly FetchPosition[],
  ): readonly Fetched[] {
    const asked = positions.find((at) => at.topic === topic && at.partition === data.partition);
    if (asked === undefined) return [];
    const batch = new BatchClass(topic, String(asked.offset), data);
    const last = batch.rawMessages.at(-1);
    if (last === undefined) return [];
    // A batch whose tail was compacted away ends before the position: go on by one, or it would come for ever.
    const next = Math.max(Number(last.offset) + 1, asked.offset + 1);
    return [{ topic, partition: data.partition, offset: asked.offset, next, messages: batch.messages }];
  }

  /** Shared by all callers; a failure is forgotten, so that the next caller tries again. */
  #connect(): Promise<void> {
    this.#connected ??= this.#cluster
      .connect()
      .then(() => this.#cluster.refreshMetadata())
      .catch((error: unknown) => {
        this.#connected = null;
        throw error;
      });
    return this.#connected;
  }
}
