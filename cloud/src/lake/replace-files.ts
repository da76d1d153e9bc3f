import { RoadstreamError } from "@roadstream/shared";
import type { NewDataFile } from "../ports.ts";
import { addedEntries, changedSince, type AppendContext } from "./append-batch.ts";
import type { LoopOutcome, Proposal } from "./commit-loop.ts";
import { identityOn, proposeSnapshot } from "./commit-snapshot.ts";
import { hasDeletes } from "./live-files.ts";
import type { IcebergTable } from "./lake-table.ts";
import type { SnapshotIdentity } from "./manifest-store.ts";
import { asExisting, ENTRY_STATUS, isLive, type ManifestEntry } from "./manifest.ts";
import { liveFileCount, type ManifestFile } from "./manifest-list.ts";
import { NO_FILES, type FileChange } from "./next-snapshot.ts";
import type { StoredTable } from "./stored-table.ts";
import { currentSnapshot } from "./table-metadata.ts";
import { ingestState } from "./table-properties.ts";

export interface Replacement {
  /** The head on which the inputs were read. */
  readonly base: StoredTable;
  readonly commitId: string;
  /** Keys of live files whose rows the outputs hold. */
  readonly inputs: readonly string[];
  readonly outputs: readonly NewDataFile[];
  readonly begunAt: number;
}

interface Rewritten {
  readonly manifests: readonly ManifestFile[];
  readonly removed: FileChange;
}

/** Manifests of `on` without the inputs, each noted as deleted; null when one of them is no longer live. */
const withoutInputs = async (
  context: AppendContext,
  on: StoredTable,
  inputs: ReadonlySet<string>,
  identity: SnapshotIdentity,
): Promise<Rewritten | null> => {
  const parent = currentSnapshot(on.metadata);
  const listed = parent === null ? [] : await context.manifests.list(parent);
  const manifests: ManifestFile[] = [];
  let removed = NO_FILES;
  // By key: other engines that rewrite a manifest may spell a location differently (`file:/` for `file:///`).
  const isInput = ({ data_file: file }: ManifestEntry): boolean =>
    inputs.has(context.keyOf(file.file_path) ?? "");
  for (const manifest of listed.filter((one) => liveFileCount(one) > 0)) {
    const live = (await context.manifests.entries(manifest)).filter(isLive);
    const gone = live.filter(isInput);
    if (gone.length === 0) {
      manifests.push(manifest);
      continue;
    }
    removed = gone.reduce(plus, removed);
    const entries = live.map((entry) => (isInput(entry) ? asDeleted(entry, identity) : asExisting(entry)));
    manifests.push(await context.manifests.write(entries, on.metadata, identity));
  }
  return removed.files === inputs.size ? { manifests, removed } : null;
};

const asDeleted = (entry: ManifestEntry, { snapshotId }: SnapshotIdentity): ManifestEntry => ({
  ...entry,
  status: ENTRY_STATUS.deleted,
  snapshot_id: snapshotId,
});

const plus = (sum: FileChange, { data_file: file }: Pick<ManifestEntry, "data_file">): FileChange => ({
  files: sum.files + 1,
  rows: sum.rows + Number(file.record_count),
  bytes: sum.bytes + Number(file.file_size_in_bytes),
});

const proposeReplacement = async (
  table: IcebergTable,
  replacement: Replacement,
  on: StoredTable,
  own: { readonly snapshotId: bigint; readonly entries: readonly ManifestEntry[] },
): Promise<Proposal> => {
  const context = table.context();
  const changed = changedSince(replacement.base, on, { begunAt: replacement.begunAt, now: context.now });
  if (changed !== null) return { kind: "conflict", reason: changed };
  const parent = currentSnapshot(on.metadata);
  // Deletes of another engine may name rows of the inputs; a rewrite would bring them back.
  if (parent !== null && hasDeletes(await context.manifests.list(parent)))
    return { kind: "conflict", reason: "delete_files" };
  const identity = identityOn(on, own.snapshotId);
  const inputs = new Set(replacement.inputs);
  const rewritten = await withoutInputs(context, on, inputs, identity);
  if (rewritten === null) return { kind: "conflict", reason: "inputs_gone" };
  const added = own.entries.reduce(plus, NO_FILES);
  if (added.rows !== rewritten.removed.rows) {
    throw new RoadstreamError("invariant", `a rewrite of ${rewritten.removed.rows} rows gave ${added.rows}`);
  }
  const manifest = await context.manifests.write(own.entries, on.metadata, identity);
  const metadata = await proposeSnapshot(context, on, {
    identity,
    commitId: replacement.commitId,
    operation: "replace",
    manifests: [manifest, ...rewritten.manifests],
    added,
    removed: rewritten.removed,
    changedDays: new Set(replacement.outputs.map((file) => file.day)).size,
    ingest: ingestState(on.metadata.properties),
    properties: {},
  });
  return { kind: "ready", metadata };
};

/** The same rows in other files, as one snapshot: its inputs must still be live when it lands. */
export const replaceFiles = (table: IcebergTable, replacement: Replacement): Promise<LoopOutcome> => {
  const snapshotId = table.names.snapshotId();
  const entries = addedEntries(replacement.outputs, table.context(), snapshotId);
  return table.commit({
    base: replacement.base,
    commitId: replacement.commitId,
    propose: (on) => proposeReplacement(table, replacement, on, { snapshotId, entries }),
  });
};
