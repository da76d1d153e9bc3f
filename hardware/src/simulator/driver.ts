import type { Random } from "@roadstream/shared";
import { SmoothNoise } from "./smooth-noise.ts";

/** No driver, no weather and no seed passes these; only an accident's emergency braking does. */
export const MAX_ACCELERATION_MS2 = 2;
export const MAX_BRAKING_MS2 = 3;
export const EMERGENCY_BRAKING_MS2 = 8.5;

/** How one driver drives. */
export interface Driver {
  readonly accelerationMs2: number;
  readonly brakingMs2: number;
  /** The share of the allowed speed that the driver keeps at a place of the road. */
  cruiseShare(atM: number): number;
}

const SHARE_STEP_M = 100;
const SHARE_CORRELATION_M = 2500;
const SHARE_DEVIATION = 0.012;
const MIN_SHARE = 0.85;

export const drawDriver = (random: Random, lengthM: number): Driver => {
  const accelerationMs2 = 1.2 + 0.7 * random.next();
  const brakingMs2 = 1.2 + 0.7 * random.next();
  const habit = 0.95 + 0.04 * random.next();
  const mood = new SmoothNoise(random, {
    span: lengthM,
    step: SHARE_STEP_M,
    correlation: SHARE_CORRELATION_M,
    deviation: SHARE_DEVIATION,
  });
  return {
    accelerationMs2,
    brakingMs2,
    cruiseShare: (atM) => Math.min(1, Math.max(MIN_SHARE, habit + mood.at(atM))),
  };
};
