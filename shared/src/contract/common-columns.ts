import { added, required } from "./column.ts";
import { BOOT_ID_PATTERN, VEHICLE_ID_PATTERN } from "./patterns.ts";

export const CLOCKS = ["gnss", "ntp", "rtc", "unsynced", "simulated"] as const;
export type ClockSource = (typeof CLOCKS)[number];

const clockColumn = { ...required(5, "clock", "string", "Where captured_at comes from."), values: CLOCKS };

/** Every row of every stream begins with these. Field ids 1–30 are theirs. */
export const COMMON_COLUMNS = [
  added(
    1,
    "vehicle_id",
    "string",
    { nullable: false, origin: "header" },
    "The vehicle: MQTT client id, certificate name and Kafka key.",
    {
      pattern: VEHICLE_ID_PATTERN,
      maxLength: 64,
    },
  ),
  added(
    2,
    "boot_id",
    "string",
    { nullable: false, origin: "header" },
    "UUIDv7 of this start of the agent with this outbox.",
    {
      pattern: BOOT_ID_PATTERN,
      maxLength: 36,
    },
  ),
  required(
    3,
    "seq",
    "int64",
    "Number within (vehicle_id, boot_id, stream), from 1 without gaps, given when the outbox accepted the reading.",
    {
      min: 1,
    },
  ),
  added(
    4,
    "captured_at",
    "timestamp",
    { nullable: true, origin: "record" },
    "When it was measured, by the best clock known at upload; null only where no clock was known.",
  ),
  clockColumn,
  added(
    6,
    "clock_error_ms",
    "float64",
    { nullable: true, origin: "record" },
    "Estimated error of captured_at.",
    { unit: "ms", min: 0 },
  ),
  required(
    7,
    "uptime_ms",
    "int64",
    "The machine's monotonic clock at capture, real time also in simulation.",
    { unit: "ms", min: 0 },
  ),
  added(
    8,
    "machine_boot",
    "string",
    { nullable: false, origin: "header" },
    "The machine boot that uptime_ms counts from.",
    { maxLength: 64 },
  ),
  added(
    9,
    "received_at",
    "timestamp",
    { nullable: false, origin: "gateway" },
    "The gateway's clock at acceptance.",
  ),
  added(
    10,
    "event_at",
    "timestamp",
    { nullable: false, origin: "cloud" },
    "The time to query by: captured_at where it can be trusted, else received_at minus the reading's age at sending. Tables are partitioned by its UTC day.",
  ),
  added(
    11,
    "log_partition",
    "int32",
    { nullable: false, origin: "cloud" },
    "Partition of the event log that held it.",
    { min: 0 },
  ),
  added(12, "log_offset", "int64", { nullable: false, origin: "cloud" }, "Offset in that partition.", {
    min: 0,
  }),
  added(
    13,
    "log_appended_at",
    "timestamp",
    { nullable: false, origin: "cloud" },
    "When the event log took it.",
  ),
  added(
    14,
    "landed_at",
    "timestamp",
    { nullable: false, origin: "cloud" },
    "When its batch was written to the lake.",
  ),
] as const;

/**
 * Travels in the log beside the columns, not stored: the sender's uptime when it sent, present only where it is of the
 * same machine boot as the reading; event_at needs it for readings of unsynced clocks.
 */
export const SENT_UPTIME_FIELD = "sent_uptime_ms";
