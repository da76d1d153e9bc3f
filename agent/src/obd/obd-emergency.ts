/** What the car says of its own faults at one reading; null: not asked, or no answer. */
export interface FaultState {
  readonly milOn: boolean | null;
  /** As in vehicle_data.dtc_codes. */
  readonly dtcCodes: string | null;
}

export type ObdEmergency =
  | { readonly status: "active"; readonly severity: "minor" | "major"; readonly description: string }
  | { readonly status: "resolved"; readonly severity: "minor" | "major"; readonly description: string };

/**
 * Codes (SAE J2012) with which a car should not be driven on: misfire that harms the catalyst, cooling, oil pressure,
 * loss of crankshaft signal, charging, brakes, steering, airbags. SAE J1979 has no crash signal.
 */
const SEVERE_CODES: readonly RegExp[] = [
  /^P030\d$/, // misfire
  /^P0(217|218|219)$/, // engine or gearbox too hot, engine overspeed
  /^P0(335|336|340)$/, // crankshaft or camshaft position
  /^P0(520|521|522|524)$/, // oil pressure
  /^P0(560|562|620|625)$/, // supply voltage, generator
  /^C00/, // brakes and steering, defined by SAE
  /^B00/, // restraint systems, defined by SAE
];

const codesOf = (state: FaultState): readonly string[] =>
  state.dtcCodes === null || state.dtcCodes === "" ? [] : state.dtcCodes.split(" ");

const isSevereCode = (code: string): boolean => SEVERE_CODES.some((pattern) => pattern.test(code));

const isBreakdown = (state: FaultState): boolean => state.milOn === true && codesOf(state).some(isSevereCode);
const isKnown = (state: FaultState): boolean => state.milOn !== null && state.dtcCodes !== null;

/**
 * The incident of type `breakdown` that begins or ends between two states: begins when the lamp is on with a severe
 * code (major) or newly on without one (minor); ends when the lamp goes out. Unknown states change nothing, so
 * `previous` is the last known one, null at first: a lamp that is on at the first look counts as newly on.
 */
export const obdEmergency = (previous: FaultState | null, current: FaultState): ObdEmergency | null => {
  if (!isKnown(current)) return null;
  const before = previous ?? { milOn: false, dtcCodes: "" };
  const wasMajor = isBreakdown(before);
  const codes = codesOf(current);
  if (isBreakdown(current) && !wasMajor) {
    return { status: "active", severity: "major", description: `warning lamp on, ${codes.join(" ")}` };
  }
  if (current.milOn === true && before.milOn !== true) {
    return {
      status: "active",
      severity: "minor",
      description: `warning lamp on, codes: ${codes.join(" ") || "none"}`,
    };
  }
  if (current.milOn === false && before.milOn === true) {
    return { status: "resolved", severity: wasMajor ? "major" : "minor", description: "warning lamp off" };
  }
  return null;
};
