import { RoadstreamError } from "@roadstream/shared";
import type { IcebergTable } from "./lake-table.ts";
import { DELETES_MANIFEST, type ManifestFile } from "./manifest-list.ts";
import { isLive } from "./manifest.ts";
import type { StoredTable } from "./stored-table.ts";
import type { TableMetadata } from "./table-metadata.ts";

/** Of all snapshots, each once. */
async function* manifestsOf(
  table: IcebergTable,
  { snapshots }: TableMetadata,
): AsyncGenerator<ManifestFile, void> {
  const seen = new Set<string>();
  for (const snapshot of snapshots) {
    for (const manifest of await table.manifests.list(snapshot)) {
      if (seen.has(manifest.manifest_path)) continue;
      seen.add(manifest.manifest_path);
      yield manifest;
    }
  }
}

/** Everything that the table or any snapshot of it still names. */
export const reachableKeys = async (
  table: IcebergTable,
  { pointer, metadata }: StoredTable,
): Promise<ReadonlySet<string>> => {
  const reachable = new Set<string>();
  const reach = (location: string): void => {
    const key = table.store.keyOf(location);
    if (key !== null) reachable.add(key);
  };
  reach(pointer.location);
  for (const line of metadata["metadata-log"]) reach(line["metadata-file"]);
  for (const snapshot of metadata.snapshots) reach(snapshot["manifest-list"]);
  for await (const manifest of manifestsOf(table, metadata)) {
    reach(manifest.manifest_path);
    // One that is only noted as deleted belongs to snapshots that have it still.
    for (const entry of (await table.manifests.entries(manifest)).filter(isLive))
      reach(entry.data_file.file_path);
  }
  for (const name of ["statistics", "partition-statistics"]) {
    const files = metadata[name];
    if (!Array.isArray(files)) continue;
    for (const file of files as readonly { "statistics-path"?: unknown }[]) {
      if (typeof file["statistics-path"] === "string") reach(file["statistics-path"]);
    }
  }
  return reachable;
};

/** Keys of the data files that any snapshot names. Throws where one lies outside the lake: nobody can look into it. */
export const snapshotFiles = async (
  table: IcebergTable,
  { metadata }: StoredTable,
): Promise<readonly string[]> => {
  const keys = new Set<string>();
  for await (const manifest of manifestsOf(table, metadata)) {
    if (manifest.content === DELETES_MANIFEST) continue;
    for (const { data_file: file } of (await table.manifests.entries(manifest)).filter(isLive)) {
      const key = table.store.keyOf(file.file_path);
      if (key === null) throw new RoadstreamError("table_invalid", `${file.file_path} lies outside the lake`);
      keys.add(key);
    }
  }
  return [...keys];
};
