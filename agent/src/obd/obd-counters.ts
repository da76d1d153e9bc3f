import type { Counter, Metrics } from "@roadstream/shared";

/** What the OBD source counts. Requests = the sum of their outcomes; every rejected line and answer has its reason. */
export interface ObdCounters {
  readonly requests: Counter;
  /** By outcome: `answered`, `timeout`, `unresponsive`, `reset`, `oversize`. */
  readonly outcomes: Counter;
  /** What the adapter said instead of, or beside, data; `unusable` where nothing in its answer could be believed. */
  readonly errors: Counter;
  /** By reason: framing, transport and decoding faults. */
  readonly rejected: Counter;
  /** Bytes from the adapter, by kind. */
  readonly bytes: Counter;
  /** Lines and replies that answered no question of ours: late or unasked. */
  readonly unasked: Counter;
  readonly cycles: Counter;
  readonly readings: Counter;
  readonly sessions: Counter;
  readonly sleeps: Counter;
}

export const obdCounters = (metrics: Metrics): ObdCounters => ({
  requests: metrics.counter("roadstream_agent_obd_requests_total", "Commands written to the OBD adapter"),
  outcomes: metrics.counter("roadstream_agent_obd_outcomes_total", "How OBD commands ended", ["outcome"]),
  errors: metrics.counter("roadstream_agent_obd_errors_total", "Errors that the OBD adapter reported", [
    "error",
  ]),
  rejected: metrics.counter("roadstream_agent_obd_rejected_total", "OBD lines and answers refused", [
    "reason",
  ]),
  bytes: metrics.counter("roadstream_agent_obd_bytes_total", "Bytes received from the OBD adapter", ["kind"]),
  unasked: metrics.counter("roadstream_agent_obd_unasked_total", "OBD replies that answered nothing"),
  cycles: metrics.counter("roadstream_agent_obd_cycles_total", "Polling cycles by result", ["result"]),
  readings: metrics.counter("roadstream_agent_obd_readings_total", "vehicle_data readings handed on"),
  sessions: metrics.counter("roadstream_agent_obd_sessions_total", "Adapter sessions by how they ended", [
    "end",
  ]),
  sleeps: metrics.counter("roadstream_agent_obd_sleeps_total", "Times that polling stopped for a parked car"),
});
