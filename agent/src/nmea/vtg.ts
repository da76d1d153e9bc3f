/**
 * VTG: course and speed over ground.
 *
 *   $--VTG,x.x,T,x.x,M,x.x,N,x.x,K,m*hh
 *          1   2 3   4 5   6 7   8 9
 *
 *   1-2 course, degrees true  3-4 course, degrees magnetic  5-6 speed, knots  7-8 speed, km/h  9 mode (2.3+)
 *
 * Null clause: courses are blank at standstill, all is blank without a fix. It carries no time: it belongs to the epoch under way.
 */
import { course, expectLetter, speed } from "./fields.ts";
import { mode, type Mode } from "./mode.ts";
import type { Sentence } from "./sentence.ts";

export interface Vtg {
  readonly type: "VTG";
  readonly talker: string;
  readonly courseDeg: number | null;
  readonly speedKnots: number | null;
  readonly speedKmh: number | null;
  readonly mode: Mode | null;
}

const TRUE_NORTH = 0x54;
const MAGNETIC = 0x4d;
const KNOTS = 0x4e;
const KMH = 0x4b;

export const decodeVtg = (s: Sentence, talker: string): Vtg => {
  s.expectCount(8, 9);
  expectLetter(s, 2, TRUE_NORTH);
  expectLetter(s, 4, MAGNETIC);
  expectLetter(s, 6, KNOTS);
  expectLetter(s, 8, KMH);
  return {
    type: "VTG",
    talker,
    courseDeg: course(s, 1),
    speedKnots: speed(s, 5),
    speedKmh: speed(s, 7),
    mode: mode(s, 9),
  };
};
