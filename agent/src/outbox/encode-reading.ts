import {
  isoTime,
  MAX_PUBLISH_BYTES,
  MAX_HEADER_BYTES,
  OWN_COLUMNS,
  STREAM_NAMES,
  valueWriter,
  STREAMS,
  type Column,
  type Rejection,
  type StreamName,
} from "@roadstream/shared";
import type { EncodedReading, SampledReading } from "../ports.ts";

/** One record alone must fit a publish, uncompressed, beside the longest header and a machine_boot of its own. */
export const MAX_RECORD_BYTES = MAX_PUBLISH_BYTES - MAX_HEADER_BYTES - 128;

export type EncodeOutcome =
  | { readonly ok: true; readonly encoded: EncodedReading }
  | { readonly ok: false; readonly column: string; readonly reason: Rejection["reason"] };

interface Field {
  readonly column: Column;
  readonly prefix: string;
  readonly write: ReturnType<typeof valueWriter>;
}

const encoder = new TextEncoder();

const fieldsOf = (stream: StreamName): readonly Field[] => {
  const own: readonly Column[] = OWN_COLUMNS[stream];
  return own
    .filter((column) => column.origin === "record")
    .map((column) => ({
      column,
      prefix: `,${JSON.stringify(column.name)}:`,
      write: valueWriter(column),
    }));
};

const FIELDS = Object.fromEntries(STREAM_NAMES.map((name) => [name, fieldsOf(name)])) as Record<
  StreamName,
  readonly Field[]
>;

/**
 * `correctable`: the reading was measured now, so its time may be filled in once a clock is known. `fixed`: a replay,
 * whose uptime says nothing of when it was measured. The two differ in the order of clock and uptime_ms, so that the
 * stored text alone tells (see correct-record.ts).
 */
export type TimeKind = "correctable" | "fixed";

const timeFields = (reading: SampledReading, kind: TimeKind): string => {
  const uptime = `"uptime_ms":${Math.trunc(reading.uptime)}`;
  if (reading.capturedAt === null) {
    return kind === "correctable" ? `"clock":"unsynced",${uptime}` : `${uptime},"clock":"unsynced"`;
  }
  const error = reading.clockErrorMs === null ? "" : `,"clock_error_ms":${reading.clockErrorMs}`;
  return `"captured_at":"${isoTime(reading.capturedAt)}","clock":"${reading.clock}"${error},${uptime}`;
};

/**
 * A reading as the outbox keeps it, checked by the contract's own columns: what is accepted here is refused nowhere
 * later. Nulls are left out.
 */
export const encodeReading = (reading: SampledReading, kind: TimeKind): EncodeOutcome => {
  const refuse = (column: string, reason: Rejection["reason"]): EncodeOutcome => ({
    ok: false,
    column,
    reason,
  });
  if (!Number.isFinite(reading.uptime) || reading.uptime < 0) return refuse("uptime_ms", "out_of_range");
  if (reading.clockErrorMs !== null && !(reading.clockErrorMs >= 0 && Number.isFinite(reading.clockErrorMs)))
    return refuse("clock_error_ms", "out_of_range");
  if (reading.capturedAt !== null && !isWireTime(reading.capturedAt))
    return refuse("captured_at", "bad_time");
  const values: Readonly<Record<string, unknown>> = reading.columns;
  let tail = timeFields(reading, kind);
  for (const { column, prefix, write } of FIELDS[reading.stream]) {
    const value = values[column.name] ?? null;
    if (value === null) {
      if (!column.nullable) return refuse(column.name, "missing_field");
      continue;
    }
    const text = write(value);
    if (typeof text !== "string") return refuse(column.name, text.reason);
    tail += prefix + text;
  }
  const get = (name: string): unknown => {
    if (name === "captured_at") return reading.capturedAt;
    return name === "clock" ? reading.clock : (values[name] ?? null);
  };
  const broken = STREAMS[reading.stream].rules.find((rule) => !rule.holds(get));
  if (broken !== undefined) return refuse("row", broken.reason);
  tail += "}";
  // UTF-8 takes at most three bytes for each UTF-16 unit: the exact count is needed only near the limit.
  if (tail.length * 3 > MAX_RECORD_BYTES && encoder.encode(tail).length > MAX_RECORD_BYTES)
    return refuse("row", "oversize");
  return { ok: true, encoded: { stream: reading.stream, tail } };
};

/** ISO 8601 with four digits; nothing in this system was measured before 1970. */
const LAST_TIME = Date.UTC(9999, 11, 31, 23, 59, 59, 999);
const isWireTime = (at: number): boolean => at >= 0 && at <= LAST_TIME;
