import { RoadstreamError } from "../errors.ts";
import type { LogConsumer, LogFault, LogSlice, PollResult, TopicPartition } from "../event-log/event-log.ts";
import { HeldPartitions, partitionKey } from "../event-log/held-partitions.ts";
import type { Clock } from "../time/clock.ts";
import { millis, type DurationMs } from "../time/time.ts";
import type { MemoryLogStore } from "./memory-log-store.ts";

/** A group member on a {@link MemoryLogStore}: it learns at its next poll what the store did to its assignment. */
export class MemoryLogConsumer implements LogConsumer {
  readonly #clock: Clock;
  readonly #store: MemoryLogStore;
  readonly #group: string;
  readonly #member: { readonly id: string; readonly worker: string; readonly topics: readonly string[] };
  readonly #held = new HeldPartitions();
  readonly #generations = new Map<string, string>();

  constructor(options: {
    clock: Clock;
    store: MemoryLogStore;
    group: string;
    worker: string;
    topics: readonly string[];
  }) {
    this.#clock = options.clock;
    this.#store = options.store;
    this.#group = options.group;
    this.#member = { id: options.store.nextMemberId(), worker: options.worker, topics: options.topics };
    this.#store.join(this.#group, this.#member);
  }

  async poll(options: { maxBytes: number; wait: DurationMs; signal: AbortSignal }): Promise<PollResult> {
    const deadline = this.#clock.uptime() + options.wait;
    for (;;) {
      const result = this.#collect(options.maxBytes);
      const left = deadline - this.#clock.uptime();
      const told =
        result.assigned.length + result.revoked.length + result.slices.length + result.faults.length;
      if (told > 0 || left <= 0 || options.signal.aborted) return result;
      await this.#change(millis(left), options.signal);
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
    await Promise.resolve();
    if (this.#store.away) throw new RoadstreamError("unavailable", "the memory log is set to be away");
    const key = partitionKey(at);
    this.#store.durable.set(key, Math.max(next, this.#store.durable.get(key) ?? 0));
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#store.leave(this.#group, this.#member);
    return Promise.resolve();
  }

  #collect(maxBytes: number): PollResult {
    if (this.#store.away) return { revoked: [], assigned: [], slices: [], faults: [] };
    // Out of the group (its lease expired, or another took its name): it loses all, and tries to come back.
    if (!this.#store.isMember(this.#group, this.#member)) {
      this.#held.replace([]);
      this.#store.rejoin(this.#group, this.#member);
    }
    this.#forgetRecreated();
    this.#held.replace(this.#store.assignment(this.#group, this.#member));
    const slices: LogSlice[] = [];
    const faults: LogFault[] = [];
    let left = maxBytes;
    for (const held of this.#held.readable()) {
      if (left <= 0) break;
      const read = this.#store.read(held, held.next, left);
      if ("kind" in read) {
        faults.push(read);
        this.#held.stop(held);
        continue;
      }
      const last = read.offsets.at(-1);
      if (last === undefined) continue;
      slices.push(read);
      left -= read.values.reduce((sum, value) => sum + value.length, 0);
      this.#held.seek(held, last + 1);
    }
    return { ...this.#held.takeChanges(), slices, faults };
  }

  /** A topic made anew is another one: its partitions were taken away and given again. */
  #forgetRecreated(): void {
    for (const topic of this.#member.topics) {
      const generation = this.#store.find(topic)?.generation ?? "none";
      const before = this.#generations.get(topic);
      this.#generations.set(topic, generation);
      if (before === undefined || before === generation) continue;
      for (const held of this.#held.all()) if (held.topic === topic) this.#held.revoke(held);
    }
  }

  /** Until something changes, the time is up, or the caller's signal fires. */
  async #change(limit: DurationMs, signal: AbortSignal): Promise<void> {
    const done = new AbortController();
    const either = AbortSignal.any([done.signal, signal]);
    const asleep = this.#clock.sleep(limit, either).catch(() => undefined);
    try {
      await Promise.race([asleep, this.#store.nextChange(either)]);
    } finally {
      // A made-up error would cost a stack trace each time.
      done.abort(null);
    }
  }
}
