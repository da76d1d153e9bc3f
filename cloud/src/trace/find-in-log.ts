import { SENT_UPTIME_FIELD, type RecordId } from "@roadstream/shared";
import type { EventLog, LogSlice, TopicPartition } from "@roadstream/shared/event-log";
import type { LoggedRecord, UnsearchedLog } from "./evidence.ts";

const SLICE_BYTES = 4 * 1024 * 1024;
/** A log that is further ahead of the table than this is not searched to its end. */
const MAX_SLICES = 64;

type Fields = Readonly<Record<string, unknown>>;

const fieldsOf = (value: string): Fields | null => {
  try {
    const fields: unknown = JSON.parse(value);
    return typeof fields === "object" && fields !== null ? (fields as Fields) : null;
  } catch {
    return null;
  }
};

/** What is looked for in a topic: the records themselves, or the dead letters that stand for them. */
export type Wanted = LoggedRecord["kind"];

const isOf = (id: RecordId, wanted: Wanted, fields: Fields): boolean => {
  if (fields["vehicle_id"] !== id.vehicleId || fields["boot_id"] !== id.bootId) return false;
  if (wanted === "record") return fields["seq"] === id.seq;
  const { stream, seq_from: from, seq_to: to } = fields;
  return (
    stream === id.stream &&
    typeof from === "number" &&
    typeof to === "number" &&
    from <= id.seq &&
    id.seq <= to
  );
};

const ageAtSending = (fields: Fields): number | null => {
  const sent = fields[SENT_UPTIME_FIELD];
  const captured = fields["uptime_ms"];
  return typeof sent === "number" && typeof captured === "number" && sent >= captured
    ? sent - captured
    : null;
};

const inSlice = (slice: LogSlice, id: RecordId, wanted: Wanted): LoggedRecord | null => {
  for (const [at, value] of slice.values.entries()) {
    // A glance at the text spares the parsing of everything else.
    if (slice.keys[at] !== id.vehicleId || !value.includes(id.bootId)) continue;
    const fields = fieldsOf(value);
    const offset = slice.offsets[at];
    const appendedAt = slice.appendedAt[at];
    if (offset === undefined || appendedAt === undefined || fields === null || !isOf(id, wanted, fields))
      continue;
    const { topic, partition } = slice;
    return { kind: wanted, topic, partition, offset, appendedAt, ageAtSendingMs: ageAtSending(fields) };
  }
  return null;
};

/** Reads one place of the log again; null when the record is not there any more. */
export const readAgain = async (
  log: EventLog,
  at: TopicPartition,
  offset: number,
  id: RecordId,
): Promise<LoggedRecord | null> => {
  const slice = await log.read(at, offset, 1);
  return "kind" in slice ? null : inSlice(slice, id, "record");
};

export interface LogSearch {
  readonly at: TopicPartition;
  readonly from: number;
  readonly id: RecordId;
  readonly wanted: Wanted;
}

export interface LogSearched {
  readonly found: LoggedRecord | null;
  /** Null where it was found, or all was looked at. */
  readonly unsearched: UnsearchedLog | null;
}

/** Looks for a record from an offset of one partition on, as far as the log reached at the beginning. */
export const findInLog = async (
  log: Pick<EventLog, "range" | "read">,
  { at, from, id, wanted }: LogSearch,
): Promise<LogSearched> => {
  const { start, end } = await log.range(at);
  const first = Math.max(from, start);
  let next = first;
  for (let slices = 0; slices < MAX_SLICES && next < end; slices += 1) {
    const slice = await log.read(at, next, SLICE_BYTES);
    const last = "kind" in slice ? undefined : slice.offsets.at(-1);
    if ("kind" in slice) break;
    const found = inSlice(slice, id, wanted);
    if (found !== null) return { found, unsearched: null };
    // What is left of the offsets holds no records.
    next = last === undefined ? end : last + 1;
  }
  const isWhole = next >= end && start <= from;
  return {
    found: null,
    unsearched: isWhole ? null : { ...at, from: first, to: next, wanted: from, end },
  };
};
