import type { IngestState } from "../ports.ts";
import type { ManifestStore, SnapshotIdentity } from "./manifest-store.ts";
import { asExisting, isLive, type ManifestEntry } from "./manifest.ts";
import { liveFileCount, type ManifestFile } from "./manifest-list.ts";
import { planMerge } from "./merge-manifests.ts";
import { withSnapshot, type FileChange, type Operation } from "./next-snapshot.ts";
import { expireSnapshots, type Retention } from "./snapshot-expiry.ts";
import type { StoredTable } from "./stored-table.ts";
import { currentSnapshot, type TableMetadata } from "./table-metadata.ts";
import { offsetsText, PROPERTY, SUMMARY, type Properties } from "./table-properties.ts";
import { foreignRows, totalRows } from "./table-history.ts";

/** A snapshot of ours that is to stand on top of a version of the table. */
export interface SnapshotProposal {
  readonly identity: SnapshotIdentity;
  readonly commitId: string;
  readonly operation: Operation;
  /** All manifests of the new snapshot, newest first; empty ones are left out. */
  readonly manifests: readonly ManifestFile[];
  readonly added: FileChange;
  readonly removed: FileChange;
  readonly changedDays: number;
  /** The state of the log with this snapshot, which its summary repeats; null before the first batch. */
  readonly ingest: IngestState | null;
  readonly properties: Properties;
  /** More that the summary says, asked when all that the metadata will name has been put. */
  readonly summary?: () => Readonly<Record<string, string>>;
}

export interface SnapshotContext {
  readonly manifests: ManifestStore;
  readonly retention: Retention;
  /** By the store's clock, Unix milliseconds. */
  readonly now: number;
}

export const identityOn = (on: StoredTable, snapshotId: bigint): SnapshotIdentity => ({
  snapshotId,
  parentId: currentSnapshot(on.metadata)?.["snapshot-id"] ?? null,
  sequenceNumber: on.metadata["last-sequence-number"] + 1,
});

/** The manifests of the current snapshot that list a file, small ones merged. */
export const inheritedManifests = async (
  context: SnapshotContext,
  on: StoredTable,
  identity: SnapshotIdentity,
): Promise<readonly ManifestFile[]> => {
  const parent = currentSnapshot(on.metadata);
  if (parent === null) return [];
  const live = (await context.manifests.list(parent)).filter((manifest) => liveFileCount(manifest) > 0);
  const plan = planMerge(live);
  const merged: ManifestFile[] = [];
  for (const group of plan.merged) {
    const entries: ManifestEntry[] = [];
    for (const manifest of group)
      for (const entry of await context.manifests.entries(manifest))
        if (isLive(entry)) entries.push(asExisting(entry));
    merged.push(await context.manifests.write(entries, on.metadata, identity));
  }
  return [...plan.kept, ...merged];
};

/**
 * The table's next metadata with a snapshot of ours, old snapshots expired. Every commit makes a snapshot, also one
 * that only moves offsets: main's ancestry must always say how far the log was read (see `rolledBack`). Such a commit
 * writes a manifest list of its own, since engines that expire a snapshot remove its list without asking who shares it.
 */
export const proposeSnapshot = async (
  context: SnapshotContext,
  on: StoredTable,
  proposal: SnapshotProposal,
): Promise<TableMetadata> => {
  const { identity, added, removed } = proposal;
  const manifestList = await context.manifests.writeList(proposal.manifests, identity);
  const foreign = foreignRows(on.metadata);
  const rows = totalRows(currentSnapshot(on.metadata)) + added.rows - removed.rows;
  const properties = {
    ...proposal.properties,
    [PROPERTY.commit]: proposal.commitId,
    [PROPERTY.snapshot]: String(identity.snapshotId),
    [PROPERTY.sequence]: String(identity.sequenceNumber),
    [PROPERTY.rows]: String(rows),
    [PROPERTY.foreignAdded]: String(foreign.added),
    [PROPERTY.foreignRemoved]: String(foreign.removed),
  };
  const next = withSnapshot(
    on,
    {
      snapshotId: identity.snapshotId,
      manifestList,
      operation: proposal.operation,
      added,
      removed,
      changedDays: proposal.changedDays,
      summary: {
        [SUMMARY.commit]: proposal.commitId,
        [SUMMARY.offsets]: offsetsText(proposal.ingest),
        ...proposal.summary?.(),
      },
    },
    properties,
    context.now,
  );
  return expireSnapshots(next, context.now, context.retention).metadata;
};
