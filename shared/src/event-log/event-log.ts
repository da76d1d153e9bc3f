import type { DurationMs, UnixMillis } from "../time/time.ts";

/**
 * The durable, partitioned log between gateway and cloud: Apache Kafka in the field, one SQLite file on one machine.
 * A topic has a fixed number of partitions; a record's partition follows from its key alone (see partitioner.ts), so
 * one vehicle keeps its order.
 */

/** What a gateway appends. `value` is one JSON object without a raw newline; `key` is the vehicle id. */
export interface LogAppend {
  readonly topic: string;
  readonly key: string;
  readonly value: string;
  /** Set by our own processes only, never taken from MQTT. */
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Many records of one key, for whoever has them as one text: each is its line with `head` in place of the first `{`.
 * `text` holds `count` lines, joined by newline. Both are ASCII: as many bytes as characters. `packed` is the same text as
 * a zstd frame, where it came as one: a log that keeps texts may keep that.
 */
export interface LogBlock {
  readonly topic: string;
  readonly key: string;
  readonly head: string;
  readonly text: string;
  readonly count: number;
  readonly packed: Uint8Array | null;
}

export type LogEntry = LogAppend | LogBlock;

/** Where a record landed, in the order of the request. */
export interface LogPosition {
  readonly partition: number;
  readonly offset: number;
}

export type AppendOutcome =
  | { readonly kind: "durable"; readonly positions: readonly LogPosition[] }
  /** Not (known to be) in the log: "try later". The caller must not acknowledge. A later retry may double. */
  | { readonly kind: "unavailable"; readonly reason: string }
  /** The log's own budget is used up; wait for the cloud stage to catch up. */
  | { readonly kind: "full"; readonly reason: string };

export interface EventLogWriter extends AsyncDisposable {
  /**
   * Resolves when every record is durable (Kafka acks=all; SQLite fsync), or cannot be. Concurrent calls are grouped
   * into one write. A call's records keep their order per partition. Sends are capped by bytes per partition, so that
   * a large record never takes an innocent one with it. The caller keeps to the limits of log-limits.ts: a record
   * outside them throws `invariant` before anything is written.
   */
  append(entries: readonly LogEntry[]): Promise<AppendOutcome>;
}

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/**
 * Consecutive records of one partition, as columns of equal length. A value is the record's exact bytes as a
 * "binary string" (one char per byte, latin1): an ASCII value is its own text; anything else is decoded by the reader
 * that needs it. Offsets ascend, with holes where a log has them.
 */
export interface LogSlice extends TopicPartition {
  readonly offsets: readonly number[];
  readonly appendedAt: readonly UnixMillis[];
  readonly keys: readonly (string | null)[];
  readonly values: readonly string[];
  /** Null when no record of the slice has headers (the normal case). */
  readonly headers: readonly (Readonly<Record<string, string>> | null)[] | null;
}

/** The position asked for is not in the log: deleted by retention, rewound or recreated. The worker must stop or explain. */
export interface LogFault extends TopicPartition {
  readonly kind: "out_of_range";
  readonly wanted: number;
  readonly start: number;
  readonly end: number;
}

export interface PollResult {
  /**
   * Taken away; slices of these in flight are void. Applies before `assigned`: a partition in both was away in between
   * and begins anew.
   */
  readonly revoked: readonly TopicPartition[];
  /** Newly given to this worker; nothing is delivered from one until `seek` was called for it. */
  readonly assigned: readonly TopicPartition[];
  readonly slices: readonly LogSlice[];
  /** Told once; nothing more is delivered from the partition until it is sought again. */
  readonly faults: readonly LogFault[];
}

/** A member of the group of cloud workers. Pull only: the caller owns the loop, and back-pressure is not polling. */
export interface LogConsumer extends AsyncDisposable {
  /**
   * Waits up to `wait` for something to tell, at most about `maxBytes` of values (but one record at least). Returns
   * early, perhaps empty, when the signal fires. Throws `unavailable` or `storage` when the log is away for good and
   * `log_mismatch` when the log was replaced under this process. One call at a time.
   */
  poll(options: { maxBytes: number; wait: DurationMs; signal: AbortSignal }): Promise<PollResult>;
  /**
   * Where delivery of an assigned partition begins or begins again. The log never chooses a position by itself. This
   * and the next two do nothing for a partition that is not (or no more) this worker's.
   */
  seek(at: TopicPartition, offset: number): void;
  /** Stops and restarts delivery of a partition (bounded batches). */
  pause(at: TopicPartition): void;
  resume(at: TopicPartition): void;
  /**
   * Everything below `next` is in the lake. A cache for Kafka's tools; for SQLite the mark below which rows may go.
   * Never trusted on resume: the table's own offsets are.
   */
  markDurable(at: TopicPartition, next: number): Promise<void>;
}

/**
 * `until_durable`: a record stays until every group that joined has marked it durable (Kafka: and by the broker's own
 * settings). `by_age`: for what is repeated anyway, such as receipts; goes when old, read or not.
 */
export type TopicRetention = "until_durable" | "by_age";

export interface PartitionRange {
  /** The oldest offset still there. */
  readonly start: number;
  /** The offset that the next record will get. */
  readonly end: number;
}

/** A group of workers, as the log knows it. */
export interface LogGroup {
  readonly name: string;
  /** Those that are there now. */
  readonly workers: readonly string[];
  readonly partitions: number;
  /** Records that it has not marked durable, and the bytes that stay in the log because of them. */
  readonly waitingRecords: number;
  readonly heldBytes: number;
}

/** The groups for which a log keeps records. One that never comes back has to be forgotten, or records stay for ever. */
export interface LogGroups {
  /** By name. */
  list(): Promise<readonly LogGroup[]>;
  /** `in_use`: a worker of it is there, and nothing was done. A group that comes back later begins with what is left. */
  forget(group: string): Promise<"forgotten" | "unknown" | "in_use">;
}

/** An opened event log: what both sides need to know of it, and the two ways of using it. */
export interface EventLog extends AsyncDisposable {
  /**
   * `dense`: the offsets of a partition follow each other, and a slice begins exactly where reading stands (SQLite).
   * `with_holes`: some never hold a record (Kafka: compaction, transactions), and a slice may begin behind them.
   */
  readonly offsets: "dense" | "with_holes";
  /** Throws `unavailable` for a topic that does not exist. Names this log for ever: Kafka cluster id + topic id or name, or the SQLite file's UUID + topic. Recreating a topic changes it where the log can tell. */
  identity(topic: string): Promise<string>;
  /** The stored partition count; null when the topic does not exist. */
  partitions(topic: string): Promise<number | null>;
  /** Creates a missing topic. An existing one keeps its count (more partitions = a new topic generation). */
  createTopics(
    topics: readonly string[],
    partitions: number,
    options?: { readonly retention?: TopicRetention },
  ): Promise<void>;
  range(at: TopicPartition): Promise<PartitionRange>;
  /** Reads without being in a group: `trace`, resume checks, receipts. At most about `maxBytes`; an empty slice at the end. */
  read(at: TopicPartition, from: number, maxBytes: number): Promise<LogSlice | LogFault>;
  writer(): Promise<EventLogWriter>;
  /** Null where records go by age or size, whatever groups have read (Kafka). */
  readonly groups: LogGroups | null;
  join(options: { group: string; worker: string; topics: readonly string[] }): Promise<LogConsumer>;
}
