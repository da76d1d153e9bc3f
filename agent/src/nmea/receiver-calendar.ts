import { days, hours, unixMillis, utcDay, type UnixMillis, type UptimeMillis } from "@roadstream/shared";
import type { Epoch } from "./epoch.ts";

/**
 * Gives epochs their date. Only RMC and ZDA have one; an epoch without either takes it from the last dated epoch, by
 * the day that brings it nearest to that, so that 23:59:59 is followed by 00:00:00 of the next day.
 */

/**
 * Older dates are what receivers invent before they know: 1980-01-06 is the zero of GPS time, 1999-08-22 the first
 * roll-over of its ten-bit week. No capture of such a system is older.
 */
const OLDEST_ERA = unixMillis(Date.UTC(2000, 0, 1));
/** Beyond this the nearest day is a guess. */
const ANCHOR_AGE = hours(6);
const DAY = days(1);

export class ReceiverCalendar {
  #anchor: { readonly at: UnixMillis; readonly uptime: UptimeMillis } | null = null;
  #wrongEra = 0;

  /** Dates refused as of a wrong era. */
  get wrongEra(): number {
    return this.#wrongEra;
  }

  /** The receiver's UTC of the epoch; null when it did not say, or said what cannot be. */
  timeOf(epoch: Epoch): UnixMillis | null {
    const { timeOfDayMs } = epoch;
    if (timeOfDayMs === null) return null;
    const date = this.#dateOf(epoch);
    if (date === "wrong_era") {
      // The receiver has restarted without its time: the day of the earlier epochs says nothing about this time of day.
      this.#anchor = null;
      return null;
    }
    if (date !== null) {
      const at = unixMillis(date + timeOfDayMs);
      this.#anchor = { at, uptime: epoch.uptime };
      return at;
    }
    return this.#fromAnchor(timeOfDayMs, epoch.uptime);
  }

  #dateOf({ rmc, zda }: Epoch): number | null | "wrong_era" {
    let wrong = false;
    for (const dateMs of [rmc?.dateMs, zda?.dateMs]) {
      if (dateMs === null || dateMs === undefined) continue;
      if (dateMs >= OLDEST_ERA) return dateMs;
      wrong = true;
    }
    if (!wrong) return null;
    this.#wrongEra += 1;
    return "wrong_era";
  }

  #fromAnchor(timeOfDayMs: number, uptime: UptimeMillis): UnixMillis | null {
    const anchor = this.#anchor;
    if (anchor === null || uptime - anchor.uptime > ANCHOR_AGE) return null;
    const sameDay = Date.parse(utcDay(anchor.at)) + timeOfDayMs;
    // -1, 0 or 1: by how many days the same day's time of day is further off than half a day.
    const daysOff = Math.round((anchor.at - sameDay) / DAY);
    const at = unixMillis(sameDay + daysOff * DAY);
    this.#anchor = { at, uptime };
    return at;
  }
}
