import type { OwnColumns, UptimeMillis } from "@roadstream/shared";
import type { BestClock } from "../clock/best-clock.ts";
import { encodeReading, type EncodeOutcome } from "../outbox/encode-reading.ts";

type Columns = OwnColumns<"agent_events">;
export type AgentEvent = Pick<Columns, "kind"> & Partial<Columns>;

const NOTHING_SAID = {
  about_boot_id: null,
  about_stream: null,
  seq_from: null,
  seq_to: null,
  reason: null,
  detail: null,
} as const;

/** What the car says of itself, as a reading of now. */
export const encodeEvent = (event: AgentEvent, clock: BestClock, uptime: UptimeMillis): EncodeOutcome =>
  encodeReading(
    { stream: "agent_events", ...clock.stamp(uptime), columns: { ...NOTHING_SAID, ...event } },
    "correctable",
  );
