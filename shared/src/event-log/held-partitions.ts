import type { TopicPartition } from "./event-log.ts";

export interface HeldPartition extends TopicPartition {
  /** The next offset to deliver; null until sought, and again after a fault. */
  next: number | null;
  paused: boolean;
}

export const partitionKey = (at: TopicPartition): string => `${at.topic}/${at.partition}`;

/**
 * What a group member holds and where it reads on: the state behind poll, seek, pause and resume, the same for every
 * adapter. Changes of the assignment are collected until the next poll tells them.
 */
export class HeldPartitions {
  readonly #held = new Map<string, HeldPartition>();
  readonly #assigned = new Map<string, TopicPartition>();
  readonly #revoked = new Map<string, TopicPartition>();
  #turn = 0;

  get(at: TopicPartition): HeldPartition | null {
    return this.#held.get(partitionKey(at)) ?? null;
  }

  all(): readonly HeldPartition[] {
    return [...this.#held.values()];
  }

  /** Makes `now` the assignment; what differs is told by the next {@link takeChanges}. */
  replace(now: readonly TopicPartition[]): void {
    const wanted = new Set(now.map(partitionKey));
    for (const held of this.all()) if (!wanted.has(partitionKey(held))) this.revoke(held);
    for (const at of now) this.assign(at);
  }

  assign(at: TopicPartition): void {
    const key = partitionKey(at);
    if (this.#held.has(key)) return;
    const plain = { topic: at.topic, partition: at.partition };
    this.#held.set(key, { ...plain, next: null, paused: false });
    this.#assigned.set(key, plain);
  }

  revoke(at: TopicPartition): void {
    const key = partitionKey(at);
    if (!this.#held.delete(key)) return;
    // One that the worker never heard of needs no farewell.
    if (!this.#assigned.delete(key)) this.#revoked.set(key, { topic: at.topic, partition: at.partition });
  }

  seek(at: TopicPartition, offset: number): void {
    const held = this.get(at);
    if (held !== null) held.next = offset;
  }

  /** After a fault: nothing more until it is sought again. */
  stop(at: TopicPartition): void {
    const held = this.get(at);
    if (held !== null) held.next = null;
  }

  setPaused(at: TopicPartition, paused: boolean): void {
    const held = this.get(at);
    if (held !== null) held.paused = paused;
  }

  takeChanges(): {
    readonly revoked: readonly TopicPartition[];
    readonly assigned: readonly TopicPartition[];
  } {
    const changes = { revoked: [...this.#revoked.values()], assigned: [...this.#assigned.values()] };
    this.#revoked.clear();
    this.#assigned.clear();
    return changes;
  }

  /** Those to read from, beginning with another one each time, so that a busy partition starves none. */
  readable(): readonly (HeldPartition & { next: number })[] {
    const ready = this.all().filter(
      (held): held is HeldPartition & { next: number } => held.next !== null && !held.paused,
    );
    if (ready.length === 0) return [];
    const first = this.#turn % ready.length;
    this.#turn += 1;
    return [...ready.slice(first), ...ready.slice(0, first)];
  }
}
