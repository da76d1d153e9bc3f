import { oneOf, optional, required } from "../column.ts";
import { NAME_PATTERN } from "../patterns.ts";
import { position } from "./position.ts";

export const INCIDENT_TYPES = ["accident", "fire", "medical", "police", "breakdown"] as const;
export const INCIDENT_STATUSES = ["active", "resolved"] as const;
export const INCIDENT_SEVERITIES = ["minor", "major"] as const;
export const INCIDENT_SOURCES = ["button", "impact", "obd", "simulated"] as const;

export const EMERGENCY_DATA_COLUMNS = [
  required(101, "incident_id", "string", "Same for all rows of one incident.", {
    pattern: NAME_PATTERN,
    maxLength: 128,
  }),
  oneOf(102, "type", INCIDENT_TYPES, { nullable: false }, "What happened."),
  oneOf(103, "status", INCIDENT_STATUSES, { nullable: false }, "Begun or over."),
  oneOf(104, "severity", INCIDENT_SEVERITIES, { nullable: false }, "How bad."),
  oneOf(105, "source", INCIDENT_SOURCES, { nullable: false }, "What noticed it."),
  ...position(106, " of the last fix younger than 5 s, else null"),
  optional(108, "description", "string", "For people.", { maxLength: 2000 }),
] as const;
