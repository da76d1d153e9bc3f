import type { CounterName } from "./counter-book.ts";

const outcome = (name: string): CounterName => ({
  name: "roadstream_cloud_records_total",
  labels: { outcome: name },
});

/** The stages' own counters that the demo shows. */
export const COUNTERS = {
  captured: { name: "roadstream_agent_outbox_accepted_total" },
  /** The receiver speaks once in a second of the trip. */
  epochs: { name: "roadstream_agent_outbox_accepted_total", labels: { stream: "gps_data" } },
  held: { name: "roadstream_agent_outbox_held" },
  connected: { name: "roadstream_agent_uplink_connected" },
  sentBytes: { name: "roadstream_agent_uplink_published_bytes_total" },
  logged: { name: "roadstream_gateway_records_appended_total" },
  refused: { name: "roadstream_gateway_records_dead_lettered_total" },
  files: { name: "roadstream_cloud_files_total" },
  landed: outcome("landed"),
  doubled: outcome("doubled"),
  rejected: outcome("rejected"),
} as const satisfies Record<string, CounterName>;
