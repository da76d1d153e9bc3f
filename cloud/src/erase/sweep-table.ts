import { isRoadstreamError } from "@roadstream/shared";
import type { IcebergTable } from "../lake/lake-table.ts";
import { withPassed } from "../lake/passed-commits.ts";
import { expireSnapshots, type Retention } from "../lake/snapshot-expiry.ts";
import type { TableMetadata } from "../lake/table-metadata.ts";
import { voidWork } from "../lake/void-work.ts";
import type { TableHead } from "../ports.ts";
import type { EraseContext } from "./erase-rows.ts";
import { objectsHolding } from "./objects-holding.ts";
import { listObjects, namedKeys, NO_OBJECTS, withoutNamed } from "./table-objects.ts";

/** Only the newest snapshot and the newest version of the metadata: all others may name or hold what was erased. */
const NOTHING_OLD: Retention = {
  minSnapshots: 1,
  maxSnapshots: 1,
  maxAgeMs: 0,
  metadataVersions: 1,
  sweepEveryCommits: 1,
};

export interface SweptTable {
  readonly snapshotsExpired: number;
  readonly objectsDeleted: number;
  readonly picturesDeleted: number;
}

/**
 * Removes what held the vehicle. First everything is listed, then a commit says that all work begun before it is void:
 * so what was listed and is not named behind that commit never will be, whoever wrote it and however slow he is. Of data
 * files only those with rows of the vehicle go: readers may still be busy with the others. So it is with metadata that is not ours.
 */
export const sweepTable = async (context: EraseContext): Promise<SweptTable> => {
  const { table } = context;
  const before = await table.head();
  const listed = await listObjects(context);
  const head = await voidWork(table, before, withoutOld);
  const expired = before.stored.metadata.snapshots.length - head.stored.metadata.snapshots.length;
  const manifests = await sweepMetadata(table, head);
  const loose = withoutNamed(listed, await namedKeys(context, head));
  const { data, foreignVersions } = await objectsHolding(context, {
    ...NO_OBJECTS,
    data: loose.data,
    foreignVersions: loose.foreignVersions,
  });
  const objects = [...loose.ledgers, ...loose.manifests, ...data, ...foreignVersions];
  await table.store.delete([...objects, ...loose.pictures]);
  return {
    snapshotsExpired: Math.max(0, expired),
    objectsDeleted: manifests + objects.length,
    picturesDeleted: loose.pictures.length,
  };
};

/** Metadata of before may name the vehicle: it goes, but whose snapshots these were stays known. */
const withoutOld = (before: TableMetadata, now: number): TableMetadata => {
  const { metadata, expired } = expireSnapshots(before, now, NOTHING_OLD);
  return { ...metadata, properties: { ...metadata.properties, ...withPassed(metadata.properties, expired) } };
};

/** What a worker removes at the same time is gone too. */
const sweepMetadata = async (table: IcebergTable, head: TableHead): Promise<number> => {
  try {
    return await table.sweep(head, NOTHING_OLD.metadataVersions);
  } catch (error) {
    if (isRoadstreamError(error, "table_invalid")) return 0;
    throw error;
  }
};
