import { RoadstreamError } from "@roadstream/shared";
import type { LiveFile, ObjectStore } from "../ports.ts";
import { dayText } from "./data-file.ts";
import { PARTITION_FIELD } from "./iceberg-schema.ts";
import type { ManifestStore } from "./manifest-store.ts";
import { isLive, type ManifestEntry } from "./manifest.ts";
import { DELETES_MANIFEST, liveFileCount, type ManifestFile } from "./manifest-list.ts";
import { currentSnapshot, type TableMetadata } from "./table-metadata.ts";

export interface LiveEntry {
  readonly file: LiveFile;
  readonly entry: ManifestEntry;
  readonly manifest: ManifestFile;
}

export const hasDeletes = (manifests: readonly ManifestFile[]): boolean =>
  manifests.some((manifest) => manifest.content === DELETES_MANIFEST && liveFileCount(manifest) > 0);

/** The data files of the current snapshot. Refuses delete files: read without them, deleted rows would come back. */
export const liveFiles = async (
  manifests: ManifestStore,
  store: ObjectStore,
  metadata: TableMetadata,
): Promise<readonly LiveEntry[]> => {
  const snapshot = currentSnapshot(metadata);
  if (snapshot === null) return [];
  const listed = await manifests.list(snapshot);
  if (hasDeletes(listed)) {
    throw new RoadstreamError(
      "table_invalid",
      `${metadata.location}: another engine wrote delete files, which are not applied here`,
      {
        hint: "rewrite the table's data files with that engine, so that the deletes are applied",
      },
    );
  }
  const live: LiveEntry[] = [];
  for (const manifest of listed.filter((one) => liveFileCount(one) > 0)) {
    for (const entry of await manifests.entries(manifest)) {
      if (isLive(entry)) live.push({ file: liveFile(entry, store), entry, manifest });
    }
  }
  return live;
};

const liveFile = (entry: ManifestEntry, store: ObjectStore): LiveFile => {
  const { data_file: file } = entry;
  const key = store.keyOf(file.file_path);
  const day = file.partition[PARTITION_FIELD];
  if (key === null || day === null)
    throw new RoadstreamError("table_invalid", `${file.file_path} lies outside the lake or has no day`);
  return {
    key,
    sizeBytes: Number(file.file_size_in_bytes),
    rows: Number(file.record_count),
    day: dayText(day),
    sequenceNumber: Number(entry.sequence_number ?? 0n),
  };
};
