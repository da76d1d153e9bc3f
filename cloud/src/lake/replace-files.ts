import { RoadstreamError } from "@roadstream/shared";
import type { NewDataFile } from "../ports.ts";
import { addedEntries, changedSince, type AppendContext } from "./append-batch.ts";
import type { LoopOutcome, Proposal } from "./commit-loop.ts";
import { identityOn, proposeSnapshot } from "./commit-snapshot.ts";
import { PARTITION_FIELD } from "./iceberg-schema.ts";
import { hasDeletes } from "./live-files.ts";
import type { IcebergTable } from "./lake-table.ts";
import type { SnapshotIdentity } from "./manifest-store.ts";
import { asExisting, ENTRY_STATUS, isLive, type ManifestEntry } from "./manifest.ts";
import { liveFileCount, type ManifestFile } from "./manifest-list.ts";
import { NO_FILES, type FileChange, type Operation } from "./next-snapshot.ts";
import type { StoredTable } from "./stored-table.ts";
import { currentSnapshot } from "./table-metadata.ts";
import { ingestState, numberProperty, PROPERTY, type Properties } from "./table-properties.ts";
import { workAge, type WorkBegin } from "./work-age.ts";

export interface Replacement {
  /** The head on which the inputs were read. */
  readonly base: StoredTable;
  readonly commitId: string;
  /** Keys of live files whose rows the outputs hold. */
  readonly inputs: readonly string[];
  readonly outputs: readonly NewDataFile[];
  /** Rows of the inputs that go with this commit: retention's and erasure's. Default: none, the rows stay the same. */
  readonly removes?: number;
  /** Properties that change with it, given the version that it stands on; a text: why it cannot stand there. */
  readonly also?: (on: StoredTable) => Properties | string;
  readonly begunAt: WorkBegin;
  /** Keys of what else was put for it; removed with the outputs where it surely never lands. */
  readonly puts?: readonly string[];
}

/** Iceberg's word for it. A change of properties alone is called what a batch without rows is called. */
const operationOf = ({ inputs, outputs, removes = 0 }: Replacement): Operation => {
  if (inputs.length === 0) return "append";
  if (removes === 0) return "replace";
  return outputs.length === 0 ? "delete" : "overwrite";
};

interface Rewritten {
  readonly manifests: readonly ManifestFile[];
  readonly removed: FileChange;
  /** Of the files that go. */
  readonly days: ReadonlySet<number | null>;
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
  const days = new Set<number | null>();
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
    for (const { data_file: file } of gone) days.add(file.partition[PARTITION_FIELD]);
    const entries = live.map((entry) => (isInput(entry) ? asDeleted(entry, identity) : asExisting(entry)));
    manifests.push(await context.manifests.write(entries, on.metadata, identity));
  }
  return removed.files === inputs.size ? { manifests, removed, days } : null;
};

/** Without its bounds: nobody reads the file any more, and a bound may be the name of a vehicle that is erased. */
const asDeleted = (entry: ManifestEntry, { snapshotId }: SnapshotIdentity): ManifestEntry => ({
  ...entry,
  status: ENTRY_STATUS.deleted,
  snapshot_id: snapshotId,
  data_file: { ...entry.data_file, lower_bounds: null, upper_bounds: null },
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
  own: {
    readonly snapshotId: bigint;
    readonly entries: readonly ManifestEntry[];
    readonly puts: string[];
  },
): Promise<Proposal> => {
  const context = await table.context(own.puts);
  const changed = changedSince(replacement.base, on, workAge(context.clock, replacement.begunAt));
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
  const { removes = 0 } = replacement;
  if (added.rows + removes !== rewritten.removed.rows) {
    throw new RoadstreamError(
      "invariant",
      `a rewrite of ${rewritten.removed.rows} rows gave ${added.rows}, without ${removes} that go`,
    );
  }
  const properties = replacement.also?.(on) ?? {};
  if (typeof properties === "string") return { kind: "conflict", reason: properties };
  const manifests =
    own.entries.length === 0
      ? rewritten.manifests
      : [await context.manifests.write(own.entries, on.metadata, identity), ...rewritten.manifests];
  const removedRows = numberProperty(on.metadata.properties, PROPERTY.removedRows, 0) + removes;
  const metadata = await proposeSnapshot(context, on, {
    identity,
    commitId: replacement.commitId,
    operation: operationOf(replacement),
    manifests,
    added,
    removed: rewritten.removed,
    changedDays: rewritten.days.size,
    ingest: ingestState({ ...on.metadata.properties, ...properties }),
    properties: { ...properties, ...(removes === 0 ? {} : { [PROPERTY.removedRows]: String(removedRows) }) },
  });
  return { kind: "ready", metadata };
};

/**
 * The rows of some files in other files, all or without those that are to go, as one snapshot: its inputs must still be
 * live when it lands. Where it surely never does, the outputs are removed.
 */
export const replaceFiles = (table: IcebergTable, replacement: Replacement): Promise<LoopOutcome> => {
  const snapshotId = table.names.snapshotId();
  const puts = [...replacement.outputs.map(({ key }) => key), ...(replacement.puts ?? [])];
  const entries = addedEntries(replacement.outputs, table, snapshotId);
  return table.commit({
    base: replacement.base,
    commitId: replacement.commitId,
    puts,
    propose: (on) => proposeReplacement(table, replacement, on, { snapshotId, entries, puts }),
  });
};
