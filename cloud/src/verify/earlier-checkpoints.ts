import { parseCheckpoint, SeqRanges, type StreamName } from "@roadstream/shared";
import type { CheckpointRow } from "./ports.ts";

/** Numbers that may still be on their way through the log. */
export interface AwaitedSeries {
  readonly vehicleId: string;
  readonly bootId: string;
  readonly stream: StreamName;
  readonly numbers: SeqRanges;
}

/** Rows of one vehicle that are looked at: a checkpoint a minute, and a table's commit takes half a minute. */
export const EARLIER_CHECKPOINTS = 10;

const speaksOf = (row: CheckpointRow, awaited: readonly AwaitedSeries[]): boolean => {
  const boots = parseCheckpoint(row.detail)?.boots ?? [];
  return awaited.some(({ bootId, stream, numbers }) => {
    const said = boots.find((boot) => boot.boot_id === bootId)?.streams[stream];
    return said !== undefined && numbers.intersect(SeqRanges.of(said.acknowledged)).pieces > 0;
  });
};

/**
 * While records of a vehicle's newest checkpoint are on their way, an earlier one tells how far all is accounted for:
 * the last before the first that calls one of them acknowledged. Takes one vehicle's; null when there is none.
 */
export const judgedThrough = (
  rows: readonly CheckpointRow[],
  awaited: readonly AwaitedSeries[],
): number | null => {
  let open = Infinity;
  for (const row of rows) if (speaksOf(row, awaited)) open = Math.min(open, row.eventAt);
  let judged: number | null = null;
  for (const { eventAt } of rows) if (eventAt < open) judged = Math.max(judged ?? eventAt, eventAt);
  return judged;
};
