import { isRoadstreamError, RoadstreamError } from "@roadstream/shared";
import { tableHead, type IcebergTable } from "../lake/lake-table.ts";
import { withProperties } from "../lake/next-snapshot.ts";
import { withPassed } from "../lake/passed-commits.ts";
import { expireSnapshots, type Retention } from "../lake/snapshot-expiry.ts";
import { nextEpoch, PROPERTY } from "../lake/table-properties.ts";
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
const DELETE_BATCH = 500;

export interface SweptTable {
  readonly snapshotsExpired: number;
  readonly objectsDeleted: number;
  readonly picturesDeleted: number;
}

/**
 * Removes what held the vehicle. First everything is listed, then a commit says that all work begun before it is void:
 * so what was listed and is not named behind that commit never will be, whoever wrote it and however slow he is. Of data
 * files only those with rows of the vehicle go: readers may still be busy with the others.
 */
export const sweepTable = async (context: EraseContext): Promise<SweptTable> => {
  const { table } = context;
  const before = await table.head();
  const listed = await listObjects(context);
  const head = await fence(table, before);
  const expired = before.stored.metadata.snapshots.length - head.stored.metadata.snapshots.length;
  const manifests = await sweepMetadata(table, head);
  const loose = withoutNamed(listed, await namedKeys(context, head));
  const { data } = await objectsHolding(context, { ...NO_OBJECTS, data: loose.data });
  const objects = [...loose.ledgers, ...loose.manifests, ...data];
  const all = [...objects, ...loose.pictures];
  for (let at = 0; at < all.length; at += DELETE_BATCH)
    await table.store.delete(all.slice(at, at + DELETE_BATCH));
  return {
    snapshotsExpired: Math.max(0, expired),
    objectsDeleted: manifests + objects.length,
    picturesDeleted: loose.pictures.length,
  };
};

const fence = async (table: IcebergTable, base: TableHead): Promise<TableHead> => {
  const commitId = table.names.uuid();
  const outcome = await table.commit({
    base: base.stored,
    commitId,
    propose: async (on) => {
      const now = await table.store.now();
      const properties = { [PROPERTY.commit]: commitId, ...nextEpoch(on.metadata.properties) };
      const { metadata, expired } = expireSnapshots(withProperties(on, properties, now), now, NOTHING_OLD);
      const passed = withPassed(metadata.properties, expired);
      return {
        kind: "ready",
        metadata: { ...metadata, properties: { ...metadata.properties, ...passed } },
      };
    },
  });
  if (outcome.kind === "committed") return tableHead(outcome.stored);
  throw new RoadstreamError("unavailable", `${table.definition.name}: not finished: ${outcome.reason}`, {
    hint: "Run the erasure again: it goes on where it stopped.",
  });
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
