import { errorText } from "../../errors.ts";
import type { Logger } from "../../ports/logger.ts";
import type { TopicPartition } from "../event-log.ts";
import { partitionKey } from "../held-partitions.ts";

/**
 * Durable marks on their way to the group's committed offsets, which only Kafka's own tools look at: one commit at a
 * time, the newest mark of each partition only, and what fails is left to the next one.
 */
export class KafkaMarks {
  readonly #commit: (at: TopicPartition, next: number) => Promise<void>;
  readonly #isHeld: (at: TopicPartition) => boolean;
  readonly #logger: Logger;
  readonly #waiting = new Map<string, { readonly at: TopicPartition; readonly next: number }>();
  #committing: Promise<void> | null = null;

  constructor(options: {
    commit: (at: TopicPartition, next: number) => Promise<void>;
    isHeld: (at: TopicPartition) => boolean;
    logger: Logger;
  }) {
    this.#commit = options.commit;
    this.#isHeld = options.isHeld;
    this.#logger = options.logger;
  }

  add(at: TopicPartition, next: number): void {
    this.#waiting.set(partitionKey(at), { at, next });
    this.#committing ??= this.#commitAll().finally(() => {
      this.#committing = null;
    });
  }

  async settled(): Promise<void> {
    await this.#committing;
  }

  async #commitAll(): Promise<void> {
    for (let [mark] = this.#waiting.values(); mark !== undefined; [mark] = this.#waiting.values()) {
      const { at, next } = mark;
      this.#waiting.delete(partitionKey(at));
      // kafkajs would commit, in its newest generation, for a partition that is no longer ours.
      if (!this.#isHeld(at)) continue;
      try {
        await this.#commit(at, next);
      } catch (error) {
        this.#logger.debug("event_log_mark_failed", { ...at, next, error: errorText(error) });
        // Mostly because no broker answers: the others wait for the next mark, and a stop does not wait for each of them.
        return;
      }
    }
  }
}
