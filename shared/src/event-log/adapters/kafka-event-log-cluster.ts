import { createRequire } from "node:module";
import type { KafkaConfig } from "kafkajs";
import { RoadstreamError } from "../../errors.ts";
import type { LogSlice, PartitionRange, TopicPartition } from "../event-log.ts";
import {
  decodeFetchResponse,
  FETCH_API_KEY,
  type FetchedPartition,
  type FetchResponse,
} from "../kafka-fetch-response.ts";
import { readRecordBatches } from "../kafka-record-batches.ts";
import {
  decodeTopicIdResponse,
  encodeTopicIdRequest,
  METADATA_API_KEY,
  METADATA_VERSION_WITH_TOPIC_ID,
  type TopicIdAnswer,
} from "../kafka-topic-id.ts";
import { SliceBuilder } from "../slice-builder.ts";
import { inflateKafkaBatch } from "./kafka-event-log-inflate.ts";
import { LEADER_NOT_AVAILABLE, toleratePartitionsWithoutLeader } from "./kafka-event-log-metadata.ts";

/**
 * Reading from Kafka by position. kafkajs 2.2.4's own consumer cannot: it resets a position that is out of range by
 * itself, and a partition of it can stick after packet loss. This asks the same library's inner cluster and broker
 * objects, whose shape is stated here; the version is pinned, and the contract suite runs on a real broker.
 */
/** What kafkajs builds of a request in the newest version that the broker knows. */
interface FetchCall {
  readonly request: { readonly apiVersion: number };
}

interface Broker {
  readonly versions: Readonly<Record<number, { readonly maxVersion: number } | undefined>> | null;
  readonly connectionPool: { send(protocol: unknown): Promise<unknown> };
  lookupRequest(apiKey: number, versions: unknown): (options: unknown) => FetchCall;
  disconnect(): Promise<void>;
}

/** Where kafkajs looks for how long the broker wants to be left alone. */
interface Throttled {
  readonly clientSideThrottleTime: number;
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
const EncoderClass = require("kafkajs/src/protocol/encoder") as new () => Encoder;
const { createLogger } = require("kafkajs/src/loggers") as { createLogger: (options: unknown) => unknown };
const { requests: REQUESTS } = require("kafkajs/src/protocol/requests") as {
  requests: { readonly Fetch: unknown };
};
const { createErrorFromCode } = require("kafkajs/src/protocol/error") as {
  createErrorFromCode: (code: number) => Error & { type: string };
};
const defaultDial = require("kafkajs/src/network/socketFactory") as () => unknown;

const METADATA_MAX_AGE_MS = 30_000;
const READ_COMMITTED = 1;
/** The place of a replica's id. */
const CONSUMER = -1;
const OFFSET_OUT_OF_RANGE = 1;
const UNKNOWN_TOPIC = 3;

export interface FetchPosition extends TopicPartition {
  readonly offset: number;
}

export interface Fetched extends FetchPosition {
  /** The position after everything that came, also when all of it was control records. */
  readonly next: number;
  readonly slice: LogSlice;
}

export type FetchAnswer =
  | { readonly kind: "fetched"; readonly partitions: readonly Fetched[] }
  | { readonly kind: "out_of_range"; readonly at: TopicPartition };

export type TopicIdentity = Extract<TopicIdAnswer, { kind: "topic_id" }>;

/** Partitions that follow each other in one topic travel as one entry: the order decides who is served first. */
const byTopic = (positions: readonly FetchPosition[], maxBytes: number): unknown[] => {
  const topics: { topic: string; partitions: unknown[] }[] = [];
  for (const { topic, partition, offset } of positions) {
    let last = topics.at(-1);
    if (last?.topic !== topic) topics.push((last = { topic, partitions: [] }));
    last.partitions.push({ partition, fetchOffset: String(offset), maxBytes });
  }
  return topics;
};

/** Null when nothing came. */
const fetchedOf = (answer: FetchedPartition, from: number, maxBytes: number): Fetched | null => {
  const { topic, partition, records, aborted } = answer;
  const slice = new SliceBuilder({ topic, partition });
  const next = readRecordBatches({ records, aborted, from, maxBytes, inflate: inflateKafkaBatch }, slice);
  return next === null ? null : { topic, partition, offset: from, next, slice: slice.build() };
};

export class KafkaCluster implements AsyncDisposable {
  readonly #cluster: Cluster;
  #connected: Promise<void> | null = null;

  constructor(config: KafkaConfig) {
    toleratePartitionsWithoutLeader();
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
    const broker = await this.#cluster.findBroker({ nodeId: node });
    const { request } = broker.lookupRequest(
      FETCH_API_KEY,
      REQUESTS.Fetch,
    )({
      replicaId: CONSUMER,
      isolationLevel: READ_COMMITTED,
      maxWaitTime: limits.waitMs,
      minBytes: 1,
      maxBytes: limits.maxBytes,
      topics: byTopic(positions, limits.maxBytesPerPartition),
    });
    const decode = (payload: Uint8Array): FetchResponse & Throttled => {
      const response = decodeFetchResponse(request.apiVersion, payload);
      return { ...response, clientSideThrottleTime: response.throttleMs };
    };
    const { errorCode, partitions } = await this.#send(broker, request, decode);
    if (errorCode !== 0) throw createErrorFromCode(errorCode);
    const fetched: Fetched[] = [];
    for (const one of partitions) {
      const at = { topic: one.topic, partition: one.partition };
      if (one.errorCode === OFFSET_OUT_OF_RANGE) return { kind: "out_of_range", at };
      if (one.errorCode !== 0) throw createErrorFromCode(one.errorCode);
      const asked = positions.find(
        ({ topic, partition }) => topic === at.topic && partition === at.partition,
      );
      const records = asked === undefined ? null : fetchedOf(one, asked.offset, limits.maxBytesPerPartition);
      if (records !== null) fetched.push(records);
    }
    return { kind: "fetched", partitions: fetched };
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
      .find((p) => p.partitionId === at.partition);
    if (known !== undefined && known.leader < 0) throw createErrorFromCode(LEADER_NOT_AVAILABLE);
    if (known === undefined)
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
    const request = {
      apiKey: METADATA_API_KEY,
      apiVersion: METADATA_VERSION_WITH_TOPIC_ID,
      apiName: "Metadata",
      encode: () => Promise.resolve(new EncoderClass().writeBuffer(Buffer.from(encodeTopicIdRequest(topic)))),
    };
    const answer = await this.#send(broker, request, decodeTopicIdResponse);
    if (answer.kind === "topic_id") return answer;
    const why =
      answer.errorCode === UNKNOWN_TOPIC ? "does not exist" : `is not ready (error ${answer.errorCode})`;
    throw new RoadstreamError("unavailable", `topic ${topic} ${why}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#connected !== null) await this.#cluster.disconnect();
  }

  /** A request whose answer is read here. As kafkajs does itself: who finds its connection closed lets go of it. */
  async #send<T>(broker: Broker, request: unknown, decode: (payload: Uint8Array) => T): Promise<T> {
    const response = {
      decode: (payload: Buffer) => Promise.resolve(decode(payload)),
      parse: (decoded: T) => Promise.resolve(decoded),
    };
    try {
      return (await broker.connectionPool.send({ request, response })) as T;
    } catch (error) {
      if (error instanceof Error && error.name === "KafkaJSConnectionClosedError") await broker.disconnect();
      throw error;
    }
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
