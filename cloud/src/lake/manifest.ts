import { RoadstreamError } from "@roadstream/shared";
import { avroType, readAvroFile, writeAvroFile } from "./avro-file.ts";
import { manifestEntrySchema, type AvroSchema } from "./avro-schemas.ts";
import { renameByFieldId } from "./field-ids.ts";
import { PARTITION_FIELD, PARTITION_FIELD_ID } from "./iceberg-schema.ts";
import type { ManifestFile } from "./manifest-list.ts";

/** Iceberg specification, "Manifest Entry Fields". */
export const ENTRY_STATUS = { existing: 0, added: 1, deleted: 2 } as const;
/** Iceberg specification, "Data File Fields": content 0 is data, 1 and 2 are position and equality deletes. */
export const DATA_CONTENT = 0;

export interface KeyValue<V> {
  readonly key: number;
  readonly value: V;
}

/** Iceberg's `data_file`, under its own names, as it stands in a manifest. */
export interface DataFile {
  readonly content: number;
  readonly file_path: string;
  readonly file_format: string;
  /** Days since 1970-01-01. */
  readonly partition: { readonly [PARTITION_FIELD]: number | null };
  readonly record_count: bigint;
  readonly file_size_in_bytes: bigint;
  readonly column_sizes: readonly KeyValue<bigint>[] | null;
  readonly value_counts: readonly KeyValue<bigint>[] | null;
  readonly null_value_counts: readonly KeyValue<bigint>[] | null;
  readonly nan_value_counts: readonly KeyValue<bigint>[] | null;
  readonly lower_bounds: readonly KeyValue<Buffer>[] | null;
  readonly upper_bounds: readonly KeyValue<Buffer>[] | null;
  readonly key_metadata: Buffer | null;
  readonly split_offsets: readonly bigint[] | null;
  readonly equality_ids: readonly number[] | null;
  readonly sort_order_id: number | null;
}

export interface ManifestEntry {
  readonly status: number;
  /** In which snapshot it was added, or deleted when status is `deleted`. */
  readonly snapshot_id: bigint | null;
  /** Null in a manifest that adds it: inherited from the manifest list, so that a rebased commit reuses the manifest. */
  readonly sequence_number: bigint | null;
  readonly file_sequence_number: bigint | null;
  readonly data_file: DataFile;
}

const ENTRY_SCHEMA = manifestEntrySchema(PARTITION_FIELD_ID, PARTITION_FIELD);
const entryType = avroType(ENTRY_SCHEMA);

export interface ManifestContent {
  readonly entries: readonly ManifestEntry[];
  /** The table's current schema and partition spec as they stand in its metadata. */
  readonly schema: { readonly "schema-id": number };
  readonly spec: { readonly "spec-id": number; readonly fields: readonly unknown[] };
  readonly sync: Uint8Array;
}

export const writeManifest = (content: ManifestContent): Promise<Uint8Array> =>
  writeAvroFile({
    schema: ENTRY_SCHEMA,
    type: entryType,
    header: {
      schema: JSON.stringify(content.schema),
      "schema-id": String(content.schema["schema-id"]),
      "partition-spec": JSON.stringify(content.spec.fields),
      "partition-spec-id": String(content.spec["spec-id"]),
      "format-version": "2",
      content: "data",
    },
    records: content.entries,
    sync: content.sync,
  });

/** The entries of a manifest with what they inherit from its line in the manifest list. */
export const readManifest = async (
  bytes: Uint8Array,
  from: ManifestFile,
): Promise<readonly ManifestEntry[]> => {
  const { schema, records } = await readAvroFile(bytes, from.manifest_path);
  return records.map((record) => inherit(entryOf(record, schema, from.manifest_path), from));
};

const entryOf = (record: unknown, schema: AvroSchema, name: string): ManifestEntry => {
  const entry = renameByFieldId(record, schema, ENTRY_SCHEMA) as Partial<ManifestEntry> | null;
  if (typeof entry?.status !== "number" || typeof entry.data_file?.file_path !== "string") {
    throw new RoadstreamError("table_invalid", `${name}: not a manifest`);
  }
  return entry as ManifestEntry;
};

/** Iceberg specification, "Sequence Number Inheritance": only added entries inherit a sequence number. */
const inherit = (entry: ManifestEntry, from: ManifestFile): ManifestEntry => {
  const added = entry.status === ENTRY_STATUS.added ? from.sequence_number : null;
  return {
    ...entry,
    snapshot_id: entry.snapshot_id ?? from.added_snapshot_id,
    sequence_number: entry.sequence_number ?? added,
    file_sequence_number: entry.file_sequence_number ?? added,
  };
};

export const isLive = (entry: ManifestEntry): boolean => entry.status !== ENTRY_STATUS.deleted;

/** The same file, no longer new: keeps the snapshot and sequence number with which it was added. */
export const asExisting = (entry: ManifestEntry): ManifestEntry => ({
  ...entry,
  status: ENTRY_STATUS.existing,
});
