import { machineTime } from "@roadstream/agent/testing";
import { uptimeMillis, unixMillis, type Clock } from "@roadstream/shared";

/**
 * The computer in a car, and its clocks: the monotonic one begins anew with each boot; the other is a battery's, which
 * may say anything, until time servers set it right.
 */
export class CarMachine {
  readonly #world: Clock;
  readonly #name: string;
  #boot = 1;
  #bootedAt = 0;
  #aheadMs = 0;
  #isSynchronized = true;

  constructor(world: Clock, name: string) {
    this.#world = world;
    this.#name = name;
  }

  /** Whoever runs on it must be dead. */
  restart(): void {
    this.#boot += 1;
    this.#bootedAt = this.#world.uptime();
    this.#isSynchronized = false;
  }

  setByBattery(aheadMs: number): void {
    this.#aheadMs = aheadMs;
    this.#isSynchronized = false;
  }

  setByTimeServers(): void {
    this.#aheadMs = 0;
    this.#isSynchronized = true;
  }

  /** As a process sees them that is started now, and lives at most as long as this boot. */
  clocks(): { readonly clock: Clock; readonly machineTime: ReturnType<typeof machineTime> } {
    const clock: Clock = {
      machineBoot: `${this.#name}-${this.#boot}`,
      now: () => unixMillis(this.#world.now() + this.#aheadMs),
      uptime: () => uptimeMillis(this.#world.uptime() - this.#bootedAt),
      sleep: (duration, signal) => this.#world.sleep(duration, signal),
    };
    const [ntp, rtc] = [machineTime("ntp", clock), machineTime("rtc", clock)];
    return { clock, machineTime: () => (this.#isSynchronized ? ntp() : rtc()) };
  }
}
