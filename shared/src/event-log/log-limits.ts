import { RoadstreamError } from "../errors.ts";
import type { LogAppend } from "./event-log.ts";

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

const checkSize = (record: LogAppend): void => {
  const units = record.value.length + record.key.length;
  if (record.headers === undefined && units * MAX_BYTES_PER_UNIT < LOG_RECORD_MAX_BYTES / 2) return;
  const bytes = recordBytes(record);
  if (bytes <= LOG_RECORD_MAX_BYTES) return;
  throw new RoadstreamError("invariant", `a log record of ${bytes} bytes is over ${LOG_RECORD_MAX_BYTES}`);
};

/**
 * About the bytes that an append holds: its texts are counted by their length, since to look at every character costs
 * more than it is worth. Throws `invariant` where a record breaks the port's terms.
 */
export const checkedAppendBytes = (records: readonly LogAppend[]): number => {
  let total = 0;
  for (const record of records) {
    checkSize(record);
    if (record.value.includes("\n")) {
      throw new RoadstreamError("invariant", `a log record for ${record.topic} holds a raw newline`);
    }
    total += RECORD_OVERHEAD_BYTES + record.key.length + record.value.length;
  }
  return total;
};
