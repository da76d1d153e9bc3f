import { millis, type Clock } from "@roadstream/shared";

/** Lets one loop wait for "something happened", or for a time. A call of `wake` before the wait is not lost. */
export class Wakeup {
  readonly #clock: Clock;
  #isAwake = false;
  #rouse: (() => void) | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  wake(): void {
    this.#isAwake = true;
    this.#rouse?.();
  }

  /** Resolves at the next (or a missed) wake, after `limitMs`, or when the signal fires; never rejects. */
  async wait(limitMs: number | null, signal: AbortSignal): Promise<void> {
    if (!this.#isAwake && !signal.aborted) {
      const timer = new AbortController();
      const abort = (): void => this.#rouse?.();
      await new Promise<void>((resolve) => {
        this.#rouse = resolve;
        signal.addEventListener("abort", abort, { once: true });
        if (limitMs === null) return;
        this.#clock.sleep(millis(Math.max(0, limitMs)), timer.signal).then(resolve, () => undefined);
      });
      signal.removeEventListener("abort", abort);
      this.#rouse = null;
      timer.abort();
    }
    this.#isAwake = false;
  }
}
