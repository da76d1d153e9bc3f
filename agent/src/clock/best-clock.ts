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
const CARRIED_ERROR_MS = 500;

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

  constructor(options: {
    readonly clock: Clock;
    readonly machineTime: () => MachineTime | null;
    /** The simulated time of now, where the car is simulated. */
    readonly tripTime: (() => UnixMillis) | null;
  }) {
    this.#clock = options.clock;
    this.#machineTime = options.machineTime;
    this.#tripTime = options.tripTime;
  }

  /** Learns from a live receiver's reading; says whether the known time came to be or jumped by it. */
  learn(reading: SampledReading): "came_to_be" | "jumped" | null {
    if (reading.clock !== "gnss" || reading.capturedAt === null) return null;
    const before = this.#anchor;
    this.#anchor = { at: reading.capturedAt, uptime: reading.uptime };
    if (before === null) return "came_to_be";
    const expected = before.at + (reading.uptime - before.uptime);
    return Math.abs(reading.capturedAt - expected) > CORRECTION_WORTH_TELLING_MS ? "jumped" : null;
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
      return { at: unixMillis(Math.round(at + uptime - then)), clock: "gnss", errorMs: CARRIED_ERROR_MS };
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
}
