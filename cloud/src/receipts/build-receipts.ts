import { MAX_PUBLISH_BYTES, type SeqRange } from "@roadstream/shared";
import { settledRanges, type SettledSeries } from "./settled-series.ts";

/** One receipt, in characters: well below an MQTT publish, and a small part of what a log record may be. */
export const MAX_RECEIPT_TEXT = MAX_PUBLISH_BYTES / 2;
/** Of one series in one entry: at two numbers of at most 16 digits each, about half of a receipt. */
const MAX_RANGES_PER_ENTRY = 800;

/** The receipts of one vehicle: as few as fit. What stands in several of them adds up. */
export const buildReceipts = (vehicleId: string, settled: Iterable<SettledSeries>): readonly string[] => {
  const receipts: string[] = [];
  let entries: string[] = [];
  let size = 0;
  const finish = (): void => {
    if (entries.length === 0) return;
    receipts.push(`{"v":1,"vehicle_id":${JSON.stringify(vehicleId)},"settled":[${entries.join(",")}]}`);
    entries = [];
    size = 0;
  };
  for (const one of settled) {
    for (const entry of entriesOf(one)) {
      if (size + entry.length > MAX_RECEIPT_TEXT) finish();
      entries.push(entry);
      size += entry.length + 1;
    }
  }
  finish();
  return receipts;
};

function* entriesOf(one: SettledSeries): Generator<string> {
  const { bootId, stream } = one.series;
  const entry = (ranges: readonly SeqRange[]): string => JSON.stringify({ boot_id: bootId, stream, ranges });
  let ranges: SeqRange[] = [];
  for (const range of settledRanges(one)) {
    ranges.push(range);
    if (ranges.length < MAX_RANGES_PER_ENTRY) continue;
    yield entry(ranges);
    ranges = [];
  }
  if (ranges.length > 0) yield entry(ranges);
}
