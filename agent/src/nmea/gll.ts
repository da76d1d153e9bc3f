/**
 * GLL: geographic position.
 *
 *   $--GLL,ddmm.mm,a,dddmm.mm,a,hhmmss.ss,A,m*hh
 *          1       2 3        4 5         6 7
 *
 *   1-2 latitude  3-4 longitude  5 UTC of the fix  6 status: A valid, V warning  7 mode (2.3+)
 *
 * Null clause: position and time are blank without a fix, with status V and mode N.
 */
import { isActive, latitude, longitude, timeOfDay } from "./fields.ts";
import { mode, type Mode } from "./mode.ts";
import type { Sentence } from "./sentence.ts";

export interface Gll {
  readonly type: "GLL";
  readonly talker: string;
  readonly timeOfDayMs: number | null;
  readonly active: boolean;
  readonly latitude: number | null;
  readonly longitude: number | null;
  readonly mode: Mode | null;
}

export const decodeGll = (s: Sentence, talker: string): Gll => {
  s.expectCount(6, 7);
  return {
    type: "GLL",
    talker,
    latitude: latitude(s, 1),
    longitude: longitude(s, 3),
    timeOfDayMs: timeOfDay(s, 5),
    active: isActive(s, 6),
    mode: mode(s, 7),
  };
};
