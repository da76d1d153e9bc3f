/**
 * ZDA: time and date; with RMC one of the two sources of a date, and the only one with four digits of the year.
 *
 *   $--ZDA,hhmmss.ss,dd,mm,yyyy,zz,zz*hh
 *          1         2  3  4    5  6
 *
 *   1 UTC  2 day  3 month  4 year  5-6 local zone (hours, minutes): a display setting, not read
 *
 * Null clause: blank before the receiver knows the time; a half-blank date is no date.
 */
import { timeOfDay, utcMidnight } from "./fields.ts";
import type { Sentence } from "./sentence.ts";

export interface Zda {
  readonly type: "ZDA";
  readonly talker: string;
  readonly timeOfDayMs: number | null;
  /** UTC midnight of the date, Unix milliseconds. */
  readonly dateMs: number | null;
}

export const decodeZda = (s: Sentence, talker: string): Zda => {
  s.expectCount(4, 6);
  const day = s.integer(2, 1, 31);
  const month = s.integer(3, 1, 12);
  const year = s.integer(4, 1980, 9999);
  return {
    type: "ZDA",
    talker,
    timeOfDayMs: timeOfDay(s, 1),
    dateMs: day === null || month === null || year === null ? null : utcMidnight(s, { year, month, day }),
  };
};
