import type { TableName } from "@roadstream/shared";
import type { LiveFile, TableHead } from "../../ports.ts";

/** A type and not an interface: its rows are printed as a table, whose keys are any. */
type FileLine = {
  readonly location: string;
  readonly day: string;
  readonly rows: number;
  readonly bytes: number;
};

export interface FilesReport {
  readonly ok: true;
  readonly table: TableName;
  /** Null: the table does not exist yet, or is empty. */
  readonly snapshot_id: string | null;
  readonly files: readonly FileLine[];
  readonly totals: { readonly files: number; readonly rows: number; readonly bytes: number };
}

/** A table's files, oldest day first and in the order in which they came. */
export const filesReport = (
  table: TableName,
  head: TableHead | null,
  files: readonly LiveFile[],
  locationOf: (key: string) => string,
): FilesReport => {
  const lines = files
    .toSorted((a, b) => a.day.localeCompare(b.day) || a.sequenceNumber - b.sequenceNumber)
    .map(({ key, day, rows, sizeBytes }) => ({ location: locationOf(key), day, rows, bytes: sizeBytes }));
  const snapshotId = head?.snapshotId ?? null;
  return {
    ok: true,
    table,
    snapshot_id: snapshotId === null ? null : String(snapshotId),
    files: lines,
    totals: {
      files: lines.length,
      rows: lines.reduce((sum, { rows }) => sum + rows, 0),
      bytes: lines.reduce((sum, { bytes }) => sum + bytes, 0),
    },
  };
};
