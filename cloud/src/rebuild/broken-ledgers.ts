import { isRoadstreamError, isStream, type TableName } from "@roadstream/shared";
import { loadLedger, loadRetired, type LedgerPlace } from "../ledger/load-ledger.ts";
import { loadTombstones, type TombstoneAccess } from "../ledger/tombstone-file.ts";
import type { PartitionState, TableHead } from "../ports.ts";

/**
 * The log partitions whose ledger cannot be used as it is, with the reason. One that can be read is left alone: it knows
 * more than the rows do, such as what landed and was removed by another engine.
 */
export const brokenLedgers = async (
  access: TombstoneAccess,
  table: TableName,
  head: TableHead,
): Promise<ReadonlyMap<number, string>> => {
  const broken = new Map<number, string>();
  for (const [text, state] of Object.entries(head.ingest?.partitions ?? {})) {
    const partition = Number(text);
    const why = await whyBroken(access, { table, partition }, state);
    if (why !== null) broken.set(partition, why);
  }
  return broken;
};

const whyBroken = async (
  access: TombstoneAccess,
  place: LedgerPlace,
  state: PartitionState,
): Promise<string | null> => {
  try {
    const { store, zstd } = access;
    const tombstones = await loadTombstones(access, place, state.erased ?? null);
    const ledger = await loadLedger(store, zstd, place, state.ledger, tombstones);
    const retired = await loadRetired(store, zstd, ledger);
    if (retired.length < [...ledger.retired()].length) return "its archives lack series";
    if (!isStream(place.table)) return null;
    const all = [...ledger.series(), ...retired, ...tombstones.all()];
    const listed = all.reduce((sum, { landed }) => sum + landed.size, 0);
    const counted = ledger.counts().landed;
    return listed === counted ? null : `it counts ${counted} landed records and lists ${listed}`;
  } catch (error) {
    if (isRoadstreamError(error, "table_invalid")) return error.message;
    throw error;
  }
};
