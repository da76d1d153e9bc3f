import { days, minutes, unixMillis, type UnixMillis, type UptimeMillis } from "@roadstream/shared";
import { BUILD_FLOOR, ntpTolerance, type MachineTime } from "../clock/vouched-time.ts";

/**
 * Decides whether the receiver's time may be taken for the true one. Receivers are wrong in two ways: the ten-bit week
 * number of GPS rolls over every 1024 weeks, which sets old firmware back by 19.6 years; and before the first fix a date may
 * be the one of the firmware or of a flat clock battery. No judgement may rest on a time that came from the receiver itself, or
 * it could never be revised: what it is held against is the machine's own.
 */

/** Plausible times begin here, as the contract has it. */
const OLDEST_PLAUSIBLE = unixMillis(Date.UTC(2020, 0, 1));
const LEAD = days(1);
const WEEK_ROLL_OVER = days(7 * 1024);
/** A live receiver's time may run ahead of what the monotonic clock says by this much (it is at most a simulation's pace). */
const LEAP = days(1);
/** ... and fall behind by this much. */
const FALL_BACK = minutes(1);
/** After so many epochs in a row that agree with each other, a doubted time is taken. */
const CONFIRMING_EPOCHS = 10;

export interface ReceiverTimeClaim {
  readonly at: UnixMillis;
  readonly uptime: UptimeMillis;
  readonly hasFix: boolean;
  /**
   * The machine's own time at `uptime`, nothing of a receiver's in it; null where nothing vouches for it (a Pi without a
   * clock battery, before NTP).
   */
  readonly machineTime: MachineTime | null;
}

interface Mark {
  readonly at: UnixMillis;
  readonly uptime: UptimeMillis;
}

/** `replay`: a capture, of any drive in any order, at any speed. `live`: a receiver now. */
export class ReceiverTimeTrust {
  readonly #mode: "live" | "replay";
  #good: Mark | null = null;
  #doubted: { readonly mark: Mark; readonly epochs: number } | null = null;

  constructor(mode: "live" | "replay") {
    this.#mode = mode;
  }

  accepts(claim: ReceiverTimeClaim): boolean {
    if (!this.#isPlausible(claim)) return false;
    if (this.#mode === "replay") return true;
    if (!this.#isBelieved(claim)) return false;
    this.#good = { at: claim.at, uptime: claim.uptime };
    this.#doubted = null;
    return true;
  }

  #isPlausible({ at, hasFix, machineTime }: ReceiverTimeClaim): boolean {
    const floor = this.#mode === "live" && !hasFix ? BUILD_FLOOR : OLDEST_PLAUSIBLE;
    const isCapture = this.#mode === "replay" && machineTime !== null;
    const ceiling = isCapture ? machineTime.at + LEAD : BUILD_FLOOR + WEEK_ROLL_OVER;
    return at >= floor && at <= ceiling;
  }

  #isBelieved(claim: ReceiverTimeClaim): boolean {
    const { at, uptime, machineTime } = claim;
    // What was read late is behind, and is right all the same.
    if (machineTime?.source === "ntp")
      return at <= machineTime.at + ntpTolerance(uptime) && at >= machineTime.at - FALL_BACK;
    const isExpected =
      this.#good === null
        ? claim.hasFix && (machineTime === null || Math.abs(at - machineTime.at) <= LEAD)
        : follows(this.#good, claim);
    return isExpected || this.#isConfirmed(claim);
  }

  #isConfirmed(claim: ReceiverTimeClaim): boolean {
    const mark = { at: claim.at, uptime: claim.uptime };
    const before = this.#doubted;
    const epochs = before !== null && claim.hasFix && follows(before.mark, claim) ? before.epochs + 1 : 1;
    this.#doubted = { mark, epochs };
    return epochs >= CONFIRMING_EPOCHS;
  }
}

const follows = (before: Mark, after: Mark): boolean => {
  const elapsed = after.uptime - before.uptime;
  const step = after.at - before.at;
  return step >= elapsed - FALL_BACK && step <= elapsed + LEAP;
};
