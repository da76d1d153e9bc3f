import type { TopicPartition } from "./event-log.ts";
import { partitionKey } from "./held-partitions.ts";

export interface LaneBatch<T> extends TopicPartition {
  readonly items: readonly T[];
}

interface Lane<T> extends TopicPartition {
  queue: T[];
  busy: boolean;
}

/**
 * What waits to be sent, by partition. A partition has one batch on its way at most, so that a repeated send never
 * overtakes the next one; a batch is capped by bytes, so that a large record travels alone.
 */
export class SendLanes<T> {
  readonly #lanes = new Map<string, Lane<T>>();
  readonly #maxBytes: number;
  readonly #bytesOf: (item: T) => number;
  readonly #isWanted: (item: T) => boolean;

  constructor(options: { maxBytes: number; bytesOf: (item: T) => number; isWanted: (item: T) => boolean }) {
    this.#maxBytes = options.maxBytes;
    this.#bytesOf = options.bytesOf;
    this.#isWanted = options.isWanted;
  }

  add(at: TopicPartition, item: T): void {
    const key = partitionKey(at);
    const lane = this.#lanes.get(key) ?? { topic: at.topic, partition: at.partition, queue: [], busy: false };
    this.#lanes.set(key, lane);
    lane.queue.push(item);
  }

  /** One batch of each idle lane that has something; those lanes are busy until {@link done}. */
  take(): readonly LaneBatch<T>[] {
    const batches: LaneBatch<T>[] = [];
    for (const lane of this.#lanes.values()) {
      if (lane.busy || lane.queue.length === 0) continue;
      const items = this.#cut(lane);
      if (items.length === 0) continue;
      lane.busy = true;
      batches.push({ topic: lane.topic, partition: lane.partition, items });
    }
    return batches;
  }

  done(at: TopicPartition): void {
    const lane = this.#lanes.get(partitionKey(at));
    if (lane !== undefined) lane.busy = false;
  }

  /** Everything that waits; the lanes are empty afterwards. */
  drain(): readonly T[] {
    return [...this.#lanes.values()].flatMap((lane) => lane.queue.splice(0));
  }

  #cut(lane: Lane<T>): readonly T[] {
    const items: T[] = [];
    let bytes = 0;
    let at = 0;
    for (; at < lane.queue.length; at += 1) {
      const item = lane.queue[at];
      if (item === undefined || !this.#isWanted(item)) continue;
      bytes += this.#bytesOf(item);
      if (items.length > 0 && bytes > this.#maxBytes) break;
      items.push(item);
    }
    lane.queue = lane.queue.slice(at);
    return items;
  }
}
