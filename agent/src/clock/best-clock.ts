import {
  unixMillis,
  type Clock,
  type ClockSource,
  type UnixMillis,
  type UptimeMillis,
} from "@roadstream/shared";
import type { SampledReading } from "../ports.ts";

export type ReadingStamp = Pick<SampledReading, "capturedAt" | "clock" | "clockErrorMs" | "uptime">;

/** A jump of the known time that is worth an event. */
const CORRECTION_WORTH_TELLING_MS = 2000;

/**
 * How far the time carried on from a receiver may be off: its sentences arrive up to about half a second after the
 * moment that they name.
 */
export const CARRIED_ERROR_MS = 500;

/** How fast a machine's quartz may run away from the receiver's time, as a share of what has passed. */
export const DRIFT = 50e-6;

/** The machine's wall clock where something vouches for it. */
export interface MachineTime {
  readonly at: UnixMillis;
  readonly source: "ntp" | "rtc";
}

interface Anchor {
  readonly at: UnixMillis;
  readonly uptime: UptimeMillis;
}

/** What the time was at an uptime of this machine boot. */
export interface KnownTime {
  readonly at: UnixMillis;
  readonly clock: ClockSource;
  readonly errorMs: number | null;
}

/**
 * The best time there is: a simulated trip's, else a live GNSS receiver's carried on by the monotonic clock, else the
 * machine's where it is vouched for, else none.
 */
export class BestClock {
  readonly #clock: Clock;
  readonly #machineTime: () => MachineTime | null;
  readonly #tripTime: (() => UnixMillis) | null;
  #anchor: Anchor | null = null;
  /** The known time less the uptime, when last looked at. */
  #offsetMs: number | null;

  constructor(options: {
    readonly clock: Clock;
    readonly machineTime: () => MachineTime | null;
    /** The simulated time of now, where the car is simulated. */
    readonly tripTime: (() => UnixMillis) | null;
  }) {
    this.#clock = options.clock;
    this.#machineTime = options.machineTime;
    this.#tripTime = options.tripTime;
    this.#offsetMs = this.#offsetAt(options.clock.uptime());
  }

  /** Learns from a live source's reading; says whether the known time came to be, or jumped, since the one before. */
  learn(reading: SampledReading): "came_to_be" | "jumped" | null {
    if (this.#tripTime !== null) return null;
    if (reading.clock === "gnss" && reading.capturedAt !== null)
      this.#anchor = { at: reading.capturedAt, uptime: reading.uptime };
    const before = this.#offsetMs;
    this.#offsetMs = this.#offsetAt(reading.uptime);
    if (this.#offsetMs === null) return null;
    if (before === null) return "came_to_be";
    return Math.abs(this.#offsetMs - before) > CORRECTION_WORTH_TELLING_MS ? "jumped" : null;
  }

  stamp(uptime: UptimeMillis): ReadingStamp {
    if (this.#tripTime !== null)
      return { capturedAt: this.#tripTime(), clock: "simulated", clockErrorMs: null, uptime };
    const known = this.at(uptime);
    return known === null
      ? { capturedAt: null, clock: "unsynced", clockErrorMs: null, uptime }
      : { capturedAt: known.at, clock: known.clock, clockErrorMs: known.errorMs, uptime };
  }

  /** The true time at an uptime of this machine boot, as far as known now; never a simulated one. */
  at(uptime: UptimeMillis): KnownTime | null {
    if (this.#anchor !== null) {
      const { at, uptime: then } = this.#anchor;
      const errorMs = CARRIED_ERROR_MS + Math.round(Math.abs(uptime - then) * DRIFT);
      return { at: unixMillis(Math.round(at + uptime - then)), clock: "gnss", errorMs };
    }
    const machine = this.#machineTime();
    if (machine === null) return null;
    const at = unixMillis(Math.round(machine.at + uptime - this.#clock.uptime()));
    return { at, clock: machine.source, errorMs: null };
  }

  /** The true wall time of now, where known. */
  wallTime(): UnixMillis | null {
    return this.at(this.#clock.uptime())?.at ?? null;
  }

  #offsetAt(uptime: UptimeMillis): number | null {
    const known = this.at(uptime);
    return known === null ? null : known.at - uptime;
  }
}
