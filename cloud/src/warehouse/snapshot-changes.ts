import type { IcebergTable } from "../lake/lake-table.ts";
import { hasDeletes } from "../lake/live-files.ts";
import { ENTRY_STATUS, type ManifestEntry } from "../lake/manifest.ts";
import { DELETES_MANIFEST } from "../lake/manifest-list.ts";
import { ancestry, currentSnapshot, type Snapshot, type TableMetadata } from "../lake/table-metadata.ts";
import { dayOf } from "./load-file.ts";

export interface SnapshotChanges {
  /** Entries of files that appends added. */
  readonly added: readonly ManifestEntry[];
  /** By how many rows each day changed. */
  readonly days: ReadonlyMap<string, number>;
  /** Days of which files went, with rows that may be gone. */
  readonly lossy: ReadonlySet<string>;
}

/** Main's snapshots after `since`, oldest first; null when it is no ancestor of the head, or none that is still kept. */
const snapshotsSince = (metadata: TableMetadata, since: bigint): readonly Snapshot[] | null => {
  const newer: Snapshot[] = [];
  for (const snapshot of ancestry(metadata, currentSnapshot(metadata))) {
    if (snapshot["snapshot-id"] === since) return newer.toReversed();
    newer.push(snapshot);
  }
  return null;
};

/** As much of a table as tells what its snapshots changed. */
export interface SnapshotsOfTable {
  readonly manifests: Pick<IcebergTable["manifests"], "list" | "entries">;
}

/**
 * What a snapshot itself added and removed; what it took over from its parent is left out. Null where another engine wrote
 * deletes into files of their own: by how many rows days changed, only the rewrite that applies them will show.
 */
const ownEntries = async (
  { manifests }: SnapshotsOfTable,
  snapshot: Snapshot,
): Promise<readonly ManifestEntry[] | null> => {
  const id = snapshot["snapshot-id"];
  const own = (await manifests.list(snapshot)).filter((one) => one.added_snapshot_id === id);
  if (own.some(({ content }) => content === DELETES_MANIFEST)) return null;
  const entries = await Promise.all(own.map((manifest) => manifests.entries(manifest)));
  return entries.flat().filter((entry) => entry.snapshot_id === id && entry.status !== ENTRY_STATUS.existing);
};

/**
 * What snapshots brought and took since one of them; null where they do not tell: it was expired, main was rolled back
 * behind it, nothing was loaded yet, or deletes lie, or lay, in files of their own.
 */
export const changesSince = async (
  table: SnapshotsOfTable,
  metadata: TableMetadata,
  since: bigint | null,
): Promise<SnapshotChanges | null> => {
  const head = currentSnapshot(metadata);
  const newer = since === null ? null : snapshotsSince(metadata, since);
  if (newer === null || head === null || hasDeletes(await table.manifests.list(head))) return null;
  const added: ManifestEntry[] = [];
  const days = new Map<string, number>();
  const lossy = new Set<string>();
  for (const snapshot of newer) {
    if (snapshot.summary["operation"] === "replace") continue;
    const entries = await ownEntries(table, snapshot);
    if (entries === null) return null;
    for (const entry of entries) {
      const isAdded = entry.status === ENTRY_STATUS.added;
      const rows = Number(entry.data_file.record_count);
      const day = dayOf(entry);
      days.set(day, (days.get(day) ?? 0) + (isAdded ? rows : -rows));
      if (isAdded) added.push(entry);
      else lossy.add(day);
    }
  }
  return { added, days, lossy };
};
