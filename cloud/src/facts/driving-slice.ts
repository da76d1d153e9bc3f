import { DRIVING_STEP } from "./driving-step.ts";
import type { Relation } from "./relation.ts";
import { inUnits, quotient, whole, type Words } from "./words.ts";

/** Shorter than any stop, so that a slice in which a stop begins is never the one in which it ends. */
export const SLICE_MS = 10_000;

/** Of a degree: a centimetre. */
const DEGREE_PARTS = 10_000_000;
const TWO_TO_32 = 4_294_967_296;

/**
 * A value of the slice's first or last reading that has it, without a window: the reading's place in the slice, and
 * behind it the value, make one number, whose least or greatest is taken.
 */
const first = (degrees: string, half: number): string => at("MIN", degrees, half);
const latest = (degrees: string, half: number): string => at("MAX", degrees, half);
const at = (which: "MIN" | "MAX", degrees: string, half: number): string =>
  `MOD(${which}(MOD(at_ms, ${SLICE_MS}) * ${TWO_TO_32} + ${whole(`(${degrees} + ${half}) * ${DEGREE_PARTS}.0`)}), ${TWO_TO_32})`;

/** Latitude and longitude in one number of 63 bits. */
const position = (of: (degrees: string, half: number) => string): string =>
  `${of("latitude", 90)} * ${TWO_TO_32} + ${of("longitude", 180)}`;

/** Both halves of such a number in degrees. */
export const degreesOf = (position: string, words: Words): readonly [latitude: string, longitude: string] => [
  inUnits(`(${quotient(position, TWO_TO_32)} - ${90 * DEGREE_PARTS})`, DEGREE_PARTS, words),
  inUnits(`(MOD(${position}, ${TWO_TO_32}) - ${180 * DEGREE_PARTS})`, DEGREE_PARTS, words),
];

const time = (which: "MIN" | "MAX", condition: string): string =>
  `${which}(CASE WHEN ${condition} THEN at_ms END)`;

/** The car is in use: it moves, or its engine runs. */
const ACTIVE = "moving = 1 OR engine = 1";

/** Ten seconds of a car: what all later steps are made of, so that they go over a tenth of the rows. Its times are those of readings. */
export const DRIVING_SLICE: Relation = {
  name: "driving_slice",
  reads: [DRIVING_STEP],
  select: () => `SELECT vehicle_id, span, ${quotient("at_ms", SLICE_MS)} AS slice, COUNT(*) AS readings,
  MIN(at_ms) AS first_ms, MAX(at_ms) AS last_ms,
  ${time("MIN", ACTIVE)} AS first_active_ms, ${time("MAX", ACTIVE)} AS last_active_ms,
  ${time("MIN", "moving = 1")} AS first_moving_ms, ${time("MAX", "moving = 1")} AS last_moving_ms,
  ${time("MAX", "engine = 1")} AS last_on_ms, ${time("MAX", "engine = 0")} AS last_off_ms,
  COALESCE(SUM(distance_mm), 0) AS distance_mm, MAX(quiet_ms) AS quiet_ms, MAX(guessed_mm) AS guessed_mm,
  COALESCE(SUM(CASE WHEN moving = 0 THEN dt_ms END), 0) AS standing_ms,
  SUM(fuel_ul) AS fuel_ul, SUM(fuel_ms) AS fuel_ms, COALESCE(SUM(idle_ms), 0) AS idle_ms, MAX(speed_kmh) AS max_speed_kmh,
  ${position(first)} AS first_position, ${position(latest)} AS last_position,
  MIN(odometer_km) AS first_odometer_km, MAX(odometer_km) AS last_odometer_km,
  MIN(fuel_level_pct) AS least_fuel_pct, MAX(fuel_level_pct) AS most_fuel_pct
FROM driving_step
GROUP BY vehicle_id, span, ${quotient("at_ms", SLICE_MS)}`,
};
