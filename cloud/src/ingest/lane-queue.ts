import type { TableName } from "@roadstream/shared";
import type { IngestContext } from "./ingest-context.ts";
import { retryWhileAway } from "./retry-while-away.ts";

export interface LaneQueueOptions {
  readonly context: IngestContext;
  readonly table: TableName;
  readonly signal: AbortSignal;
  /** Told after each piece of work. */
  readonly wake: () => void;
}

/**
 * What one lane asks of store and log, one piece of work after the other in the order in which it came. Work is tried again while
 * either is away; after any other failure nothing more is done.
 */
export class LaneQueue {
  readonly #options: LaneQueueOptions;
  #last: Promise<void> = Promise.resolve();
  #failure: { readonly error: unknown } | null = null;

  constructor(options: LaneQueueOptions) {
    this.#options = options;
  }

  /** `again` instead of `work` from the second attempt on; `done` after either. Not done at all once all is over. */
  add(work: () => Promise<void>, again: () => Promise<void>, done: () => void = () => undefined): void {
    this.#last = this.#runAfter(this.#last, work, again, done);
  }

  /** Being told to stop is no failure. */
  throwFailure(): void {
    if (this.#failure !== null && !this.#options.signal.aborted) throw this.#failure.error;
  }

  /** Resolves when nothing is under way any more. */
  async settled(): Promise<void> {
    await this.#last;
  }

  async #runAfter(
    before: Promise<void>,
    work: () => Promise<void>,
    again: () => Promise<void>,
    done: () => void,
  ): Promise<void> {
    await before;
    const { context, table, signal, wake } = this.#options;
    if (this.#failure !== null || signal.aborted) return;
    const onRetry = (reason: string, attempt: number): void => {
      context.metrics.retried(table);
      context.logger.warn("retrying", { table, reason, attempt });
    };
    try {
      await retryWhileAway(context, { signal, work, again, onRetry });
    } catch (error) {
      this.#failure = { error };
    }
    done();
    wake();
  }
}
