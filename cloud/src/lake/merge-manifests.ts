import { PARTITION_SPEC_ID } from "./iceberg-schema.ts";
import { DELETES_MANIFEST, liveFileCount, type ManifestFile } from "./manifest-list.ts";

/**
 * Manifests are merged by tens, of a size each time, so that a file's entry is rewritten at most three times in its
 * life and a snapshot lists at most 9 manifests per size below the largest. A full manifest is left alone.
 */
export const MERGE_FAN_IN = 10;
export const FULL_MANIFEST_FILES = 1000;

export interface MergePlan {
  readonly kept: readonly ManifestFile[];
  /** Each group becomes one manifest. */
  readonly merged: readonly (readonly ManifestFile[])[];
}

const sizeClass = (manifest: ManifestFile): number =>
  Math.floor(Math.log10(Math.max(1, liveFileCount(manifest))));

const isMergeable = (manifest: ManifestFile): boolean =>
  manifest.content !== DELETES_MANIFEST &&
  manifest.partition_spec_id === PARTITION_SPEC_ID &&
  liveFileCount(manifest) < FULL_MANIFEST_FILES;

/** What to merge, in the list's order (newest first), so that files of one time stay together. */
export const planMerge = (manifests: readonly ManifestFile[]): MergePlan => {
  const classes = new Map<number, ManifestFile[]>();
  for (const manifest of manifests.filter(isMergeable)) {
    const of = sizeClass(manifest);
    classes.set(of, [...(classes.get(of) ?? []), manifest]);
  }
  const merged = [...classes.values()].filter((group) => group.length >= MERGE_FAN_IN);
  const gone = new Set(merged.flat());
  return { kept: manifests.filter((manifest) => !gone.has(manifest)), merged };
};
