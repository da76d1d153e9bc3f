/**
 * SAE J1979-DA, service 01: the PIDs behind the columns of vehicle_data. `bytes` is the exact length of the data; A, B,
 * C, D are its bytes. Everything that knows a PID's length, formula or pace reads it here.
 */
export type PollPace = "fast" | "slow" | "rare" | "once";

export type PidColumn =
  | "speed_kmh"
  | "engine_rpm"
  | "engine_load_pct"
  | "throttle_pct"
  | "coolant_temp_c"
  | "intake_air_temp_c"
  | "ambient_air_temp_c"
  | "mass_air_flow_g_s"
  | "fuel_level_pct"
  | "fuel_rate_l_h"
  | "battery_v"
  | "odometer_km"
  | "run_time_s"
  | "mil_on"
  | "fuel_type";

export type PidValue = number | boolean | string;

export interface PidRow {
  readonly pid: number;
  readonly column: PidColumn;
  readonly bytes: number;
  readonly pace: PollPace;
  /** `data` has exactly `bytes` bytes; null: a value that the standard reserves. */
  readonly decode: (data: Uint8Array) => PidValue | null;
}

const byteAt = (data: Uint8Array, index: number): number => data[index] ?? 0;
const word = (data: Uint8Array): number => byteAt(data, 0) * 256 + byteAt(data, 1);
/** Two decimals are finer than one step of any percentage here (100/255). */
const percent = (data: Uint8Array): number => Math.round((byteAt(data, 0) * 10_000) / 255) / 100;
const celsius = (data: Uint8Array): number => byteAt(data, 0) - 40;

/** SAE J1979-DA PID 51. 0 is "not available"; 24 and above are reserved. */
const FUEL_TYPES: readonly (string | null)[] = [
  null,
  "gasoline",
  "methanol",
  "ethanol",
  "diesel",
  "lpg",
  "cng",
  "propane",
  "electric",
  "bifuel_gasoline",
  "bifuel_methanol",
  "bifuel_ethanol",
  "bifuel_lpg",
  "bifuel_cng",
  "bifuel_propane",
  "bifuel_electric",
  "bifuel_electric_combustion",
  "hybrid_gasoline",
  "hybrid_ethanol",
  "hybrid_diesel",
  "hybrid_electric",
  "hybrid_electric_combustion",
  "hybrid_regenerative",
  "bifuel_diesel",
];

export const PID_TABLE: readonly PidRow[] = [
  { pid: 0x0d, column: "speed_kmh", bytes: 1, pace: "fast", decode: (d) => byteAt(d, 0) },
  { pid: 0x0c, column: "engine_rpm", bytes: 2, pace: "fast", decode: (d) => word(d) / 4 },
  { pid: 0x04, column: "engine_load_pct", bytes: 1, pace: "fast", decode: percent },
  { pid: 0x11, column: "throttle_pct", bytes: 1, pace: "fast", decode: percent },
  { pid: 0x10, column: "mass_air_flow_g_s", bytes: 2, pace: "fast", decode: (d) => word(d) / 100 },
  { pid: 0x5e, column: "fuel_rate_l_h", bytes: 2, pace: "fast", decode: (d) => word(d) / 20 },
  { pid: 0x05, column: "coolant_temp_c", bytes: 1, pace: "slow", decode: celsius },
  { pid: 0x0f, column: "intake_air_temp_c", bytes: 1, pace: "slow", decode: celsius },
  { pid: 0x46, column: "ambient_air_temp_c", bytes: 1, pace: "slow", decode: celsius },
  { pid: 0x2f, column: "fuel_level_pct", bytes: 1, pace: "slow", decode: percent },
  { pid: 0x42, column: "battery_v", bytes: 2, pace: "slow", decode: (d) => word(d) / 1000 },
  { pid: 0x1f, column: "run_time_s", bytes: 2, pace: "slow", decode: word },
  {
    pid: 0xa6,
    column: "odometer_km",
    bytes: 4,
    pace: "slow",
    decode: (d) => (word(d) * 65_536 + word(d.subarray(2))) / 10,
  },
  { pid: 0x01, column: "mil_on", bytes: 4, pace: "rare", decode: (d) => byteAt(d, 0) >= 0x80 },
  { pid: 0x51, column: "fuel_type", bytes: 1, pace: "once", decode: (d) => FUEL_TYPES[byteAt(d, 0)] ?? null },
];

const ROW_BY_PID: ReadonlyMap<number, PidRow> = new Map(PID_TABLE.map((row) => [row.pid, row]));

export const pidRow = (pid: number): PidRow | null => ROW_BY_PID.get(pid) ?? null;
