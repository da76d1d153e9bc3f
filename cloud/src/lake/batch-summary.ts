import { SUMMARY } from "./table-properties.ts";

/** How a batch got into its table, as its snapshot's summary says it. */
export interface BatchSummary {
  /** 1, and one more for each version of the table on which it came too late. */
  readonly attempt: number;
  /** From when the worker began with the batch until all but the table's metadata was put; null: not said. */
  readonly commitMs: number | null;
  /** Batches of the table that the same worker dropped since its commit before, because of a conflict. */
  readonly dropped: number;
}

/** What goes without saying is left out. */
export const printBatchSummary = ({
  attempt,
  commitMs,
  dropped,
}: BatchSummary): Readonly<Record<string, string>> => ({
  ...(attempt > 1 ? { [SUMMARY.attempt]: String(attempt) } : {}),
  ...(commitMs === null ? {} : { [SUMMARY.commitMs]: String(commitMs) }),
  ...(dropped > 0 ? { [SUMMARY.dropped]: String(dropped) } : {}),
});

/** Null where it is not said, or not as we say it. */
const wholeNumber = (text: string | undefined): number | null => {
  const value = Number(text ?? Number.NaN);
  return Number.isSafeInteger(value) && value >= 0 ? value : null;
};

/** Of snapshots that older versions wrote, too. */
export const readBatchSummary = (summary: Readonly<Record<string, string>>): BatchSummary => ({
  attempt: Math.max(1, wholeNumber(summary[SUMMARY.attempt]) ?? 1),
  commitMs: wholeNumber(summary[SUMMARY.commitMs]),
  dropped: wholeNumber(summary[SUMMARY.dropped]) ?? 0,
});
