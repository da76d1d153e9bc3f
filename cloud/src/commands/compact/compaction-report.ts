import type { CompactionReport } from "../../lake/compact-table.ts";
import { filesAfter, TARGET_FILE_BYTES, type CompactionGroup } from "../../lake/plan-compaction.ts";

/** One table's line as printed. A type and not an interface: it is printed as a table's row, whose keys are any. */
export type CompactionLine = {
  readonly table: string;
  readonly days: number;
  readonly files_before: number;
  readonly files_after: number;
  readonly bytes_before: number;
  /** Null in a dry run: not known before. */
  readonly bytes_after: number | null;
  readonly rows: number;
  /** Groups that were left as they were: another had changed them meanwhile. */
  readonly skipped: number;
};

/** What a plan comes to. */
export const plannedLine = (table: string, groups: readonly CompactionGroup[]): CompactionLine => {
  const files = groups.flatMap((group) => group.files);
  const sum = (of: (file: (typeof files)[number]) => number): number =>
    files.reduce((total, file) => total + of(file), 0);
  return {
    table,
    days: new Set(groups.map(({ day }) => day)).size,
    files_before: files.length,
    files_after: groups.reduce((total, group) => total + filesAfter(group.files, TARGET_FILE_BYTES), 0),
    bytes_before: sum((file) => file.sizeBytes),
    bytes_after: null,
    rows: sum((file) => file.rows),
    skipped: 0,
  };
};

export const compactionLine = (report: CompactionReport): CompactionLine => ({
  table: report.table,
  days: report.days,
  files_before: report.filesBefore,
  files_after: report.filesAfter,
  bytes_before: report.bytesBefore,
  bytes_after: report.bytesAfter,
  rows: report.rows,
  skipped: report.skipped.length,
});
