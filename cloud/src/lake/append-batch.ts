import type { Clock } from "@roadstream/shared";
import type { AppendCommit, IngestState, ObjectStore, TableDefinition } from "../ports.ts";
import { printBatchSummary } from "./batch-summary.ts";
import { dataFile } from "./data-file.ts";
import { identityOn, inheritedManifests, proposeSnapshot, type SnapshotContext } from "./commit-snapshot.ts";
import type { Proposal } from "./commit-loop.ts";
import { ENTRY_STATUS, type ManifestEntry } from "./manifest.ts";
import type { ManifestFile } from "./manifest-list.ts";
import { NO_FILES, type FileChange } from "./next-snapshot.ts";
import type { StoredTable } from "./stored-table.ts";
import { ingestState, partitionProperties, PROPERTY, samePartition } from "./table-properties.ts";
import { workAge } from "./work-age.ts";

/**
 * Work older than this is done again instead of committed. Our own removals void it by the epoch; those of other engines
 * know nothing of that, and spare what is younger than some days.
 */
const MAX_WORK_AGE_MS = 3_600_000;

/** Why work that was done for `base` cannot stand on this version, whatever it did; null when it can. */
export const changedSince = (base: StoredTable, on: StoredTable, ageMs: number): string | null => {
  const { properties } = on.metadata;
  if (ageMs > MAX_WORK_AGE_MS) return "stale_batch";
  if (properties[PROPERTY.eraseEpoch] !== base.metadata.properties[PROPERTY.eraseEpoch])
    return "files_removed";
  if (on.metadata["current-schema-id"] !== base.metadata["current-schema-id"]) return "schema_changed";
  return null;
};

/** Why the batch cannot stand on this version, though a newer batch may; null when it can. */
const batchConflict = (commit: AppendCommit, on: StoredTable, ageMs: number): string | null => {
  const changed = changedSince(commit.base.stored, on, ageMs);
  if (changed !== null) return changed;
  const state = ingestState(on.metadata.properties);
  for (const partition of Object.keys(commit.partitions).map(Number)) {
    const before = commit.base.ingest?.partitions[partition];
    if (!samePartition(before, state?.partitions[partition])) return `partition_moved:${partition}`;
  }
  return null;
};

/**
 * A commit without rows that puts every partition at a beginning, where no record was read yet: how a person accepts
 * that the log was replaced. No batch of records looks like it, for a batch has read a last record.
 */
const beginsAnew = (commit: AppendCommit, state: IngestState): boolean =>
  commit.files.length === 0 &&
  commit.partitionCount === state.partitionCount &&
  Object.keys(commit.partitions).length === state.partitionCount &&
  Object.values(commit.partitions).every(({ last }) => last === null);

/** Why the table is not this log's; null when it is, or has no log yet. */
const logMismatch = (commit: AppendCommit, on: StoredTable): string | null => {
  const state = ingestState(on.metadata.properties);
  if (state === null || beginsAnew(commit, state)) return null;
  if (state.logIdentity !== commit.logIdentity)
    return `the table was built from the log ${state.logIdentity}, not ${commit.logIdentity}`;
  if (state.partitionCount !== commit.partitionCount)
    return `the log had ${state.partitionCount} partitions, now ${commit.partitionCount}`;
  return null;
};

const stateAfter = (commit: AppendCommit, on: StoredTable): IngestState => ({
  logIdentity: commit.logIdentity,
  partitionCount: commit.partitionCount,
  partitions: { ...ingestState(on.metadata.properties)?.partitions, ...commit.partitions },
});

const sum = (commit: AppendCommit): FileChange =>
  commit.files.reduce(
    (total, file) => ({
      files: total.files + 1,
      rows: total.rows + file.rows,
      bytes: total.bytes + file.sizeBytes,
    }),
    NO_FILES,
  );

/** What batches and replacements are proposed with; `now` is asked anew for each attempt. */
export interface AppendContext extends SnapshotContext {
  readonly keyOf: (location: string) => string | null;
  readonly clock: Clock;
}

/** The entries of a batch's files; sequence numbers are inherited, so one manifest serves every attempt. */
export const addedEntries = (
  files: AppendCommit["files"],
  { definition, store }: { readonly definition: TableDefinition; readonly store: ObjectStore },
  snapshotId: bigint,
): readonly ManifestEntry[] =>
  files.map((file) => ({
    status: ENTRY_STATUS.added,
    snapshot_id: snapshotId,
    sequence_number: null,
    file_sequence_number: null,
    data_file: dataFile(file, definition, store.location(file.key)),
  }));

export interface AppendOn {
  readonly commit: AppendCommit;
  readonly on: StoredTable;
  readonly snapshotId: bigint;
  /** The manifest of the batch's files as first written; null when the batch has none. */
  readonly manifest: ManifestFile | null;
  /** 1, and one more for each version on which it came too late. */
  readonly attempt: number;
}

/** A batch on top of one version of the table, or why not. */
export const proposeAppend = async (
  context: AppendContext,
  { commit, on, snapshotId, manifest, attempt }: AppendOn,
): Promise<Proposal> => {
  // Who placed its partitions on this head finds out whether the log that it reads now is the table's, and what to do.
  const conflict =
    logMismatch(commit, on) ?? batchConflict(commit, on, workAge(context.clock, commit.begunAt));
  if (conflict !== null) return { kind: "conflict", reason: conflict };
  const identity = identityOn(on, snapshotId);
  const inherited = await inheritedManifests(context, on, identity);
  const sequence = BigInt(identity.sequenceNumber);
  // Numbers of a manifest that adds files follow its snapshot, also when that moved to a newer head.
  const own =
    manifest === null ? [] : [{ ...manifest, sequence_number: sequence, min_sequence_number: sequence }];
  const metadata = await proposeSnapshot(context, on, {
    identity,
    commitId: commit.commitId,
    operation: "append",
    manifests: [...own, ...inherited],
    added: sum(commit),
    removed: NO_FILES,
    changedDays: new Set(commit.files.map((file) => file.day)).size,
    ingest: stateAfter(commit, on),
    summary: () =>
      printBatchSummary({
        attempt,
        // Only a worker counts what it dropped; how long a rebuild took is nobody's delay.
        commitMs:
          commit.droppedBefore === undefined
            ? null
            : Math.round(context.clock.uptime() - commit.begunAt.uptime),
        dropped: commit.droppedBefore ?? 0,
      }),
    properties: {
      ...commit.properties,
      ...partitionProperties(commit.partitions),
      [PROPERTY.logIdentity]: commit.logIdentity,
      [PROPERTY.logPartitions]: String(commit.partitionCount),
    },
  });
  return { kind: "ready", metadata };
};
