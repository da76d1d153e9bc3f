import type { Zstd } from "../../contract/payload.ts";
import { RoadstreamError } from "../../errors.ts";
import type { Logger } from "../../ports/logger.ts";
import type { Metrics } from "../../ports/metrics.ts";
import type { Random } from "../../random/random.ts";
import type { Clock } from "../../time/clock.ts";
import type {
  EventLog,
  EventLogWriter,
  LogConsumer,
  LogFault,
  LogGroups,
  LogSlice,
  PartitionRange,
  TopicPartition,
  TopicRetention,
} from "../event-log.ts";
import { SQLITE_LOG_DEFAULTS, type SqliteLogSettings } from "../sqlite-log-settings.ts";
import { SqliteLogConsumer } from "./sqlite-event-log-consumer.ts";
import { portError, SqliteLogFile } from "./sqlite-event-log-file.ts";
import { SqliteLogGroups } from "./sqlite-event-log-groups.ts";
import { SqliteLogRecords } from "./sqlite-event-log-records.ts";
import { SqliteLogTopics } from "./sqlite-event-log-topics.ts";
import { SqliteLogWriter } from "./sqlite-event-log-writer.ts";

export interface SqliteEventLogOptions {
  readonly path: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly zstd: Zstd;
  readonly settings?: Partial<SqliteLogSettings>;
}

/** The event log as one SQLite file (sqlite-schema.ts). Writer and consumers have connections of their own. */
export class SqliteEventLog implements EventLog {
  readonly offsets = "dense";
  readonly #options: SqliteEventLogOptions;
  readonly #settings: SqliteLogSettings;
  readonly #file: SqliteLogFile;
  readonly #topics: SqliteLogTopics;
  readonly #records: SqliteLogRecords;
  readonly groups: LogGroups;

  constructor(options: SqliteEventLogOptions) {
    this.#options = options;
    this.#settings = { ...SQLITE_LOG_DEFAULTS, ...options.settings };
    this.#file = this.#connect("each_commit");
    this.#topics = new SqliteLogTopics(this.#file);
    this.#records = new SqliteLogRecords(this.#file, this.#topics, options.zstd);
    const groups = new SqliteLogGroups(this.#file, options.clock);
    this.groups = {
      list: () => this.#ask(() => groups.list()),
      forget: (group) => this.#ask(() => groups.forget(group)),
    };
  }

  identity(topic: string): Promise<string> {
    return this.#ask(() => {
      const found = this.#topics.find(topic);
      if (found === null) throw new RoadstreamError("unavailable", `no topic ${topic} in ${this.#file.path}`);
      return `sqlite:${this.#topics.uuid()}/${topic}/${found.generation}`;
    });
  }

  partitions(topic: string): Promise<number | null> {
    return this.#ask(() => this.#topics.find(topic)?.lanes.length ?? null);
  }

  createTopics(
    topics: readonly string[],
    partitions: number,
    options: { readonly retention?: TopicRetention } = {},
  ): Promise<void> {
    const { clock, random } = this.#options;
    const retention = options.retention ?? "until_durable";
    return this.#ask(() => this.#topics.create(topics, { partitions, retention, clock, random }));
  }

  range(at: TopicPartition): Promise<PartitionRange> {
    return this.#ask(() => this.#topics.range(this.#topics.lane(at)));
  }

  read(at: TopicPartition, from: number, maxBytes: number): Promise<LogSlice | LogFault> {
    return this.#ask(() => this.#records.read(this.#topics.lane(at), from, maxBytes));
  }

  writer(): Promise<EventLogWriter> {
    return this.#ask(
      () =>
        new SqliteLogWriter({
          ...this.#options,
          settings: this.#settings,
          file: this.#connect("each_commit"),
        }),
    );
  }

  join(options: { group: string; worker: string; topics: readonly string[] }): Promise<LogConsumer> {
    return this.#ask(
      () =>
        new SqliteLogConsumer({
          ...this.#options,
          ...options,
          settings: this.#settings,
          file: this.#connect("at_checkpoints"),
        }),
    );
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#file[Symbol.dispose]();
    return Promise.resolve();
  }

  #connect(fsync: "each_commit" | "at_checkpoints"): SqliteLogFile {
    return new SqliteLogFile({ ...this.#options, busy: this.#settings.busy, fsync });
  }

  async #ask<T>(answer: () => T): Promise<T> {
    await Promise.resolve();
    try {
      return answer();
    } catch (error) {
      throw portError(error, this.#file.path);
    }
  }
}
