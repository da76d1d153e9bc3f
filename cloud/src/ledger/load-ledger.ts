import type { TableName, Zstd } from "@roadstream/shared";
import type { ObjectStore } from "../ports.ts";
import { decodeLedgerFile, ledgerInvalid, type LedgerFile } from "./ledger-file.ts";
import { LedgerDelta } from "./ledger-delta.ts";
import { WHOLE_EVERY_COMMITS } from "./ledger-limits.ts";
import { PartitionLedger } from "./partition-ledger.ts";
import { seriesText, type SeriesRanges } from "./series-ranges.ts";
import { Tombstones } from "./tombstones.ts";

export interface LedgerPlace {
  readonly table: TableName;
  readonly partition: number;
}

const deltaOf = (file: LedgerFile): LedgerDelta => {
  const delta = new LedgerDelta();
  for (const series of file.series) delta.series.set(seriesText(series), series);
  for (const id of file.deadLetterIds) delta.deadLetterIds.push(id);
  for (const checkpoint of file.checkpoints) delta.checkpoints.push(checkpoint);
  Object.assign(delta.counts, file.counts);
  return delta;
};

interface ReadFile extends LedgerFile {
  readonly key: string;
  /** As stored. */
  readonly bytes: number;
}

const readLedgerFile = async (store: ObjectStore, zstd: Zstd, key: string): Promise<ReadFile> => {
  const bytes = await store.get(key);
  if (bytes === null) throw ledgerInvalid(key, "is gone");
  return { ...decodeLedgerFile(key, bytes, zstd), key, bytes: bytes.length };
};

/** From the newest back to a whole one. */
const readChain = async (
  store: ObjectStore,
  zstd: Zstd,
  place: LedgerPlace,
  head: string | null,
): Promise<readonly ReadFile[]> => {
  const files: ReadFile[] = [];
  for (let key = head; key !== null;) {
    const file = await readLedgerFile(store, zstd, key);
    if (file.table !== place.table || file.partition !== place.partition || file.kind === "archive") {
      throw ledgerInvalid(key, "is of another place");
    }
    files.push(file);
    if (files.length > WHOLE_EVERY_COMMITS) throw ledgerInvalid(head ?? "", "has no whole file behind it");
    key = file.kind === "whole" ? null : file.previous;
  }
  return files;
};

/** Every ledger file that this one stands on, itself and archives included. */
export const ledgerKeys = async (
  store: ObjectStore,
  zstd: Zstd,
  place: LedgerPlace,
  head: string | null,
): Promise<readonly string[]> => {
  const files = await readChain(store, zstd, place, head);
  return files.flatMap(({ key, retired }) => [key, ...retired.map(([, archive]) => archive)]);
};

/** The ledger as of the file that a table's head names: that file and its predecessors back to a whole one. */
export const loadLedger = async (
  store: ObjectStore,
  zstd: Zstd,
  place: LedgerPlace,
  head: string | null,
  erased: Tombstones = Tombstones.NONE,
): Promise<PartitionLedger> => {
  const files = await readChain(store, zstd, place, head);
  const ledger = new PartitionLedger(erased);
  for (const file of files.toReversed()) {
    ledger.restoreRetired(file.retired);
    ledger.apply(deltaOf(file));
    if (file.kind === "whole") ledger.wholeBytes = file.bytes;
    else ledger.differencesBytes += file.bytes;
  }
  ledger.key = head;
  ledger.depth = files[0]?.depth ?? 0;
  return ledger;
};

/** One retired series as its archive holds it. Throws `table_invalid` when the archive is not what the ledger says. */
export const recallSeries = async (
  store: ObjectStore,
  zstd: Zstd,
  archive: string,
  text: string,
): Promise<SeriesRanges> => {
  const file = await readLedgerFile(store, zstd, archive);
  const found = file.series.find((series) => seriesText(series) === text);
  if (found === undefined) throw ledgerInvalid(archive, `does not hold ${text}`);
  return found;
};

/** All retired series of the archives that hold one which is asked for: for `verify`, never for the worker. */
export const loadRetired = async (
  store: ObjectStore,
  zstd: Zstd,
  ledger: PartitionLedger,
  isAskedFor: (series: string) => boolean = () => true,
): Promise<readonly SeriesRanges[]> => {
  const wanted = new Map(ledger.retired());
  const archives = [...wanted].filter(([series]) => isAskedFor(series)).map(([, archive]) => archive);
  const series: SeriesRanges[] = [];
  for (const archive of new Set(archives)) {
    const file = await readLedgerFile(store, zstd, archive);
    // One by one: an archive may hold more of them than a call can have arguments.
    for (const one of file.series) if (wanted.get(seriesText(one)) === archive) series.push(one);
  }
  return series;
};
