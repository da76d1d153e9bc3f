import { RoadstreamError } from "../errors.ts";
import type { Clock } from "../time/clock.ts";
import {
  unixMillis,
  uptimeMillis,
  type DurationMs,
  type UnixMillis,
  type UptimeMillis,
} from "../time/time.ts";

interface Timer {
  readonly due: number;
  readonly order: number;
  readonly fire: () => void;
}

/** A clock that moves only when told to. Timers fire in due order; microtasks run between them. */
export class VirtualClock implements Clock {
  readonly machineBoot: string;
  #wallOffset: number;
  #uptime: number;
  #order = 0;
  readonly #timers = new Set<Timer>();

  constructor(options: { now?: number; uptime?: number; machineBoot?: string } = {}) {
    this.machineBoot = options.machineBoot ?? "virtual-boot";
    this.#uptime = options.uptime ?? 1000;
    this.#wallOffset = (options.now ?? Date.UTC(2026, 0, 1)) - this.#uptime;
  }

  /** Whole milliseconds, as of every machine; uptime may have fractions. */
  now(): UnixMillis {
    return unixMillis(Math.floor(this.#wallOffset + this.#uptime));
  }

  uptime(): UptimeMillis {
    return uptimeMillis(this.#uptime);
  }

  /** Fault knob: the wall clock jumps, monotonic time does not. */
  jumpWall(ms: number): void {
    this.#wallOffset += ms;
  }

  /** How many sleeps are pending. */
  get pending(): number {
    return this.#timers.size;
  }

  sleep(duration: DurationMs, signal?: AbortSignal): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(new RoadstreamError("aborted", "sleep cancelled"));
        return;
      }
      const aborted = (): void => {
        this.#timers.delete(timer);
        reject(new RoadstreamError("aborted", "sleep cancelled"));
      };
      const timer: Timer = {
        due: this.#uptime + Math.max(0, duration),
        order: (this.#order += 1),
        fire: () => {
          signal?.removeEventListener("abort", aborted);
          resolve();
        },
      };
      signal?.addEventListener("abort", aborted, { once: true });
      this.#timers.add(timer);
    });
  }

  /** Lets pending microtasks and immediate callbacks run without moving time. */
  async settle(): Promise<void> {
    for (let i = 0; i < 3; i += 1) await new Promise<void>((resolve) => setImmediate(resolve));
  }

  /** Moves time on, firing each timer at its own moment. */
  async advance(ms: number): Promise<void> {
    const end = this.#uptime + ms;
    await this.settle();
    for (;;) {
      const next = this.#earliest();
      if (next === null || next.due > end) break;
      this.#timers.delete(next);
      this.#uptime = Math.max(this.#uptime, next.due);
      next.fire();
      await this.settle();
    }
    this.#uptime = end;
  }

  #earliest(): Timer | null {
    let best: Timer | null = null;
    for (const timer of this.#timers) {
      if (best === null || timer.due < best.due || (timer.due === best.due && timer.order < best.order))
        best = timer;
    }
    return best;
  }
}
