import { isStream, type TableName } from "@roadstream/shared";
import { explainedRows, forgottenRows } from "../lake/table-history.ts";
import { loadLedger, loadRetired } from "../ledger/load-ledger.ts";
import type { TombstoneAccess } from "../ledger/tombstone-file.ts";
import type { Tombstones } from "../ledger/tombstones.ts";
import type { LiveFile, TableHead } from "../ports.ts";
import { missingRows } from "../verify/compare-rows.ts";
import type { LakeRows } from "../verify/ports.ts";
import { TableSeriesBook } from "../verify/table-series.ts";
import type { PartitionDeltas } from "./deltas-from-rows.ts";

export interface RebuiltTable {
  readonly access: TombstoneAccess;
  readonly table: TableName;
  readonly head: TableHead;
  readonly files: readonly LiveFile[];
  readonly rows: Pick<LakeRows, "islands">;
  /** Those that can be read. */
  readonly tombstones: ReadonlyMap<number, Tombstones>;
  /** Of the partitions that are rebuilt. */
  readonly deltas: PartitionDeltas;
}

/**
 * How many of the removed rows no ledger will know once these are rebuilt. The ledgers that stay know some still: as many
 * as they list, or as tombstones do, beyond the rows that are there. What was forgotten once stays forgotten.
 */
export const countForgotten = async (of: RebuiltTable): Promise<number> => {
  const { metadata } = of.head.stored;
  const removed = explainedRows(metadata);
  if (removed === 0) return forgottenRows(metadata);
  const known = isStream(of.table) ? await knownReadings(of) : await knownLetters(of);
  return forgottenRows(metadata) + Math.max(0, removed - known);
};

const knownReadings = async (of: RebuiltTable): Promise<number> => {
  const { table, access, files, tombstones, deltas } = of;
  if (!isStream(table)) return 0;
  const book = new TableSeriesBook(table, { vehicle: null, looksInLog: false });
  for (const { series } of deltas.values()) for (const one of series.values()) book.addLedger(one);
  for (const ledger of await soundLedgers(of)) {
    for (const one of ledger.series()) book.addLedger(one);
    for (const one of await loadRetired(access.store, access.zstd, ledger)) book.addLedger(one);
  }
  for await (const islands of of.rows.islands(table, files, null)) {
    for (const island of islands) book.addIsland(island);
  }
  book.addErased(
    [...tombstones.values()].flatMap((one) => [...one.all()]),
    access.sha256,
  );
  return missingRows(book).rows;
};

const knownLetters = async (of: RebuiltTable): Promise<number> => {
  const ledgers = [
    ...(await soundLedgers(of)).map((ledger) => ledger.counts()),
    ...[...of.deltas.values()].map(({ counts }) => counts),
  ];
  const landed = ledgers.reduce((sum, counts) => sum + counts.landed, 0);
  return Math.max(0, landed - of.files.reduce((sum, { rows }) => sum + rows, 0));
};

const soundLedgers = ({ access, table, head, deltas }: RebuiltTable) =>
  Promise.all(
    Object.entries(head.ingest?.partitions ?? {})
      .map(([text, { ledger }]) => ({ partition: Number(text), ledger }))
      .filter(({ partition }) => !deltas.has(partition))
      .map(({ partition, ledger }) => loadLedger(access.store, access.zstd, { table, partition }, ledger)),
  );
