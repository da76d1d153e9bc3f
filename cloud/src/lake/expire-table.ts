import { RoadstreamError } from "@roadstream/shared";
import { tableHead, type IcebergTable } from "./lake-table.ts";
import { withProperties } from "./next-snapshot.ts";
import { expireSnapshots, type Retention } from "./snapshot-expiry.ts";
import { PROPERTY } from "./table-properties.ts";

export interface ExpiryReport {
  readonly table: string;
  readonly snapshots: number;
  readonly objects: number;
}

/** How many snapshots {@link expireTable} would let go of now; null when there is no such table. */
export const plannedExpiry = async (table: IcebergTable, retention: Retention): Promise<number | null> => {
  const head = await table.peek();
  return head === null
    ? null
    : expireSnapshots(head.stored.metadata, await table.store.now(), retention).expired.length;
};

/** Lets go of old snapshots beyond what each commit does by itself; null when there is no such table. */
export const expireTable = async (
  table: IcebergTable,
  retention: Retention,
): Promise<ExpiryReport | null> => {
  const head = await table.peek();
  if (head === null) return null;
  const { expired } = expireSnapshots(head.stored.metadata, await table.store.now(), retention);
  if (expired.length === 0) return { table: table.definition.name, snapshots: 0, objects: 0 };
  const commitId = table.names.uuid();
  const outcome = await table.commit({
    base: head.stored,
    commitId,
    propose: async (on) => {
      const now = await table.store.now();
      const { metadata } = expireSnapshots(
        withProperties(on, { [PROPERTY.commit]: commitId }, now),
        now,
        retention,
      );
      return { kind: "ready", metadata };
    },
  });
  if (outcome.kind !== "committed")
    throw new RoadstreamError("unavailable", `${table.definition.name}: not expired: ${outcome.reason}`);
  const after = tableHead(outcome.stored);
  const snapshots = head.stored.metadata.snapshots.length - after.stored.metadata.snapshots.length;
  return {
    table: table.definition.name,
    snapshots: Math.max(0, snapshots),
    objects: await table.sweep(after),
  };
};
