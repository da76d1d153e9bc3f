import {
  unixMillis,
  type Clock,
  type ClockSource,
  type UnixMillis,
  type UptimeMillis,
} from "@roadstream/shared";
import type { SampledReading } from "../ports.ts";
import { carriedTo, DRIFT, ntpTolerance, type MachineTime } from "./vouched-time.ts";

export type ReadingStamp = Pick<SampledReading, "capturedAt" | "clock" | "clockErrorMs" | "uptime">;

/** A jump of the known time that is worth an event. */
const CORRECTION_WORTH_TELLING_MS = 2000;

/**
 * How far the time carried on from a receiver may be off: its sentences arrive up to about half a second after the
 * moment that they name.
 */
export const CARRIED_ERROR_MS = 500;

/** Fixes in a row that agree with each other, before what cannot be undone is done by their time. */
export const CONFIRMING_FIXES = 10;

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
 * The best time there is: a simulated trip's, else a live GNSS receiver's carried on by the monotonic clock, unless time
 * servers contradict it, else the machine's where it is vouched for, else none.
 */
export class BestClock {
  readonly #clock: Clock;
  readonly #machineTime: () => MachineTime | null;
  readonly #tripTime: (() => UnixMillis) | null;
  #anchor: Anchor | null = null;
  /** Fixes that agreed with the ones before them, in a row. */
  #agreed = 0;
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
      this.#moveAnchor({ at: reading.capturedAt, uptime: reading.uptime }, reading.clockErrorMs !== null);
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
    const machine = carriedTo(uptime, this.#machineTime(), this.#clock.uptime());
    const carried = this.#anchor === null ? null : carriedFrom(this.#anchor, uptime);
    if (carried !== null) {
      const isContradicted =
        machine?.source === "ntp" && Math.abs(machine.at - carried.at) > ntpTolerance(uptime);
      if (!isContradicted) return carried;
    }
    return machine === null ? null : { at: machine.at, clock: machine.source, errorMs: null };
  }

  /**
   * The true wall time of now, where enough stands for it to throw something away by it: time servers, or a receiver
   * whose fixes have agreed for a while. A battery's clock alone never does: a flat one begins anywhere.
   */
  confirmedTime(): UnixMillis | null {
    const known = this.at(this.#clock.uptime());
    const isConfirmed =
      known?.clock === "ntp" || (known?.clock === "gnss" && this.#agreed >= CONFIRMING_FIXES);
    return isConfirmed ? known.at : null;
  }

  #moveAnchor(anchor: Anchor, hasFix: boolean): void {
    const before = this.#anchor;
    this.#anchor = anchor;
    const step =
      before === null ? Number.POSITIVE_INFINITY : anchor.at - before.at - (anchor.uptime - before.uptime);
    if (Math.abs(step) > CORRECTION_WORTH_TELLING_MS) this.#agreed = 0;
    else if (hasFix) this.#agreed += 1;
  }

  #offsetAt(uptime: UptimeMillis): number | null {
    const known = this.at(uptime);
    return known === null ? null : known.at - uptime;
  }
}

const carriedFrom = ({ at, uptime: then }: Anchor, uptime: UptimeMillis): KnownTime => ({
  at: unixMillis(Math.round(at + uptime - then)),
  clock: "gnss",
  errorMs: CARRIED_ERROR_MS + Math.round(Math.abs(uptime - then) * DRIFT),
});
