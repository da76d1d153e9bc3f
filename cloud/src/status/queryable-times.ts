import type { ObjectStore, TableHead } from "../ports.ts";
import { isBatch } from "./table-commits.ts";

/** Since when what a batch added can be queried, Unix milliseconds by the store's clock, by the batch's snapshot id. */
export type QueryableTimes = ReadonlyMap<bigint, number>;

/** By key. One listing, whichever catalog names them. */
const putTimes = async (store: ObjectStore, folder: string): Promise<ReadonlyMap<string, number>> => {
  const times = new Map<string, number>();
  for await (const { key, modifiedAt } of store.list(folder))
    if (key.endsWith(".metadata.json")) times.set(key, modifiedAt);
  return times;
};

/**
 * Of the batches whose snapshots are still there. A snapshot is dated before its metadata is put, and that put may be
 * repeated for minutes: where the store has the object still, it says when it took it. Of metadata with the same date the
 * first counts, so that no time is later than the truth.
 */
export const queryableTimes = async (
  store: ObjectStore,
  table: string,
  { stored: { pointer, metadata } }: TableHead,
): Promise<QueryableTimes> => {
  const puts = await putTimes(store, `${table}/metadata/`);
  const takenAt = new Map<number, number>();
  const versions = [
    ...metadata["metadata-log"],
    { "metadata-file": pointer.location, "timestamp-ms": metadata["last-updated-ms"] },
  ];
  for (const { "metadata-file": location, "timestamp-ms": dated } of versions) {
    const put = puts.get(store.keyOf(location) ?? "");
    if (put !== undefined) takenAt.set(dated, Math.min(put, takenAt.get(dated) ?? Infinity));
  }
  return new Map(
    metadata.snapshots.filter(isBatch).map(({ "snapshot-id": id, "timestamp-ms": dated }) => {
      return [id, Math.max(dated, takenAt.get(dated) ?? dated)];
    }),
  );
};
