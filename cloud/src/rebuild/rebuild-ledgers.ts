import { RoadstreamError, type Zstd } from "@roadstream/shared";
import type { IcebergTable } from "../lake/lake-table.ts";
import { foreignRows } from "../lake/table-history.ts";
import { PartitionLedger } from "../ledger/partition-ledger.ts";
import { writeLedger } from "../ledger/write-ledger.ts";
import type { IngestState, LiveFile, PartitionState, TableHead } from "../ports.ts";
import type { LakeRows } from "../verify/ports.ts";
import { presentFiles } from "../verify/present-files.ts";
import { filesMissing } from "../verify/problems.ts";
import { brokenLedgers } from "./broken-ledgers.ts";
import { deltasFromRows, type PartitionDeltas } from "./deltas-from-rows.ts";
import type { LedgerRows } from "./ports.ts";

export interface RebuildOptions {
  readonly table: IcebergTable;
  readonly rows: Pick<LakeRows, "islands">;
  readonly ledgerRows: LedgerRows;
  readonly zstd: Zstd;
  /** `look` only says what `write` would write. */
  readonly mode: "look" | "write";
}

/** As printed. A type and not an interface: it is printed as a table's row, whose keys are any. */
type RebuiltPartition = {
  readonly partition: number;
  readonly series: number;
  readonly landed: number;
  readonly because: string;
};

export interface RebuildReport {
  readonly partitions: readonly RebuiltPartition[];
  /** Rows that other engines removed: what a rebuilt ledger knew of them is forgotten. */
  readonly removedRows: number;
}

/**
 * Writes the ledgers that cannot be used anew, from the table's rows, and commits them with the offsets left as they
 * are. The compare-and-set inside `append` is the only commit point: it refuses when a partition has moved since the
 * rows were read, and a worker that holds one loads it again when its own next commit comes too late.
 */
export const rebuildLedgers = async (options: RebuildOptions): Promise<RebuildReport> => {
  const { table, mode } = options;
  const { name } = table.definition;
  const begunAt = table.clock.now();
  const head = await table.peek();
  if (head === null) throw new RoadstreamError("usage", `the lake has no table ${name} yet`);
  const removedRows = foreignRows(head.stored.metadata).removed;
  const broken = await brokenLedgers({ store: table.store, zstd: options.zstd }, name, head);
  if (broken.size === 0 || head.ingest === null) return { partitions: [], removedRows };
  const { partitionCount } = head.ingest;
  const files = await allFiles(table, head);
  const deltas = await deltasFromRows({ ...options, table: name, files, partitionCount }, [...broken.keys()]);
  if (mode === "write") await commitLedgers(options, { head, ingest: head.ingest, deltas, begunAt });
  const partitions = [...deltas].map(([partition, { series, counts }]) => ({
    partition,
    series: series.size,
    landed: counts.landed,
    because: broken.get(partition) ?? "",
  }));
  return { partitions, removedRows };
};

/** Throws `table_invalid` where one is gone: a ledger without its rows would let them land again. */
const allFiles = async (table: IcebergTable, head: TableHead): Promise<readonly LiveFile[]> => {
  const { name } = table.definition;
  const { present, missing } = await presentFiles(table.store, name, await table.files(head));
  if (missing.length === 0) return present;
  const { message, next } = filesMissing(name, missing);
  throw new RoadstreamError("table_invalid", message, { hint: next });
};

interface Rebuilt {
  readonly head: TableHead;
  readonly ingest: IngestState;
  readonly deltas: PartitionDeltas;
  readonly begunAt: number;
}

const commitLedgers = async (
  { table, zstd }: RebuildOptions,
  { head, ingest, deltas, begunAt }: Rebuilt,
): Promise<void> => {
  const { name } = table.definition;
  const commitId = table.names.uuid();
  const partitions: Record<number, PartitionState> = {};
  for (const [partition, delta] of deltas) {
    const before = ingest.partitions[partition];
    if (before === undefined) continue;
    const { store } = table;
    const write = { store, zstd, table: name, partition, uuid: () => table.names.uuid(), commit: commitId };
    const { key } = await writeLedger(write, new PartitionLedger(), delta);
    partitions[partition] = { ...before, ledger: key, commit: commitId };
  }
  const { logIdentity, partitionCount } = ingest;
  const outcome = await table.append({
    base: head,
    commitId,
    files: [],
    partitions,
    logIdentity,
    partitionCount,
    begunAt,
  });
  switch (outcome.kind) {
    case "committed":
      return;
    case "conflict":
      throw new RoadstreamError(
        "unavailable",
        `${name}: not rebuilt, the table moved on meanwhile: ${outcome.reason}`,
        { hint: "Nothing was changed. Stop cloud run, or try again." },
      );
    case "refused":
      throw new RoadstreamError("refused", `${name}: not rebuilt: ${outcome.reason}`, { hint: outcome.hint });
  }
};
