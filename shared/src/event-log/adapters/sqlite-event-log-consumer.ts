import type { Zstd } from "../../contract/payload.ts";
import { errorText, RoadstreamError } from "../../errors.ts";
import type { Logger } from "../../ports/logger.ts";
import type { Random } from "../../random/random.ts";
import type { Clock } from "../../time/clock.ts";
import { millis, type DurationMs, type UptimeMillis } from "../../time/time.ts";
import type { LogConsumer, LogFault, LogSlice, PollResult, TopicPartition } from "../event-log.ts";
import { HeldPartitions, partitionKey } from "../held-partitions.ts";
import type { SqliteLogSettings } from "../sqlite-log-settings.ts";
import { isTransient, portError, type SqliteLogFile } from "./sqlite-event-log-file.ts";
import { SqliteLogGroup } from "./sqlite-event-log-group.ts";
import { SqliteLogRecords } from "./sqlite-event-log-records.ts";
import { SqliteLogTopics, type Lane } from "./sqlite-event-log-topics.ts";

/** A cloud worker on the SQLite log: polls give back, take and read; a timer only keeps the lease. */
export class SqliteLogConsumer implements LogConsumer {
  readonly #file: SqliteLogFile;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #settings: SqliteLogSettings;
  readonly #topics: SqliteLogTopics;
  readonly #records: SqliteLogRecords;
  readonly #group: SqliteLogGroup;
  readonly #held = new HeldPartitions();
  readonly #lanes = new Map<string, Lane>();
  readonly #closing = new AbortController();
  readonly #beating: Promise<void>;
  readonly #dataVersion;
  #nextShare: number;
  #lastPoll: UptimeMillis;

  constructor(options: {
    file: SqliteLogFile;
    clock: Clock;
    random: Random;
    logger: Logger;
    zstd: Zstd;
    settings: SqliteLogSettings;
    group: string;
    worker: string;
    topics: readonly string[];
  }) {
    this.#file = options.file;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#settings = options.settings;
    this.#topics = new SqliteLogTopics(options.file);
    this.#records = new SqliteLogRecords(options.file, this.#topics, options.zstd);
    this.#group = new SqliteLogGroup({ ...options, lease: options.settings.lease });
    this.#dataVersion = options.file.db.prepare("PRAGMA data_version");
    this.#lastPoll = this.#clock.uptime();
    this.#nextShare = this.#lastPoll;
    this.#group.join();
    this.#beating = this.#beat();
  }

  async poll(options: { maxBytes: number; wait: DurationMs; signal: AbortSignal }): Promise<PollResult> {
    const deadline = this.#clock.uptime() + options.wait;
    for (;;) {
      this.#lastPoll = this.#clock.uptime();
      const seen = this.#version();
      const result = this.#collect(options.maxBytes);
      const told =
        result.assigned.length + result.revoked.length + result.slices.length + result.faults.length;
      if (told > 0 || this.#clock.uptime() >= deadline || options.signal.aborted) return result;
      await this.#change(seen, deadline, options.signal);
    }
  }

  seek(at: TopicPartition, offset: number): void {
    this.#held.seek(at, offset);
  }

  pause(at: TopicPartition): void {
    this.#held.setPaused(at, true);
  }

  resume(at: TopicPartition): void {
    this.#held.setPaused(at, false);
  }

  async markDurable(at: TopicPartition, next: number): Promise<void> {
    const lane = this.#lanes.get(partitionKey(at));
    if (lane === undefined) return;
    try {
      await Promise.resolve(this.#group.mark(lane, next));
    } catch (error) {
      throw portError(error, this.#file.path);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#beating;
    try {
      this.#group.leave();
    } catch (error) {
      // The lease ends by itself.
      this.#logger.warn("event_log_leave_failed", { path: this.#file.path, error: errorText(error) });
    }
    this.#file[Symbol.dispose]();
  }

  #collect(maxBytes: number): PollResult {
    try {
      if (!this.#file.isInPlace()) throw this.#replaced();
      if (!this.#group.holdsLease() || this.#clock.uptime() >= this.#nextShare) this.#share();
      return this.#read(maxBytes);
    } catch (error) {
      // Somebody else's long transaction: as if nothing had come yet.
      if (isTransient(error)) return { revoked: [], assigned: [], slices: [], faults: [] };
      throw portError(error, this.#file.path);
    }
  }

  #share(): void {
    const { kept, taken } = this.#group.share();
    this.#nextShare = this.#clock.uptime() + this.#settings.heartbeat;
    // One that a share before took, and a lock then kept from being looked up, has not been told either.
    const untold = kept.filter((at) => this.#held.get(at) === null);
    this.#held.replace(kept.filter((at) => this.#held.get(at) !== null));
    for (const at of [...untold, ...taken]) {
      this.#lanes.set(partitionKey(at), this.#topics.lane(at));
      this.#held.assign(at);
    }
  }

  /** A position moves on only with the result that tells of it: what is thrown away here would never be read again. */
  #read(maxBytes: number): PollResult {
    const slices: LogSlice[] = [];
    const faults: LogFault[] = [];
    let left = maxBytes;
    for (const held of this.#held.readable()) {
      const lane = this.#lanes.get(partitionKey(held));
      if (left <= 0) break;
      if (lane === undefined) continue;
      const read = this.#records.read(lane, held.next, left);
      if ("kind" in read) {
        faults.push(read);
        continue;
      }
      if (read.offsets.length === 0) continue;
      slices.push(read);
      left -= read.values.reduce((sum, value) => sum + value.length, 0);
    }
    for (const fault of faults) this.#held.stop(fault);
    for (const slice of slices) {
      const last = slice.offsets.at(-1);
      if (last !== undefined) this.#held.seek(slice, last + 1);
    }
    return { ...this.#held.takeChanges(), slices, faults };
  }

  #version(): number {
    return Number(this.#dataVersion.get()?.["data_version"]);
  }

  /** Until another connection has committed something, a share is due, or the time is up. */
  async #change(seen: number, deadline: number, signal: AbortSignal): Promise<void> {
    const either = AbortSignal.any([signal, this.#closing.signal]);
    const until = Math.min(deadline, this.#nextShare);
    while (!either.aborted && this.#clock.uptime() < until && this.#version() === seen) {
      const nap = millis(Math.min(this.#settings.look, until - this.#clock.uptime()));
      await this.#clock.sleep(nap, either).catch(() => undefined);
    }
    if (this.#closing.signal.aborted)
      throw new RoadstreamError("aborted", "the consumer was closed during a poll");
  }

  /** A worker that writes a long batch does not poll, and keeps its partitions all the same. */
  async #beat(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      await this.#clock.sleep(this.#settings.heartbeat, this.#closing.signal).catch(() => undefined);
      if (this.#closing.signal.aborted) return;
      if (this.#clock.uptime() - this.#lastPoll > this.#settings.longestSilence) continue;
      try {
        // One that was lost stays lost: the next poll finds out and says so.
        if (this.#group.holdsLease()) this.#group.extend();
      } catch (error) {
        this.#logger.warn("event_log_lease_not_extended", { path: this.#file.path, error: errorText(error) });
      }
    }
  }

  #replaced(): RoadstreamError {
    return new RoadstreamError("log_mismatch", `the event log ${this.#file.path} was deleted or replaced`, {
      hint: "restart; a log that is not the one the tables were built from is refused with the way on",
    });
  }
}
