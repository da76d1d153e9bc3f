import { RoadstreamError } from "../errors.ts";
import type { LogAppend, LogEntry } from "./event-log.ts";
import { isBlock, singleRecords } from "./log-block.ts";

/** The largest record (key, value and headers in UTF-8): Kafka's default `max.message.bytes` less its own framing. */
export const LOG_RECORD_MAX_BYTES = 1_000_000;
/** The most that one send carries for one partition, so that a large record travels alone. */
export const LOG_SEND_MAX_BYTES = 900_000;
/** What a writer holds of appends that are not durable yet; more is answered `unavailable`. */
export const LOG_PENDING_MAX_BYTES = 128 * 1024 * 1024;
/** Header names and values, and the few bytes of framing that any store spends on a record. */
const RECORD_OVERHEAD_BYTES = 64;

const headerBytes = (headers: Readonly<Record<string, string>>): number => {
  let bytes = 0;
  for (const [name, value] of Object.entries(headers))
    bytes += Buffer.byteLength(name) + Buffer.byteLength(value) + 4;
  return bytes;
};

/** What a record counts against the limits above, in bytes. */
export const recordBytes = (record: LogAppend): number =>
  RECORD_OVERHEAD_BYTES +
  Buffer.byteLength(record.value) +
  record.key.length +
  (record.headers === undefined ? 0 : headerBytes(record.headers));

/** No UTF-16 unit becomes more bytes of UTF-8 than this. */
const MAX_BYTES_PER_UNIT = 3;

const tooLarge = (bytes: number): RoadstreamError =>
  new RoadstreamError("invariant", `a log record of ${bytes} bytes is over ${LOG_RECORD_MAX_BYTES}`);

const isSmall = (units: number): boolean => units * MAX_BYTES_PER_UNIT < LOG_RECORD_MAX_BYTES / 2;

const checkRecord = (record: LogAppend): void => {
  if (record.value.includes("\n"))
    throw new RoadstreamError("invariant", `a log record for ${record.topic} holds a raw newline`);
  if (record.headers === undefined && isSmall(record.value.length + record.key.length)) return;
  const bytes = recordBytes(record);
  if (bytes > LOG_RECORD_MAX_BYTES) throw tooLarge(bytes);
};

/** About the bytes that an entry holds: texts by their length, since to look at every character costs more than it is worth. */
export const entryBytes = (entry: LogEntry): number => {
  const texts = isBlock(entry)
    ? entry.head.length + entry.text.length + (entry.packed?.length ?? 0)
    : entry.value.length;
  return RECORD_OVERHEAD_BYTES + entry.key.length + texts;
};

/** What {@link entryBytes} says of all. Throws `invariant` where a record breaks the port's terms. */
export const checkedAppendBytes = (entries: readonly LogEntry[]): number => {
  let total = 0;
  for (const entry of entries) {
    const bytes = entryBytes(entry);
    if (!isBlock(entry)) checkRecord(entry);
    else if (!isSmall(bytes)) singleRecords([entry]).forEach(checkRecord);
    total += bytes;
  }
  return total;
};
