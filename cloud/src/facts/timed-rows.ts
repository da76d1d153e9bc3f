import type { StreamName } from "@roadstream/shared";
import { TRUSTED_AHEAD_MS, TRUSTED_SINCE_MS } from "../ingest/ingest-limits.ts";
import type { Relation, Scope } from "./relation.ts";
import type { Words } from "./words.ts";

/**
 * What a machine boot's uptime is in UTC, once the car said that it knows: it says so in a row that bears both. Of
 * several, a receiver's word goes before the network's. A time that event_at would not trust is no word: a receiver whose weeks
 * rolled over would move trips to another decade.
 */
export const DRIVING_CLOCK: Relation = {
  name: "driving_clock",
  reads: [],
  select: (words) => {
    const captured = words.msOf("captured_at");
    const offset = `${captured} - uptime_ms`;
    const by = (clock: string): string => `MAX(CASE WHEN clock = '${clock}' THEN ${offset} END)`;
    const trusted = `${captured} BETWEEN ${TRUSTED_SINCE_MS} AND ${words.msOf("received_at")} + ${TRUSTED_AHEAD_MS}`;
    return `SELECT vehicle_id, machine_boot, COALESCE(${by("gnss")}, ${by("ntp")}, MAX(${offset})) AS offset_ms
FROM agent_events
WHERE kind = 'clock_corrected' AND clock <> 'unsynced' AND ${trusted}
GROUP BY vehicle_id, machine_boot`;
  },
};

/** When a row `r` of an unsynced clock was measured, as far as its driving_clock `c` tells. */
const correctedMs = (words: Words): string =>
  `COALESCE(r.uptime_ms + c.offset_ms, ${words.msOf("r.event_at")})`;

const CLOCK_OF_ROW =
  "LEFT JOIN driving_clock AS c ON r.vehicle_id = c.vehicle_id AND r.machine_boot = c.machine_boot";

export interface TimedRows {
  readonly stream: StreamName;
  /** Columns of the stream. */
  readonly columns: readonly string[];
  /** Which of its rows, over the alias `r`; all by default. */
  readonly where?: string;
  /** Where a span begins for them; `since` lies further back, for what holds for a while. */
  readonly begin?: "from" | "since";
}

/**
 * Rows of a stream with at_ms, when they were measured: event_at, or, where the machine had no clock yet and has said
 * later what time it was, that. Needs driving_clock. `span` tells apart what lies in different spans of the scope.
 */
export const timedRows = (rows: TimedRows, words: Words, scope: Scope): string => {
  const { stream, columns, where = "1 = 1", begin = "from" } = rows;
  const own = columns.map((column) => `r.${column}`).join(", ");
  const landed = words.msOf("r.event_at");
  const corrected = correctedMs(words);
  const spans = (time: string, unit: "at" | "ms"): string =>
    scope.kind === "all"
      ? ""
      : `\nJOIN ${scope.table} AS s ON r.vehicle_id = s.vehicle_id AND ${time} BETWEEN s.${begin}_${unit} AND s.until_${unit}`;
  const span = scope.kind === "all" ? "0" : "s.from_ms";
  return `SELECT r.vehicle_id, ${span} AS span, ${landed} AS at_ms, r.seq, ${own}
FROM ${stream} AS r${spans("r.event_at", "at")}
WHERE r.clock <> 'unsynced' AND ${where}
UNION ALL
SELECT r.vehicle_id, ${span} AS span, ${corrected} AS at_ms, r.seq, ${own}
FROM ${stream} AS r
${CLOCK_OF_ROW}${spans(corrected, "ms")}
WHERE r.clock = 'unsynced' AND ${where}`;
};
