import type { TableName } from "@roadstream/shared";
import type { TableHead } from "../../ports.ts";
import type { DroppedDays, DropReport } from "../../retain/drop-days.ts";
import { retainDays } from "../../retain/retention.ts";

export interface RetainedTable {
  readonly table: TableName;
  readonly head: TableHead;
  /** What was past the limit, before anything was dropped. */
  readonly past: DroppedDays;
  /** Null where nothing was to be dropped. */
  readonly dropped: DropReport | null;
}

/** One table's line as printed. A type and not an interface: it is printed as a table's row, whose keys are any. */
export type RetainLine = {
  readonly table: TableName;
  /** Null: for ever. */
  readonly retain_days: number | null;
  readonly past_days: number;
  readonly past_files: number;
  readonly past_rows: number;
  readonly dropped_rows: number;
  readonly dropped_pictures: number;
  /** Of days that were dropped earlier. */
  readonly objects_removed: number;
};

export const retainLine = ({ table, head, past, dropped }: RetainedTable): RetainLine => ({
  table,
  retain_days: retainDays(head.properties),
  past_days: past.days,
  past_files: past.files,
  past_rows: past.rows,
  dropped_rows: dropped?.rows ?? 0,
  dropped_pictures: dropped?.pictures ?? 0,
  objects_removed: dropped?.objects ?? 0,
});

export const retainNote = (lines: readonly RetainLine[], isApplied: boolean): string => {
  const sum = (of: (line: RetainLine) => number): number => lines.reduce((all, line) => all + of(line), 0);
  if (isApplied) return `${sum((line) => line.dropped_rows)} rows were dropped.`;
  const rows = sum((line) => line.past_rows);
  return rows === 0
    ? "Nothing is past its limit."
    : `${rows} rows are past their limit: cloud run drops them within the hour, --apply now.`;
};
