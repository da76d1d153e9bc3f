import { oneOf, optional } from "../column.ts";
import { position } from "./position.ts";

export const FIX_KINDS = [
  "none",
  "dead_reckoning",
  "2d",
  "3d",
  "differential",
  "rtk",
  "manual",
  "simulated",
] as const;
export type FixKind = (typeof FIX_KINDS)[number];

export const GPS_DATA_COLUMNS = [
  optional(101, "fix_at", "timestamp", "The receiver's own UTC of the epoch, as it said it."),
  oneOf(102, "fix", FIX_KINDS, { nullable: false }, "Kind of fix; none keeps the row with a null position."),
  ...position(103, ", null when fix is none"),
  optional(105, "altitude_m", "float64", "Above mean sea level.", { unit: "m" }),
  optional(106, "speed_kmh", "float64", "Over ground.", { unit: "km/h", min: 0 }),
  optional(
    107,
    "heading_deg",
    "float64",
    "Course over ground from true north; null where the receiver leaves it blank.",
    { unit: "degrees", min: 0, max: 360 },
  ),
  optional(108, "satellites_used", "int32", "Satellites in the solution.", { min: 0 }),
  optional(109, "hdop", "float64", "Horizontal dilution of precision.", { min: 0 }),
  optional(110, "vehicle_type", "string", "Configured: car, truck, bus …", { maxLength: 64 }),
] as const;
