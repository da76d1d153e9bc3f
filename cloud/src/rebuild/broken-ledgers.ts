import { isRoadstreamError, isStream, type TableName, type Zstd } from "@roadstream/shared";
import { loadLedger, loadRetired } from "../ledger/load-ledger.ts";
import type { ObjectStore, TableHead } from "../ports.ts";

/**
 * The log partitions whose ledger cannot be used as it is, with the reason. One that can be read is left alone: it knows
 * more than the rows do, such as what landed and was removed by another engine.
 */
export const brokenLedgers = async (
  { store, zstd }: { readonly store: ObjectStore; readonly zstd: Zstd },
  table: TableName,
  head: TableHead,
): Promise<ReadonlyMap<number, string>> => {
  const broken = new Map<number, string>();
  for (const [text, state] of Object.entries(head.ingest?.partitions ?? {})) {
    const partition = Number(text);
    const why = await whyBroken(store, zstd, { table, partition }, state.ledger);
    if (why !== null) broken.set(partition, why);
  }
  return broken;
};

const whyBroken = async (
  store: ObjectStore,
  zstd: Zstd,
  place: { readonly table: TableName; readonly partition: number },
  key: string | null,
): Promise<string | null> => {
  try {
    const ledger = await loadLedger(store, zstd, place, key);
    const retired = await loadRetired(store, zstd, ledger);
    if (retired.length < [...ledger.retired()].length) return "its archives lack series";
    if (!isStream(place.table)) return null;
    const listed = [...ledger.series(), ...retired].reduce((sum, { landed }) => sum + landed.size, 0);
    const counted = ledger.counts().landed;
    return listed === counted ? null : `it counts ${counted} landed records and lists ${listed}`;
  } catch (error) {
    if (isRoadstreamError(error, "table_invalid")) return error.message;
    throw error;
  }
};
