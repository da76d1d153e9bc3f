import type { StoredTable } from "./stored-table.ts";
import { currentSnapshot, MAIN_BRANCH, type Snapshot, type TableMetadata } from "./table-metadata.ts";

/** Iceberg specification, "Snapshots": what became of files. */
export type Operation = "append" | "replace" | "overwrite" | "delete";

export interface FileChange {
  readonly files: number;
  readonly rows: number;
  readonly bytes: number;
}

export const NO_FILES: FileChange = { files: 0, rows: 0, bytes: 0 };

export interface NextSnapshot {
  readonly snapshotId: bigint;
  readonly manifestList: string;
  readonly operation: Operation;
  readonly added: FileChange;
  readonly removed: FileChange;
  readonly changedDays: number;
  /** Keys of ours. */
  readonly summary: Readonly<Record<string, string>>;
}

/** Iceberg specification, appendix F: totals follow from the parent's, and are left out when it does not say them. */
const totals = (parent: Snapshot | null, next: NextSnapshot): Record<string, string> => {
  const total = (key: string, added: number, removed: number): Record<string, string> => {
    const before = parent === null ? 0 : Number(parent.summary[key] ?? Number.NaN);
    return Number.isSafeInteger(before) ? { [key]: String(before + added - removed) } : {};
  };
  const deletes = parent?.summary["total-delete-files"] ?? "0";
  return {
    ...total("total-records", next.added.rows, next.removed.rows),
    ...total("total-data-files", next.added.files, next.removed.files),
    ...total("total-files-size", next.added.bytes, next.removed.bytes),
    "total-delete-files": deletes,
    "total-position-deletes": parent?.summary["total-position-deletes"] ?? "0",
    "total-equality-deletes": parent?.summary["total-equality-deletes"] ?? "0",
  };
};

const changes = (next: NextSnapshot): Record<string, string> => ({
  operation: next.operation,
  "added-data-files": String(next.added.files),
  "added-records": String(next.added.rows),
  "added-files-size": String(next.added.bytes),
  ...(next.removed.files === 0
    ? {}
    : {
        "deleted-data-files": String(next.removed.files),
        "deleted-records": String(next.removed.rows),
        "removed-files-size": String(next.removed.bytes),
      }),
  "changed-partition-count": String(next.changedDays),
});

/** Time never goes back: Java refuses metadata whose log does (by more than a minute). */
const timeAfter = (metadata: TableMetadata, now: number): number =>
  Math.max(now, metadata["last-updated-ms"]);

/** The metadata that follows `on` with other properties and no new snapshot. */
export const withProperties = (
  on: StoredTable,
  properties: Readonly<Record<string, string>>,
  now: number,
): TableMetadata => ({
  ...on.metadata,
  "last-updated-ms": timeAfter(on.metadata, now),
  "metadata-log": [
    ...on.metadata["metadata-log"],
    { "metadata-file": on.pointer.location, "timestamp-ms": on.metadata["last-updated-ms"] },
  ],
  properties: { ...on.metadata.properties, ...properties },
});

/** The metadata that follows `on` with a snapshot on top of main. */
export const withSnapshot = (
  on: StoredTable,
  next: NextSnapshot,
  properties: Readonly<Record<string, string>>,
  now: number,
): TableMetadata => {
  const metadata = withProperties(on, properties, now);
  const parent = currentSnapshot(on.metadata);
  const sequence = on.metadata["last-sequence-number"] + 1;
  const snapshot: Snapshot = {
    "snapshot-id": next.snapshotId,
    ...(parent === null ? {} : { "parent-snapshot-id": parent["snapshot-id"] }),
    "sequence-number": sequence,
    "timestamp-ms": metadata["last-updated-ms"],
    summary: { ...changes(next), ...totals(parent, next), ...next.summary },
    "manifest-list": next.manifestList,
    "schema-id": on.metadata["current-schema-id"],
  };
  return {
    ...metadata,
    "last-sequence-number": sequence,
    "current-snapshot-id": next.snapshotId,
    snapshots: [...metadata.snapshots, snapshot],
    "snapshot-log": [
      ...metadata["snapshot-log"],
      { "snapshot-id": next.snapshotId, "timestamp-ms": snapshot["timestamp-ms"] },
    ],
    refs: {
      ...metadata.refs,
      [MAIN_BRANCH]: { type: "branch", ...metadata.refs[MAIN_BRANCH], "snapshot-id": next.snapshotId },
    },
  };
};
