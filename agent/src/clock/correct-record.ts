import { isoTime, uptimeMillis, type UptimeMillis } from "@roadstream/shared";
import type { KnownTime } from "./best-clock.ts";

/** As encode-reading.ts writes a reading that was measured live while no clock was known. */
const CORRECTABLE = /^(\{"seq":\d+),"clock":"unsynced",("uptime_ms":(\d+))/;

/**
 * The record with its time filled in, where it was measured without a clock and the time at its uptime is known by now.
 * Only for records of the machine boot that `timeAt` speaks of. Text in, text out: nothing else of it changes.
 */
export const correctRecord = (record: string, timeAt: (uptime: UptimeMillis) => KnownTime | null): string => {
  const match = CORRECTABLE.exec(record);
  if (match === null) return record;
  const known = timeAt(uptimeMillis(Number(match[3])));
  if (known === null || known.at < 0) return record;
  const error = known.errorMs === null ? "" : `,"clock_error_ms":${known.errorMs}`;
  const head = `${match[1]},"captured_at":"${isoTime(known.at)}","clock":"${known.clock}"${error},${match[2]}`;
  return head + record.slice(match[0].length);
};
