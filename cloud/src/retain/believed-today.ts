import { days, unixMillis, utcDay, type Clock, type UnixMillis, type UptimeMillis } from "@roadstream/shared";
import type { IcebergTable } from "../lake/lake-table.ts";

/** Some table of a fleet that drives has rows of the last days. */
const LAST_DAYS = days(2);
/** Where only the clock says that days are past, they go when it has said so for this long: time to set a wrong one right. */
const DOUBT_LASTS = days(1);

interface Doubt {
  readonly since: UptimeMillis;
  /** What the store's clock said then. */
  readonly said: number;
}

/**
 * What limits are reckoned from. The store's clock is believed at once where rows of any table say that it is about now:
 * cars date them by satellites. Where none is young, the fleet rests, or the clock has leapt, and nobody can tell which:
 * then it is believed a day later, and what it says meanwhile counts for nothing.
 */
export class BelievedToday {
  readonly #tables: readonly IcebergTable[];
  readonly #clock: Clock;
  #doubt: Doubt | null = null;

  constructor(tables: readonly IcebergTable[], clock: Clock) {
    this.#tables = tables;
    this.#clock = clock;
  }

  /** Null: not known yet. */
  async now(): Promise<UnixMillis | null> {
    const [first] = this.#tables;
    if (first === undefined) return null;
    const now = await first.store.now();
    if (await this.#isBorneOut(now)) {
      this.#doubt = null;
      return now;
    }
    const uptime = this.#clock.uptime();
    this.#doubt ??= { since: uptime, said: now };
    const believed = uptime - this.#doubt.since - DOUBT_LASTS;
    return believed < 0 ? null : unixMillis(this.#doubt.said + believed);
  }

  async #isBorneOut(now: number): Promise<boolean> {
    // A row of a far day, of a car whose clock was wrong, bears out nothing.
    const since = utcDay(unixMillis(now - LAST_DAYS));
    const until = utcDay(unixMillis(now + days(1)));
    for (const table of this.#tables) {
      const head = await table.peek();
      if (head !== null && (await table.files(head)).some(({ day }) => day >= since && day <= until))
        return true;
    }
    return false;
  }
}
