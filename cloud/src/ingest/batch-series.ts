import { seriesText, type SeriesKey, type SeriesRanges } from "../ledger/series-ranges.ts";
import { stagedPartition, type StagedBatch, type StageOptions } from "./staged-batch.ts";

/**
 * What a batch adds to a series of a log partition; all numbers of a batch go through here. A retired series comes back
 * whole with the same commit: what its archive holds is merged in, or asked for where it was not read yet.
 */
export const batchSeries = (
  staged: StagedBatch,
  { ledgers, recalled }: Pick<StageOptions, "ledgers" | "recalled">,
  partition: number,
  key: SeriesKey,
): SeriesRanges => {
  const { delta } = stagedPartition(staged, partition);
  const text = seriesText(key);
  const found = delta.series.get(text);
  if (found !== undefined) return found;
  const archive = ledgers.get(partition)?.archiveOf(key) ?? null;
  if (archive === null) return delta.of(key);
  const ranges = recalled.get(text);
  if (ranges === undefined) staged.recalls.set(text, archive);
  else delta.recall(ranges);
  return delta.of(key);
};
