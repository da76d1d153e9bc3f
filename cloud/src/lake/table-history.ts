import { ancestry, currentSnapshot, type Snapshot, type TableMetadata } from "./table-metadata.ts";
import { ingestState, numberProperty, offsetsText, PROPERTY, SUMMARY } from "./table-properties.ts";

interface Lineage {
  /** Our newest snapshot in main's ancestry; null when there is none, or it was expired. */
  readonly ours: Snapshot | null;
  /** What other engines put on top of it, newest first. */
  readonly foreign: readonly Snapshot[];
}

const lineage = (metadata: TableMetadata): Lineage => {
  const foreign: Snapshot[] = [];
  for (const snapshot of ancestry(metadata, currentSnapshot(metadata))) {
    if (snapshot.summary[SUMMARY.commit] !== undefined) return { ours: snapshot, foreign };
    foreign.push(snapshot);
  }
  return { ours: null, foreign };
};

/**
 * Why the properties are ahead of the rows, or null. A roll-back by another engine moves main to an older snapshot and
 * leaves the properties: going on from their offsets would lose rows. When another engine expired all our snapshots,
 * only the order of sequence numbers can tell.
 */
export const rolledBack = (metadata: TableMetadata): string | null => {
  const state = ingestState(metadata.properties);
  if (state === null) return null;
  const current = currentSnapshot(metadata);
  if (current === null) return "the table has offsets but no snapshot";
  const { ours } = lineage(metadata);
  if (ours !== null) {
    const offsets = ours.summary[SUMMARY.offsets] ?? "";
    return offsets === offsetsText(state)
      ? null
      : `main stands at offsets ${offsets}, the properties at ${offsetsText(state)}`;
  }
  const known = metadata.properties[PROPERTY.snapshot] ?? "";
  if (metadata.snapshots.some((snapshot) => String(snapshot["snapshot-id"]) === known))
    return `main no longer descends from our snapshot ${known}`;
  const sequence = numberProperty(metadata.properties, PROPERTY.sequence, 0);
  return current["sequence-number"] > sequence ? null : `main is older than our snapshot ${known}`;
};

export interface RowChange {
  readonly added: number;
  readonly removed: number;
}

const records = (snapshot: Snapshot, key: string): number => {
  const value = Number(snapshot.summary[key] ?? 0);
  return Number.isSafeInteger(value) ? value : 0;
};

export const totalRows = (snapshot: Snapshot | null): number =>
  snapshot === null ? 0 : records(snapshot, "total-records");

/** Rows that other engines added and removed on top of our newest snapshot; a rewrite of the same rows counts as neither. */
const foreignSinceOurs = (metadata: TableMetadata): RowChange => {
  const { ours, foreign } = lineage(metadata);
  const expired = ours === null && metadata.properties[PROPERTY.snapshot] !== undefined;
  if (expired) {
    const net = totalRows(currentSnapshot(metadata)) - numberProperty(metadata.properties, PROPERTY.rows, 0);
    return { added: Math.max(0, net), removed: Math.max(0, -net) };
  }
  const changed = foreign.filter((snapshot) => snapshot.summary["operation"] !== "replace");
  return {
    added: changed.reduce((sum, snapshot) => sum + records(snapshot, "added-records"), 0),
    removed: changed.reduce((sum, snapshot) => sum + records(snapshot, "deleted-records"), 0),
  };
};

/** Rows that our own retention and erasure removed over all time. */
export const ownRemovedRows = (metadata: TableMetadata): number =>
  numberProperty(metadata.properties, PROPERTY.removedRows, 0);

/** Removed rows of which the ledgers know nothing any more, since they were written anew from what was left. */
export const forgottenRows = (metadata: TableMetadata): number =>
  numberProperty(metadata.properties, PROPERTY.forgottenRows, 0);

/** Rows that retention, erasure and other engines removed over all time, as far as ledgers may still know of them. */
export const explainedRows = (metadata: TableMetadata): number =>
  Math.max(0, foreignRows(metadata).removed + ownRemovedRows(metadata) - forgottenRows(metadata));

/** Rows of other engines over all time, up to this version. */
export const foreignRows = (metadata: TableMetadata): RowChange => {
  const since = foreignSinceOurs(metadata);
  return {
    added: numberProperty(metadata.properties, PROPERTY.foreignAdded, 0) + since.added,
    removed: numberProperty(metadata.properties, PROPERTY.foreignRemoved, 0) + since.removed,
  };
};
