import { crc32 } from "node:zlib";
import { errorText } from "../../errors.ts";
import type { Logger } from "../../ports/logger.ts";
import type { Metrics } from "../../ports/metrics.ts";
import type { Clock } from "../../time/clock.ts";
import { millis, seconds } from "../../time/time.ts";
import type { AppendOutcome, EventLogWriter, LogEntry } from "../event-log.ts";
import { recordsIn } from "../log-block.ts";
import { checkedAppendBytes, LOG_PENDING_MAX_BYTES } from "../log-limits.ts";
import { DurableCall, groupByLane } from "../sqlite-lane-groups.ts";
import { encodeSegment } from "../sqlite-segment.ts";
import type { SqliteLogSettings } from "../sqlite-log-settings.ts";
import { isDiskFull, type SqliteLogFile } from "./sqlite-event-log-file.ts";
import { SqliteLogRetention } from "./sqlite-event-log-retention.ts";
import { SqliteLogTopics, type Lane } from "./sqlite-event-log-topics.ts";

/** One transaction takes no more than this, so that one fsync never keeps the process for long. */
const GROUP_MAX_BYTES = 16 * 1024 * 1024;
const TRIM_INTERVAL = seconds(5);

interface Call {
  readonly entries: readonly LogEntry[];
  readonly bytes: number;
  readonly resolve: (outcome: AppendOutcome) => void;
}

/**
 * Appends in group commits: all calls of one turn of the event loop become one transaction, or under load all of one
 * pace. The commit is synchronous, so the calls that arrive meanwhile wait in their sockets and join the next group.
 */
export class SqliteLogWriter implements EventLogWriter {
  readonly #file: SqliteLogFile;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #settings: SqliteLogSettings;
  readonly #topics: SqliteLogTopics;
  readonly #retention: SqliteLogRetention;
  readonly #insert;
  readonly #take;
  readonly #counts;
  readonly #known = new Map<string, readonly Lane[]>();
  #waiting: Call[] = [];
  #waitingBytes = 0;
  #scheduled = false;
  #closed = false;
  #lastTrim: number;
  /** When the next transaction may begin. */
  #nextGroupAt = Number.NEGATIVE_INFINITY;

  constructor(options: {
    file: SqliteLogFile;
    clock: Clock;
    logger: Logger;
    metrics: Metrics;
    settings: SqliteLogSettings;
  }) {
    this.#file = options.file;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#settings = options.settings;
    this.#topics = new SqliteLogTopics(options.file);
    this.#retention = new SqliteLogRetention(options);
    this.#lastTrim = options.clock.uptime();
    this.#take = this.#file.db.prepare(
      "UPDATE lanes SET next_offset = next_offset + ?, bytes = bytes + ? WHERE lane_id = ? RETURNING next_offset",
    );
    this.#insert = this.#file.db.prepare(
      `INSERT INTO segments (lane_id, base, count, appended_at, bytes, crc32, pieces, headers, body)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    const { metrics } = options;
    this.#counts = {
      records: metrics.counter(
        "roadstream_log_appended_records_total",
        "Records made durable in the event log",
      ),
      groups: metrics.counter(
        "roadstream_log_append_groups_total",
        "Append transactions, each with one fsync",
      ),
      refused: metrics.counter("roadstream_log_append_refused_total", "Append calls not done, by outcome", [
        "outcome",
      ]),
      trimmed: metrics.counter("roadstream_log_trimmed_bytes_total", "Bytes deleted by retention"),
      used: metrics.gauge("roadstream_log_used_bytes", "Bytes held against the event log's budget"),
    };
  }

  async append(entries: readonly LogEntry[]): Promise<AppendOutcome> {
    const bytes = checkedAppendBytes(entries);
    if (entries.length === 0) return { kind: "durable", positions: [] };
    if (this.#closed) return this.#refuse("unavailable", "the writer is closed");
    if (this.#waitingBytes + bytes > LOG_PENDING_MAX_BYTES) {
      return this.#refuse("unavailable", `over ${LOG_PENDING_MAX_BYTES} bytes are waiting to be written`);
    }
    return new Promise<AppendOutcome>((resolve) => {
      this.#waiting.push({ entries, bytes, resolve });
      this.#waitingBytes += bytes;
      this.#schedule();
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    while (this.#waiting.length > 0) this.#commitGroup();
    this.#file[Symbol.dispose]();
    return Promise.resolve();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    const wait = this.#nextGroupAt - this.#clock.uptime();
    if (wait <= 0) setImmediate(() => this.#nextTurn());
    else void this.#clock.sleep(millis(wait)).then(() => this.#nextTurn());
  }

  #nextTurn(): void {
    this.#scheduled = false;
    if (this.#waiting.length > 0) this.#commitGroup();
    if (this.#waiting.length > 0) this.#schedule();
  }

  #commitGroup(): void {
    const calls = this.#nextGroup();
    const outcomes = this.#commit(calls);
    this.#nextGroupAt = this.#clock.uptime() + this.#settings.pace;
    calls.forEach((call, i) => call.resolve(outcomes[i] ?? { kind: "unavailable", reason: "no outcome" }));
  }

  #nextGroup(): readonly Call[] {
    let bytes = 0;
    let count = 0;
    for (const call of this.#waiting) {
      if (count > 0 && bytes + call.bytes > GROUP_MAX_BYTES) break;
      bytes += call.bytes;
      count += 1;
    }
    this.#waitingBytes -= bytes;
    return this.#waiting.splice(0, count);
  }

  #commit(calls: readonly Call[]): readonly AppendOutcome[] {
    const all = (outcome: AppendOutcome): readonly AppendOutcome[] => calls.map(() => outcome);
    try {
      const outcomes = this.#file.transaction(() => this.#write(calls));
      if (this.#file.isInPlace()) return this.#counted(calls, outcomes);
      this.#logger.error("event_log_replaced", { path: this.#file.path, hint: "restart this process" });
      return all(this.#refuse("unavailable", `${this.#file.path} was deleted or replaced`));
    } catch (error) {
      this.#known.clear();
      this.#logger.error("event_log_append_failed", { path: this.#file.path, error: errorText(error) });
      return all(this.#refuse(isDiskFull(error) ? "full" : "unavailable", errorText(error)));
    }
  }

