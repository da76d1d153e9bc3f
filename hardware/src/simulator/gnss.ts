import { randomBelow, type Random } from "@roadstream/shared";
import { offsetM } from "../route/earth.ts";
import type { RoutePosition } from "../route/route.ts";
import { SmoothNoise } from "./smooth-noise.ts";

export interface GnssSolution {
  readonly fix: "2d" | "3d";
  readonly latitude: number;
  readonly longitude: number;
  readonly altitudeM: number;
  readonly speedMs: number;
  /** Null at standstill, where a receiver knows no course. */
  readonly courseDeg: number | null;
  readonly satellitesUsed: number;
  readonly hdop: number;
}

/** What a receiver knows at one epoch. */
export interface GnssEpoch {
  readonly solution: GnssSolution | null;
  /** Before the first satellite was decoded the receiver knows no time either. */
  readonly timeKnown: boolean;
  readonly satellitesInView: number;
}

/** What the car truly does at that moment. */
export interface TrueMotion {
  readonly position: RoutePosition;
  readonly speedMs: number;
}

/** Where a sky is hidden: tunnels, overpasses, a truck alongside. */
export interface Outage {
  readonly fromS: number;
  readonly untilS: number;
}

/** Slow error (orbits, ionosphere, multipath) and fast error (noise), as standard deviation per axis: 2.4 m in the plane. */
const SLOW_M = 1.65;
const SLOW_CORRELATION_S = 70;
const FAST_M = 0.35;
const FAST_CORRELATION_S = 1.5;
const VERTICAL_FACTOR = 1.7;
const SPEED_ERROR_MS = 0.06;
const COURSE_ERROR_DEG = 0.6;
/** u-blox and others blank or freeze the course below walking pace. */
const COURSE_FROM_MS = 0.6;

const COLD_START_MIN_S = 16;
const COLD_START_MAX_S = 34;
const TIME_KNOWN_SHARE = 0.4;
/** A new solution begins without height. */
const FLAT_S = 3;
const OUTAGE_MIN_S = 5;
const OUTAGE_MAX_S = 16;

/** The errors of one receiver on one trip. */
export class Gnss {
  readonly outages: readonly Outage[];
  readonly #timeKnownS: number;
  readonly #slow: readonly [SmoothNoise, SmoothNoise, SmoothNoise];
  readonly #fast: readonly [SmoothNoise, SmoothNoise, SmoothNoise];
  readonly #speed: SmoothNoise;
  readonly #course: SmoothNoise;
  readonly #sky: SmoothNoise;

  constructor(random: Random, durationS: number) {
    const noise = (deviation: number, correlation: number, step: number): SmoothNoise =>
      new SmoothNoise(random, { span: durationS, step, correlation, deviation });
    const slow = (scale: number): SmoothNoise => noise(SLOW_M * scale, SLOW_CORRELATION_S, 5);
    const fast = (scale: number): SmoothNoise => noise(FAST_M * scale, FAST_CORRELATION_S, 0.5);
    this.#slow = [slow(1), slow(1), slow(VERTICAL_FACTOR)];
    this.#fast = [fast(1), fast(1), fast(VERTICAL_FACTOR)];
    this.#speed = noise(SPEED_ERROR_MS, 1, 0.5);
    this.#course = noise(COURSE_ERROR_DEG, 1, 0.5);
    this.#sky = noise(1, 120, 10);
    const firstFixS = COLD_START_MIN_S + random.next() * (COLD_START_MAX_S - COLD_START_MIN_S);
    this.#timeKnownS = firstFixS * TIME_KNOWN_SHARE;
    this.outages = [{ fromS: 0, untilS: firstFixS }, ...drawOutages(random, durationS)];
  }

  epoch(tripS: number, motion: TrueMotion): GnssEpoch {
    const sky = this.#sky.at(tripS);
    const satellitesInView = Math.round(Math.min(16, Math.max(6, 12 + 2 * sky)));
    const timeKnown = tripS >= this.#timeKnownS;
    if (this.outages.some(({ fromS, untilS }) => tripS >= fromS && tripS < untilS)) {
      return { solution: null, timeKnown, satellitesInView: Math.max(0, satellitesInView - 8) };
    }
    const flat = this.outages.some(({ untilS }) => tripS >= untilS && tripS < untilS + FLAT_S);
    return { solution: this.#solve(tripS, motion, sky, flat ? "2d" : "3d"), timeKnown, satellitesInView };
  }

  #solve(tripS: number, motion: TrueMotion, sky: number, fix: "2d" | "3d"): GnssSolution {
    const error = (axis: 0 | 1 | 2): number => this.#slow[axis].at(tripS) + this.#fast[axis].at(tripS);
    const speedMs = motion.speedMs === 0 ? 0 : Math.max(0, motion.speedMs + this.#speed.at(tripS));
    const course = motion.position.headingDeg + this.#course.at(tripS);
    return {
      ...offsetM(motion.position, error(0), error(1)),
      fix,
      altitudeM: motion.position.altitudeM + error(2),
      speedMs,
      courseDeg: speedMs < COURSE_FROM_MS ? null : (course + 360) % 360,
      satellitesUsed: fix === "2d" ? 3 : Math.round(Math.min(12, Math.max(5, 9.5 + 1.6 * sky))),
      hdop: fix === "2d" ? 2.8 : Math.min(2.4, Math.max(0.7, 1 - 0.22 * sky)),
    };
  }
}

/** One or two outages somewhere in the middle of the trip. */
const drawOutages = (random: Random, durationS: number): readonly Outage[] => {
  const count = 1 + randomBelow(random, 2);
  return Array.from({ length: count }, (_, index) => {
    const fromS = durationS * (0.2 + 0.6 * ((index + random.next()) / count));
    return { fromS, untilS: fromS + OUTAGE_MIN_S + random.next() * (OUTAGE_MAX_S - OUTAGE_MIN_S) };
  });
};
