/**
 * GNS: fix data of combined satellite systems.
 *
 *   $--GNS,hhmmss.ss,ddmm.mm,a,dddmm.mm,a,c--c,nn,x.x,x.x,x.x,x.x,nnnn,s*hh
 *          1         2       3 4        5 6    7  8   9   10  11  12   13
 *
 *   1 UTC  2-3 latitude  4-5 longitude  6 mode, one letter per system (GPS, GLONASS, Galileo, ...)  7 satellites in use
 *   8 horizontal dilution  9 altitude above mean sea level  10 geoid separation  11 age  12 station  13 status (4.1+)
 *
 * Null clause: where several GNS with different talkers describe one fix, all but the first may leave position and
 * mode blank: such a one says neither fix nor void.
 */
import { dilution, latitude, longitude, timeOfDay } from "./fields.ts";
import { modeOf, type Mode } from "./mode.ts";
import type { Sentence } from "./sentence.ts";

export interface Gns {
  readonly type: "GNS";
  readonly talker: string;
  readonly timeOfDayMs: number | null;
  readonly latitude: number | null;
  readonly longitude: number | null;
  /** The best of the systems' modes. */
  readonly mode: Mode | null;
  readonly satellitesUsed: number | null;
  readonly hdop: number | null;
  readonly altitudeM: number | null;
}

/** Worst first. */
const BY_WORTH: readonly Mode[] = [
  "not_valid",
  "simulator",
  "manual",
  "estimated",
  "autonomous",
  "precise",
  "differential",
  "rtk_float",
  "rtk_fixed",
];
const MAX_SYSTEMS = 8;
const LOWEST_M = -12_000;
const HIGHEST_M = 100_000;

const bestMode = (s: Sentence, field: number): Mode | null => {
  const { at, length } = s.span(field);
  if (length === 0) return null;
  if (length > MAX_SYSTEMS) return s.refuse("field_malformed");
  let best = 0;
  for (let i = at; i < at + length; i += 1)
    best = Math.max(best, BY_WORTH.indexOf(modeOf(s.byteAt(i)) ?? "not_valid"));
  return BY_WORTH[best] ?? null;
};

export const decodeGns = (s: Sentence, talker: string): Gns => {
  s.expectCount(12, 13);
  return {
    type: "GNS",
    talker,
    timeOfDayMs: timeOfDay(s, 1),
    latitude: latitude(s, 2),
    longitude: longitude(s, 4),
    mode: bestMode(s, 6),
    satellitesUsed: s.integer(7, 0, 99),
    hdop: dilution(s, 8),
    altitudeM: s.decimal(9, LOWEST_M, HIGHEST_M),
  };
};