  #write(calls: readonly Call[]): readonly AppendOutcome[] {
    const { groups, missing } = groupByLane(
      calls.map(({ entries }) => entries),
      (topic) => this.#lanesOf(topic),
    );
    const segments = groups.map((group) => ({ ...group, columns: encodeSegment(group.entries) }));
    const bytes = segments.reduce((sum, { columns }) => sum + columns.bytes, 0);
    if (!this.#hasRoom(bytes)) {
      const reason = `the event log holds its ${this.#settings.budgetBytes} bytes`;
      return calls.map(() => this.#refuse("full", reason));
    }
    const durable = calls.map(() => new DurableCall());
    const now = this.#clock.now();
    for (const { lane, runs, columns } of segments) {
      const { count, pieces, headers, body } = columns;
      const taken = this.#take.get(count, columns.bytes, lane.laneId);
      if (taken === undefined) throw new Error(`topic ${lane.topic} was deleted`);
      const base = Number(taken["next_offset"]) - count;
      this.#insert.run(lane.laneId, base, count, now, columns.bytes, crc32(body), pieces, headers, body);
      for (const run of runs) durable[run.call]?.place(lane.partition, base, run);
    }
    return durable.map((outcome, call) => {
      const topic = missing.get(call);
      return topic === undefined
        ? outcome
        : this.#refuse("unavailable", `no topic ${topic} in the event log`);
    });
  }

  #lanesOf(topic: string): readonly Lane[] {
    const known = this.#known.get(topic);
    if (known !== undefined) return known;
    const lanes = this.#topics.find(topic)?.lanes ?? [];
    if (lanes.length > 0) this.#known.set(topic, lanes);
    return lanes;
  }

  #hasRoom(bytes: number): boolean {
    const now = this.#clock.uptime();
    if (now - this.#lastTrim >= TRIM_INTERVAL) {
      this.#lastTrim = now;
      this.#counts.trimmed.add(this.#retention.trim("what_is_old"));
    }
    let used = this.#retention.usedBytes();
    while (used + bytes > this.#settings.budgetBytes) {
      const freed = this.#retention.trim("room");
      if (freed === 0) break;
      this.#counts.trimmed.add(freed);
      used -= freed;
    }
    this.#counts.used.set(used);
    return used + bytes <= this.#settings.budgetBytes;
  }

  #counted(calls: readonly Call[], outcomes: readonly AppendOutcome[]): readonly AppendOutcome[] {
    let records = 0;
    outcomes.forEach(({ kind }, i) => {
      if (kind === "durable") for (const entry of calls[i]?.entries ?? []) records += recordsIn(entry);
    });
    if (records > 0) {
      this.#counts.records.add(records);
      this.#counts.groups.add();
    }
    return outcomes;
  }

  #refuse(kind: "unavailable" | "full", reason: string): AppendOutcome {
    this.#counts.refused.add(1, { outcome: kind });
    return { kind, reason };
  }
}
