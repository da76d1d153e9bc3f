import type { IcebergTable } from "./lake-table.ts";
import { isLive } from "./manifest.ts";
import type { StoredTable } from "./stored-table.ts";

/** Everything that the table or any snapshot of it still names. */
export const reachableKeys = async (
  table: IcebergTable,
  { pointer, metadata }: StoredTable,
): Promise<ReadonlySet<string>> => {
  const reachable = new Set<string>();
  const seen = new Set<string>();
  const reach = (location: string): void => {
    const key = table.store.keyOf(location);
    if (key !== null) reachable.add(key);
  };
  reach(pointer.location);
  for (const line of metadata["metadata-log"]) reach(line["metadata-file"]);
  for (const snapshot of metadata.snapshots) {
    reach(snapshot["manifest-list"]);
    for (const manifest of await table.manifests.list(snapshot)) {
      if (seen.has(manifest.manifest_path)) continue;
      seen.add(manifest.manifest_path);
      reach(manifest.manifest_path);
      // One that is only noted as deleted belongs to snapshots that have it still.
      for (const entry of (await table.manifests.entries(manifest)).filter(isLive))
        reach(entry.data_file.file_path);
    }
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
