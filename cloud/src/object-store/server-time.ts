import { minutes, unixMillis, type Clock, type UnixMillis } from "@roadstream/shared";

/** A machine that sleeps stands still meanwhile, and its clock may be off by a second or so in this time. */
const KNOWN_FOR = minutes(10);
/** Answers are dated in whole seconds, and by servers that agree to within about one. */
const PRECISION_MS = 2000;

/**
 * What time it is at a server, by the dates of its answers and the machine's monotonic clock since then: never later than
 * its own clock says, and earlier by what an answer was under way and by what its date leaves out of the second.
 */
export class ServerTime {
  readonly #clock: Clock;
  /** The server's time at monotonic time 0. */
  #zero: number | null = null;
  #heardAt = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** An answer came that says it was sent then, Unix milliseconds; NaN says nothing. */
  hear(date: number): void {
    if (!Number.isFinite(date)) return;
    const uptime = this.#clock.uptime();
    const zero = date - uptime;
    const known = this.#zero ?? -Infinity;
    const isOld = uptime - this.#heardAt > KNOWN_FOR;
    // Of dates that agree the latest tells most; one that is earlier by more says that the server's clock was set.
    if (zero > known || known - zero > PRECISION_MS || isOld) this.#zero = zero;
    this.#heardAt = uptime;
  }

  /** Null when the last answer is too long ago. */
  now(): UnixMillis | null {
    const uptime = this.#clock.uptime();
    if (this.#zero === null || uptime - this.#heardAt > KNOWN_FOR) return null;
    return unixMillis(Math.floor(this.#zero + uptime));
  }
}
