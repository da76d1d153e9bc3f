import { RoadstreamError } from "@roadstream/shared";
import { avroType, readAvroFile, writeAvroFile } from "./avro-file.ts";
import { MANIFEST_LIST_SCHEMA } from "./avro-schemas.ts";
import { renameByFieldId } from "./field-ids.ts";
import { PARTITION_FIELD } from "./iceberg-schema.ts";
import { ENTRY_STATUS, type ManifestEntry } from "./manifest.ts";
import { int32Bytes } from "./single-value.ts";

/** Iceberg specification, "Manifest Lists": content 1 lists delete files. */
export const DELETES_MANIFEST = 1;

interface PartitionSummary {
  readonly contains_null: boolean;
  readonly contains_nan: boolean | null;
  readonly lower_bound: Buffer | null;
  readonly upper_bound: Buffer | null;
}

/** Iceberg's `manifest_file`, under its own names. */
export interface ManifestFile {
  readonly manifest_path: string;
  readonly manifest_length: bigint;
  readonly partition_spec_id: number;
  readonly content: number;
  readonly sequence_number: bigint;
  readonly min_sequence_number: bigint;
  readonly added_snapshot_id: bigint;
  readonly added_files_count: number;
  readonly existing_files_count: number;
  readonly deleted_files_count: number;
  readonly added_rows_count: bigint;
  readonly existing_rows_count: bigint;
  readonly deleted_rows_count: bigint;
  readonly partitions: readonly PartitionSummary[] | null;
  readonly key_metadata: Buffer | null;
}

const listType = avroType(MANIFEST_LIST_SCHEMA);

export interface ManifestListContent {
  readonly manifests: readonly ManifestFile[];
  readonly snapshotId: bigint;
  readonly parentId: bigint | null;
  readonly sequenceNumber: number;
  readonly sync: Uint8Array;
}

export const writeManifestList = (content: ManifestListContent): Promise<Uint8Array> =>
  writeAvroFile({
    schema: MANIFEST_LIST_SCHEMA,
    type: listType,
    header: {
      "snapshot-id": String(content.snapshotId),
      "parent-snapshot-id": String(content.parentId),
      "sequence-number": String(content.sequenceNumber),
      "format-version": "2",
    },
    records: content.manifests,
    sync: content.sync,
  });

export const readManifestList = async (bytes: Uint8Array, name: string): Promise<readonly ManifestFile[]> => {
  const { schema, records } = await readAvroFile(bytes, name);
  return records.map((record) => {
    const manifest = renameByFieldId(record, schema, MANIFEST_LIST_SCHEMA) as Partial<ManifestFile> | null;
    if (typeof manifest?.manifest_path !== "string" || typeof manifest.content !== "number") {
      throw new RoadstreamError("table_invalid", `${name}: not a manifest list of format version 2`);
    }
    return manifest as ManifestFile;
  });
};

export const liveFileCount = (manifest: ManifestFile): number =>
  manifest.added_files_count + manifest.existing_files_count;

export interface WrittenManifest {
  readonly location: string;
  readonly size: number;
  readonly entries: readonly ManifestEntry[];
  readonly specId: number;
  /** Of the snapshot that this manifest was written for. */
  readonly sequenceNumber: number;
  readonly snapshotId: bigint;
}

/** The line of a manifest that we wrote, with the partition bounds by which readers skip it. */
export const manifestFile = (written: WrittenManifest): ManifestFile => {
  const count = (status: number): { files: number; rows: bigint } => {
    const entries = written.entries.filter((entry) => entry.status === status);
    return {
      files: entries.length,
      rows: entries.reduce((sum, entry) => sum + entry.data_file.record_count, 0n),
    };
  };
  const added = count(ENTRY_STATUS.added);
  const existing = count(ENTRY_STATUS.existing);
  const deleted = count(ENTRY_STATUS.deleted);
  const sequence = BigInt(written.sequenceNumber);
  const oldest = written.entries
    .filter((entry) => entry.status !== ENTRY_STATUS.deleted)
    .reduce((min, { sequence_number: own }) => (own !== null && own < min ? own : min), sequence);
  return {
    manifest_path: written.location,
    manifest_length: BigInt(written.size),
    partition_spec_id: written.specId,
    content: 0,
    sequence_number: sequence,
    min_sequence_number: oldest,
    added_snapshot_id: written.snapshotId,
    added_files_count: added.files,
    existing_files_count: existing.files,
    deleted_files_count: deleted.files,
    added_rows_count: added.rows,
    existing_rows_count: existing.rows,
    deleted_rows_count: deleted.rows,
    partitions: [daySummary(written.entries)],
    key_metadata: null,
  };
};

const daySummary = (entries: readonly ManifestEntry[]): PartitionSummary => {
  let low = Infinity;
  let high = -Infinity;
  let containsNull = false;
  for (const entry of entries) {
    const day = entry.data_file.partition[PARTITION_FIELD];
    if (day === null) containsNull = true;
    else {
      low = Math.min(low, day);
      high = Math.max(high, day);
    }
  }
  const none = high < low;
  return {
    contains_null: containsNull,
    contains_nan: false,
    lower_bound: none ? null : int32Bytes(low),
    upper_bound: none ? null : int32Bytes(high),
  };
};
