/**
 * RMC: recommended minimum specific GNSS data; the only common sentence with a date.
 *
 *   $--RMC,hhmmss.ss,A,ddmm.mm,a,dddmm.mm,a,x.x,x.x,ddmmyy,x.x,a,m,s*hh
 *           1        2 3       4 5        6 7   8   9      10 11 12 13
 *
 *   1 UTC of the fix  2 status: A valid, V warning  3-4 latitude  5-6 longitude  7 speed over ground, knots
 *   8 course over ground, degrees true  9 date  10-11 magnetic variation  12 mode (2.3+)  13 navigational status (4.1+)
 *
 * Null clause: the receiver leaves any field blank that it cannot vouch for; course is commonly blank at standstill.
 * The standard has the status at V for every mode but A, D, F, P and R; old SiRF chips write mode A beside V: V wins.
 * Navigational status (S safe, C caution, U unsafe, V not provided) speaks of integrity monitoring, not of the fix.
 */
import { course, isActive, latitude, longitude, shortDate, speed, timeOfDay } from "./fields.ts";
import { mode, type Mode } from "./mode.ts";
import type { Sentence } from "./sentence.ts";

export interface Rmc {
  readonly type: "RMC";
  readonly talker: string;
  readonly timeOfDayMs: number | null;
  /** UTC midnight of the date, Unix milliseconds. */
  readonly dateMs: number | null;
  readonly active: boolean;
  readonly latitude: number | null;
  readonly longitude: number | null;
  readonly speedKnots: number | null;
  readonly courseDeg: number | null;
  readonly mode: Mode | null;
  /** `S`, `C`, `U` or `V`; null before NMEA 4.1. */
  readonly navStatus: "S" | "C" | "U" | "V" | null;
}

const NAV_STATUS: Readonly<Record<number, Rmc["navStatus"]>> = { 0x53: "S", 0x43: "C", 0x55: "U", 0x56: "V" };

export const decodeRmc = (s: Sentence, talker: string): Rmc => {
  s.expectCount(11, 13);
  return {
    type: "RMC",
    talker,
    timeOfDayMs: timeOfDay(s, 1),
    active: isActive(s, 2),
    latitude: latitude(s, 3),
    longitude: longitude(s, 5),
    speedKnots: speed(s, 7),
    courseDeg: course(s, 8),
    dateMs: shortDate(s, 9),
    mode: mode(s, 12),
    navStatus: NAV_STATUS[s.letter(13)] ?? null,
  };
};
