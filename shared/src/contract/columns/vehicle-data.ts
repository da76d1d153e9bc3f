import { optional } from "../column.ts";
import { position } from "./position.ts";

const percent = { unit: "%", min: 0, max: 100 };
const celsius = { unit: "°C" };

export const VEHICLE_DATA_COLUMNS = [
  ...position(101, " of the last fix younger than 5 s, else null"),
  optional(103, "speed_kmh", "float64", "Vehicle speed (service 01 PID 0D).", { unit: "km/h", min: 0 }),
  optional(104, "engine_rpm", "float64", "Engine speed (PID 0C).", { unit: "1/min", min: 0 }),
  optional(105, "engine_load_pct", "float64", "Calculated engine load (PID 04).", percent),
  optional(106, "throttle_pct", "float64", "Throttle position (PID 11).", percent),
  optional(107, "coolant_temp_c", "float64", "Engine coolant temperature (PID 05).", celsius),
  optional(108, "intake_air_temp_c", "float64", "Intake air temperature (PID 0F).", celsius),
  optional(109, "ambient_air_temp_c", "float64", "Ambient air temperature (PID 46).", celsius),
  optional(110, "mass_air_flow_g_s", "float64", "Mass air flow (PID 10).", { unit: "g/s", min: 0 }),
  optional(111, "fuel_level_pct", "float64", "Fuel tank level (PID 2F).", percent),
  optional(112, "fuel_rate_l_h", "float64", "Engine fuel rate (PID 5E).", { unit: "l/h", min: 0 }),
  optional(113, "battery_v", "float64", "Control module voltage (PID 42) or the adapter's ATRV.", {
    unit: "V",
    min: 0,
  }),
  optional(114, "odometer_km", "float64", "Odometer (PID A6).", { unit: "km", min: 0 }),
  optional(115, "run_time_s", "int32", "Time since engine start (PID 1F).", { unit: "s", min: 0 }),
  optional(116, "mil_on", "boolean", "Malfunction indicator lamp (PID 01)."),
  optional(
    117,
    "dtc_codes",
    "string",
    "Stored and pending trouble codes, sorted, space-separated; empty = asked and none, null = not asked.",
    { maxLength: 1024 },
  ),
  optional(118, "vin", "string", "Vehicle identification number (service 09 PID 02).", {
    pattern: "[A-HJ-NPR-Z0-9]{17}",
    maxLength: 17,
  }),
  optional(119, "make", "string", "Configured manufacturer.", { maxLength: 64 }),
  optional(120, "model", "string", "Configured model.", { maxLength: 64 }),
  optional(121, "year", "int32", "Model year.", { min: 1900, max: 2100 }),
  optional(122, "fuel_type", "string", "Fuel type (PID 51) as a word, or configured.", { maxLength: 64 }),
] as const;
