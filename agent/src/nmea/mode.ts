import type { Sentence } from "./sentence.ts";

/**
 * Mode indicator of the positioning system (NMEA 2.3 and later; RMC, VTG, GLL, and one per constellation in GNS):
 * how the receiver came by the fix. `N` means that there is none, whatever the status field says.
 */
export type Mode =
  | "autonomous"
  | "differential"
  | "estimated"
  | "rtk_float"
  | "manual"
  | "not_valid"
  | "precise"
  | "rtk_fixed"
  | "simulator";

const MODES: Readonly<Record<string, Mode>> = {
  A: "autonomous",
  D: "differential",
  E: "estimated",
  F: "rtk_float",
  M: "manual",
  N: "not_valid",
  P: "precise",
  R: "rtk_fixed",
  S: "simulator",
};
const BY_CODE: readonly (Mode | null)[] = Array.from(
  { length: 128 },
  (_, code) => MODES[String.fromCharCode(code)] ?? null,
);

/** Null when blank or absent (before NMEA 2.3). A letter that the standard does not know vouches for nothing: not valid. */
export const modeOf = (code: number): Mode | null => (code === 0 ? null : (BY_CODE[code] ?? "not_valid"));

export const mode = (s: Sentence, field: number): Mode | null => modeOf(s.letter(field));
