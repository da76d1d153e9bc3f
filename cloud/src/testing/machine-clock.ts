import {
  unixMillis,
  type Clock,
  type DurationMs,
  type UnixMillis,
  type UptimeMillis,
} from "@roadstream/shared";

/** The clocks of one machine in a simulation: its wall clock may be set, its monotonic one goes on. */
export class MachineClock implements Clock {
  readonly machineBoot: string;
  readonly #world: Clock;
  #ahead = 0;

  constructor(world: Clock) {
    this.#world = world;
    this.machineBoot = world.machineBoot;
  }

  /** Fault knob: somebody, or something, sets the time. */
  jump(ms: number): void {
    this.#ahead += ms;
  }

  now(): UnixMillis {
    return unixMillis(this.#world.now() + this.#ahead);
  }

  uptime(): UptimeMillis {
    return this.#world.uptime();
  }

  sleep(duration: DurationMs, signal?: AbortSignal): Promise<void> {
    return this.#world.sleep(duration, signal);
  }
}
