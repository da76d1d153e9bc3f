import type { ManifestStore } from "./manifest-store.ts";
import { ancestry, currentSnapshot, type Snapshot, type TableMetadata } from "./table-metadata.ts";

/** How far back readers may travel in time. */
export interface Retention {
  /** Snapshots of main that stay, however old. */
  readonly minSnapshots: number;
  /** Snapshots of main that stay at most, however young. */
  readonly maxSnapshots: number;
  /** Between the two, snapshots younger than this stay. */
  readonly maxAgeMs: number;
  /** Versions of metadata.json that stay. */
  readonly metadataVersions: number;
  /** Commits of one process between two sweeps of what expired: amortises their listing. */
  readonly sweepEveryCommits: number;
}

export const DEFAULT_RETENTION: Retention = {
  minSnapshots: 10,
  maxSnapshots: 100,
  maxAgeMs: 3_600_000,
  metadataVersions: 100,
  sweepEveryCommits: 16,
};

export interface Expiry {
  readonly metadata: TableMetadata;
  readonly expired: readonly Snapshot[];
}

/** What branches and tags name, main's newest within the retention, and what is young though on no branch, stays. */
const keptIds = (metadata: TableMetadata, now: number, retention: Retention): ReadonlySet<bigint> => {
  const kept = new Set(Object.values(metadata.refs).map((ref) => ref["snapshot-id"]));
  const young = (snapshot: Snapshot): boolean => now - snapshot["timestamp-ms"] < retention.maxAgeMs;
  const main = [...ancestry(metadata, currentSnapshot(metadata))];
  const ofMain = new Set(main.map((snapshot) => snapshot["snapshot-id"]));
  main.forEach((snapshot, depth) => {
    if (depth < retention.minSnapshots || (depth < retention.maxSnapshots && young(snapshot)))
      kept.add(snapshot["snapshot-id"]);
  });
  for (const snapshot of metadata.snapshots) {
    if (!ofMain.has(snapshot["snapshot-id"]) && young(snapshot)) kept.add(snapshot["snapshot-id"]);
  }
  return kept;
};

/** The metadata without the snapshots that the retention lets go; the caller commits it, then removes what only they named. */
export const expireSnapshots = (metadata: TableMetadata, now: number, retention: Retention): Expiry => {
  const kept = keptIds(metadata, now, retention);
  const expired = metadata.snapshots.filter((snapshot) => !kept.has(snapshot["snapshot-id"]));
  const trimmed = {
    ...metadata,
    "metadata-log": metadata["metadata-log"].slice(-retention.metadataVersions),
  };
  if (expired.length === 0) return { metadata: trimmed, expired };
  const log = metadata["snapshot-log"];
  // History stays contiguous: what came before an expired snapshot goes with it.
  const lastGone = log.findLastIndex((line) => !kept.has(line["snapshot-id"]));
  return {
    metadata: {
      ...trimmed,
      snapshots: metadata.snapshots.filter((snapshot) => kept.has(snapshot["snapshot-id"])),
      "snapshot-log": log.slice(lastGone + 1),
      ...withoutStatistics(metadata, expired),
    },
    expired,
  };
};

/** Statistics files of snapshots that are gone. */
const withoutStatistics = (
  metadata: TableMetadata,
  expired: readonly Snapshot[],
): Record<string, unknown> => {
  const gone = new Set(expired.map((snapshot) => snapshot["snapshot-id"]));
  const kept: Record<string, unknown> = {};
  for (const key of ["statistics", "partition-statistics"]) {
    const files = metadata[key];
    if (Array.isArray(files)) {
      kept[key] = (files as readonly { "snapshot-id"?: number | bigint }[]).filter(
        (file) => !gone.has(BigInt(file["snapshot-id"] ?? 0)),
      );
    }
  }
  return kept;
};

/** Locations of manifest lists and manifests that only expired snapshots named. Data files are orphan removal's. */
export const unreachableManifests = async (
  manifests: ManifestStore,
  expiry: Expiry,
): Promise<readonly string[]> => {
  const reachable = new Set<string>();
  for (const snapshot of expiry.metadata.snapshots) {
    reachable.add(snapshot["manifest-list"]);
    for (const manifest of await manifests.list(snapshot)) reachable.add(manifest.manifest_path);
  }
  const gone = new Set<string>();
  for (const snapshot of expiry.expired) {
    for (const manifest of await manifests.list(snapshot)) {
      if (!reachable.has(manifest.manifest_path)) gone.add(manifest.manifest_path);
    }
    if (!reachable.has(snapshot["manifest-list"])) gone.add(snapshot["manifest-list"]);
  }
  return [...gone];
};
