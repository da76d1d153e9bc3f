/**
 * GSA: dilutions of precision and active satellites; one per satellite system in receivers of several.
 *
 *   $--GSA,a,f,ii,ii, ... ,ii,x.x,x.x,x.x,s*hh
 *          1 2 3  4        14 15  16  17  18
 *
 *   1 selection: M manual, A automatic  2 fix: 1 none, 2 two-dimensional, 3 three-dimensional  3-14 satellites in use
 *   15 position, 16 horizontal, 17 vertical dilution  18 system id (4.1+)
 *
 * Null clause: unused satellite places are blank, dilutions too without a fix (or 99.99, or 0.0 by SiRF).
 * It carries no time: it belongs to the epoch under way.
 */
import { dilution } from "./fields.ts";
import type { Sentence } from "./sentence.ts";

export interface Gsa {
  readonly type: "GSA";
  readonly talker: string;
  /** 1 none, 2 2D, 3 3D. */
  readonly fix: number | null;
  readonly satellitesUsed: number;
  readonly pdop: number | null;
  readonly hdop: number | null;
  readonly vdop: number | null;
}

const FIRST_SATELLITE = 3;
const LAST_SATELLITE = 14;
const MAX_SATELLITE_ID = 999;

export const decodeGsa = (s: Sentence, talker: string): Gsa => {
  s.expectCount(17, 18);
  let satellitesUsed = 0;
  for (let field = FIRST_SATELLITE; field <= LAST_SATELLITE; field += 1) {
    if (s.integer(field, 0, MAX_SATELLITE_ID) !== null) satellitesUsed += 1;
  }
  return {
    type: "GSA",
    talker,
    fix: s.integer(2, 1, 3),
    satellitesUsed,
    pdop: dilution(s, 15),
    hdop: dilution(s, 16),
    vdop: dilution(s, 17),
  };
};
