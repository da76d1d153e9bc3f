/** Table locks as Redshift's LOCK takes them: one session has a table, until its transaction ends, and nobody else reads it. */
export class RedshiftLocks {
  readonly #held = new Map<string, { readonly by: object; readonly free: PromiseWithResolvers<void> }>();

  /** Sessions that wait for one. */
  waiting = 0;

  /** Waits until nobody else has the table, then has it. */
  async acquire(table: string, by: object, signal: AbortSignal): Promise<void> {
    await this.pass(table, by, signal);
    if (!this.#held.has(table)) this.#held.set(table, { by, free: Promise.withResolvers() });
  }

  /** Waits until nobody else has the table. */
  async pass(table: string, by: object, signal: AbortSignal): Promise<void> {
    for (;;) {
      const held = this.#held.get(table);
      if (held === undefined || held.by === by) return;
      this.waiting += 1;
      await Promise.race([held.free.promise, aborted(signal)]).finally(() => (this.waiting -= 1));
    }
  }

  get tables(): readonly string[] {
    return [...this.#held.keys()];
  }

  release(by: object): void {
    for (const [table, held] of this.#held) {
      if (held.by !== by) continue;
      this.#held.delete(table);
      held.free.resolve();
    }
  }
}

const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    const stop = (): void => reject(new Error("cancelled on user's request"));
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
