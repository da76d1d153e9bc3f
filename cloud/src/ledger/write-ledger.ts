import { RoadstreamError, type Zstd } from "@roadstream/shared";
import type { ObjectStore } from "../ports.ts";
import { putNewObject } from "../object-store/put-new-object.ts";
import { encodeLedgerFile, ledgerKey, type LedgerFile } from "./ledger-file.ts";
import type { LedgerDelta } from "./ledger-delta.ts";
import { noCounts } from "./ledger-delta.ts";
import { SMALL_CHAIN_BYTES, WHOLE_EVERY_COMMITS } from "./ledger-limits.ts";
import type { LedgerPlace } from "./load-ledger.ts";
import type { PartitionLedger } from "./partition-ledger.ts";
import type { SeriesRanges } from "./series-ranges.ts";

export interface LedgerWrite extends LedgerPlace {
  readonly store: ObjectStore;
  readonly zstd: Zstd;
  readonly uuid: () => string;
  readonly commit: string;
}

export interface WrittenLedger {
  readonly key: string;
  /** Of all files that were put: an archive may be one more. */
  readonly puts: readonly string[];
  readonly settle: () => PartitionLedger;
}

/**
 * Puts the ledger file of one commit and returns what memory becomes if, and only if, that commit wins. The file is
 * nothing before the commit names it.
 */
export const writeLedger = async (
  write: LedgerWrite,
  before: PartitionLedger,
  delta: LedgerDelta,
): Promise<WrittenLedger> => {
  checkRecalled(before, delta);
  const key = ledgerKey(write.table, write.partition, write.uuid());
  if (before.key !== null && before.depth < WHOLE_EVERY_COMMITS && !isOutgrown(before)) {
    const depth = before.depth + 1;
    const bytes = await put(write, key, {
      ...place(write),
      kind: "differences",
      previous: before.key,
      depth,
      counts: delta.counts,
      series: [...delta.series.values()].filter(isNews),
      retired: [],
      deadLetterIds: delta.deadLetterIds,
      checkpoints: delta.checkpoints,
    });
    const settle = (): PartitionLedger => {
      before.apply(delta);
      before.key = key;
      before.depth = depth;
      before.differencesBytes += bytes;
      return before;
    };
    return { key, puts: [key], settle };
  }
  const { after, archive } = await wholeOf(write, before, delta);
  after.wholeBytes = await put(write, key, {
    ...place(write),
    kind: "whole",
    previous: before.key,
    depth: 1,
    counts: after.counts(),
    series: [...after.series()],
    retired: [...after.retired()],
    deadLetterIds: [...after.deadLetterIds()],
    checkpoints: [...after.checkpoints()],
  });
  after.key = key;
  after.depth = 1;
  after.differencesBytes = 0;
  return { key, puts: archive === null ? [key] : [key, archive], settle: () => after };
};

/** Numbers of a retired series without those of its archive would be all that is known of it from then on. */
const checkRecalled = (before: PartitionLedger, delta: LedgerDelta): void => {
  for (const [text, series] of delta.series)
    if (isNews(series) && before.archiveOf(series) !== null && !delta.recalled.has(text))
      throw new RoadstreamError("invariant", `${text} is retired, and was not recalled`);
};

/** A large fleet's differences are soon more than the whole: another one costs no more than they did. */
const isOutgrown = ({ wholeBytes, differencesBytes }: PartitionLedger): boolean =>
  differencesBytes > Math.max(wholeBytes, SMALL_CHAIN_BYTES);

/** A series that only sent doubles adds nothing. */
const isNews = (series: SeriesRanges): boolean => series.landed.pieces + series.rejected.pieces > 0;

const place = (write: LedgerWrite): Pick<LedgerFile, "table" | "partition" | "commit"> => ({
  table: write.table,
  partition: write.partition,
  commit: write.commit,
});

/** Returns the file's size. */
const put = async (write: LedgerWrite, key: string, file: LedgerFile): Promise<number> => {
  const bytes = encodeLedgerFile(file, write.zstd);
  await putNewObject(write.store, key, bytes);
  return bytes.length;
};

/** The whole is also when silent series are retired: their ranges move to an archive that only `verify` reads. */
const wholeOf = async (
  write: LedgerWrite,
  before: PartitionLedger,
  delta: LedgerDelta,
): Promise<{ readonly after: PartitionLedger; readonly archive: string | null }> => {
  const after = before.clone();
  after.apply(delta);
  const silent = after.silent();
  if (silent.length === 0) return { after, archive: null };
  const archive = ledgerKey(write.table, write.partition, write.uuid());
  await put(write, archive, {
    ...place(write),
    kind: "archive",
    previous: null,
    depth: 1,
    counts: noCounts(),
    series: silent,
    retired: [],
    deadLetterIds: [],
    checkpoints: [],
  });
  after.retire(silent, archive);
  return { after, archive };
};
