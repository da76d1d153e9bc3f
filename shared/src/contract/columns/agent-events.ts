import { oneOf, optional } from "../column.ts";
import { MAX_EVENT_DETAIL } from "../limits.ts";
import { BOOT_ID_PATTERN } from "../patterns.ts";

export const AGENT_EVENT_KINDS = [
  "started",
  "stopped",
  "source_lost",
  "source_back",
  "clock_corrected",
  "dropped",
  "checkpoint",
  "config_applied",
] as const;
export type AgentEventKind = (typeof AGENT_EVENT_KINDS)[number];

export const AGENT_EVENTS_COLUMNS = [
  oneOf(101, "kind", AGENT_EVENT_KINDS, { nullable: false }, "What happened."),
  optional(102, "about_boot_id", "string", "The boot it speaks of, where not its own.", {
    pattern: BOOT_ID_PATTERN,
    maxLength: 36,
  }),
  optional(103, "about_stream", "string", "The stream it speaks of.", { maxLength: 64 }),
  optional(104, "seq_from", "int64", "First seq of the range it speaks of.", { min: 1 }),
  optional(105, "seq_to", "int64", "Last seq of that range.", { min: 1 }),
  optional(106, "reason", "string", "Why, as a name."),
  optional(107, "detail", "string", "For people; of a checkpoint, JSON (see contract/checkpoint.ts).", {
    maxLength: MAX_EVENT_DETAIL,
  }),
] as const;
