import {
  MAX_RECORDS_PER_PUBLISH,
  RoadstreamError,
  type HeaderClaim,
  type LogTopics,
  type StreamName,
  type TableName,
} from "@roadstream/shared";
import type { EventLog, LogSlice } from "@roadstream/shared/event-log";
import { readDeadLetter } from "../dead-letters/read-dead-letter.ts";
import { readFast, readSlow } from "../ingest/read-record.ts";
import { topicOf } from "../ingest/record-identity.ts";
import type { TableHead } from "../ports.ts";

/** One read of the log. */
const READ_BYTES = 4 * 1024 * 1024;

/** Numbers that a record of the log stands for. */
interface LogFinding {
  readonly stream: string;
  readonly vehicleId: string;
  readonly bootId: string;
  readonly from: number;
  readonly to: number;
  /** It only says so of itself: a header that was refused, or is going to be. */
  readonly isClaim: boolean;
}

export interface LogRemainderOptions {
  readonly log: EventLog;
  readonly topics: LogTopics;
  readonly table: TableName;
  readonly head: TableHead | null;
  readonly onFinding: (finding: LogFinding) => void;
}

/** The log went on without us: what was read belongs to an older head. */
export const LOG_MOVED = "log_moved";

/**
 * Reads what lies in a table's topic beyond the table's offsets. `log_moved`: the log no longer holds that place, so
 * the table has moved on, or the log was cut.
 */
export const readLogRemainder = async (options: LogRemainderOptions): Promise<"read" | typeof LOG_MOVED> => {
  const { log, table, head } = options;
  const topic = topicOf(options.topics, table);
  const known = head?.ingest ?? null;
  const partitions = await log.partitions(topic);
  // Nothing was ever fed from it: a log without this topic is no wrong log.
  if (partitions === null && known === null) return "read";
  const identity = partitions === null ? null : await log.identity(topic);
  if (partitions === null || (known !== null && known.logIdentity !== identity)) {
    const found = identity === null ? `this one has no topic ${topic}` : `this one is ${identity}`;
    throw new RoadstreamError(
      "log_mismatch",
      `${table} was fed by the log ${known?.logIdentity ?? "none"}, ${found}`,
      {
        hint: "Name the log that feeds this lake, or leave out --log: then the cars' checkpoints alone say what may lie in it.",
      },
    );
  }
  for (let partition = 0; partition < partitions; partition += 1) {
    const { start, end } = await log.range({ topic, partition });
    const next = known?.partitions[partition]?.next ?? start;
    if (next < start) return LOG_MOVED;
    for (let at = next; at < end;) {
      const slice = await log.read({ topic, partition }, at, READ_BYTES);
      if ("kind" in slice) return LOG_MOVED;
      const last = slice.offsets.at(-1);
      if (last === undefined) break;
      findIn(slice, options);
      at = last + 1;
    }
  }
  return "read";
};

const findIn = (slice: LogSlice, { table, onFinding }: LogRemainderOptions): void => {
  for (const [i, value] of slice.values.entries()) {
    const finding = table === "dead_letters" ? letterIn(value) : recordIn(table, value);
    // Nobody speaks for another vehicle: the log's key says whose the record is.
    if (finding !== null && finding.vehicleId === slice.keys[i]) onFinding(finding);
  }
};

const recordIn = (stream: StreamName, value: string): LogFinding | null => {
  const read = readFast(stream, value) ?? readSlow(stream, value);
  if (read.kind === "record") {
    const { vehicleId, bootId, seq } = read;
    return { stream, vehicleId, bootId, from: seq, to: seq, isClaim: false };
  }
  return claimed({ ...read.claim, stream });
};

/** One publish holds at most so many numbers: who claims more stands for none of them. */
const claimed = ({ vehicleId, bootId, stream, seqFrom, seqTo }: HeaderClaim): LogFinding | null => {
  if (vehicleId === null || bootId === null || stream === null || seqFrom === null || seqTo === null)
    return null;
  return seqTo - seqFrom >= MAX_RECORDS_PER_PUBLISH
    ? null
    : { stream, vehicleId, bootId, from: seqFrom, to: seqTo, isClaim: true };
};

const letterIn = (value: string): LogFinding | null => {
  const letter = readDeadLetter(value);
  return letter.kind === "letter" ? claimed(letter.claim) : null;
};
