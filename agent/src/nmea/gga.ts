/**
 * GGA: GPS fix data; the only common sentence with altitude and fix quality.
 *
 *   $--GGA,hhmmss.ss,ddmm.mm,a,dddmm.mm,a,q,nn,x.x,x.x,M,x.x,M,x.x,nnnn*hh
 *          1         2       3 4        5 6 7  8   9   10 11 12 13 14
 *
 *   1 UTC of the fix  2-3 latitude  4-5 longitude  6 quality  7 satellites in use  8 horizontal dilution
 *   9-10 altitude above mean sea level, metres  11-12 geoid separation  13 age of differential data  14 its station
 *
 * Null clause: the standard forbids a blank quality, but some timing receivers leave it blank with a good fix: then
 * this sentence says neither fix nor void. It carries no date.
 */
import { dilution, expectLetter, latitude, longitude, timeOfDay } from "./fields.ts";
import type { Sentence } from "./sentence.ts";

export interface Gga {
  readonly type: "GGA";
  readonly talker: string;
  readonly timeOfDayMs: number | null;
  readonly latitude: number | null;
  readonly longitude: number | null;
  /** 0 none, 1 autonomous, 2 differential, 3 precise, 4 RTK, 5 float RTK, 6 estimated, 7 manual, 8 simulator. */
  readonly quality: number | null;
  readonly satellitesUsed: number | null;
  readonly hdop: number | null;
  readonly altitudeM: number | null;
}

const METRES = 0x4d;
const LOWEST_M = -12_000;
const HIGHEST_M = 100_000;
const MAX_QUALITY = 8;
const MAX_SATELLITES = 99;

export const decodeGga = (s: Sentence, talker: string): Gga => {
  s.expectCount(14, 14);
  expectLetter(s, 10, METRES);
  return {
    type: "GGA",
    talker,
    timeOfDayMs: timeOfDay(s, 1),
    latitude: latitude(s, 2),
    longitude: longitude(s, 4),
    quality: s.integer(6, 0, MAX_QUALITY),
    satellitesUsed: s.integer(7, 0, MAX_SATELLITES),
    hdop: dilution(s, 8),
    altitudeM: s.decimal(9, LOWEST_M, HIGHEST_M),
  };
};
