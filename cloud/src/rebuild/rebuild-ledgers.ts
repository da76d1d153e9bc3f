import {
  isRoadstreamError,
  RoadstreamError,
  type Sha256,
  type TableName,
  type Zstd,
} from "@roadstream/shared";
import type { IcebergTable } from "../lake/lake-table.ts";
import { forgottenRows } from "../lake/table-history.ts";
import { PROPERTY } from "../lake/table-properties.ts";
import { beginWork, type WorkBegin } from "../lake/work-age.ts";
import { PartitionLedger } from "../ledger/partition-ledger.ts";
import { loadTombstones, type TombstoneAccess } from "../ledger/tombstone-file.ts";
import type { Tombstones } from "../ledger/tombstones.ts";
import { writeLedger } from "../ledger/write-ledger.ts";
import type { IngestState, LiveFile, PartitionState, TableHead } from "../ports.ts";
import type { LakeRows } from "../verify/ports.ts";
import { presentFiles } from "../verify/present-files.ts";
import { filesMissing } from "../verify/problems.ts";
import { brokenLedgers } from "./broken-ledgers.ts";
import { countForgotten } from "./count-forgotten.ts";
import { deltasFromRows, type PartitionDeltas } from "./deltas-from-rows.ts";
import type { LedgerRows } from "./ports.ts";

export interface RebuildOptions {
  readonly table: IcebergTable;
  readonly rows: Pick<LakeRows, "islands">;
  readonly ledgerRows: LedgerRows;
  readonly zstd: Zstd;
  readonly sha256: Sha256;
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
  /**
   * Rows that retention or other engines removed and of which no ledger knows any more, over all rebuilds. Of erased
   * vehicles the tombstones stay, in files of their own.
   */
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
  const begunAt = beginWork(table.clock);
  const head = await table.peek();
  if (head === null) throw new RoadstreamError("usage", `the lake has no table ${name} yet`);
  const access = { store: table.store, zstd: options.zstd, sha256: options.sha256 };
  const broken = await brokenLedgers(access, name, head);
  const tombstones = await readableTombstones(access, name, head);
  if (broken.size === 0 || head.ingest === null)
    return { partitions: [], removedRows: forgottenRows(head.stored.metadata) };
  const { partitionCount } = head.ingest;
  const files = await allFiles(table, head);
  const deltas = await deltasFromRows({ ...options, table: name, files, partitionCount }, [...broken.keys()]);
  for (const [partition, { counts }] of deltas) {
    // As a ledger counts that lived to see the erasure.
    for (const { landed } of tombstones.get(partition)?.all() ?? []) {
      counts.landed += landed.size;
      counts.received += landed.size;
    }
  }
  const { rows } = options;
  const removedRows = await countForgotten({ access, table: name, head, files, rows, tombstones, deltas });
  const ingest = { ...head.ingest, partitions: keptStates(head.ingest, tombstones) };
  if (mode === "write") await commitLedgers(options, { head, ingest, deltas, removedRows, begunAt });
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

type PartitionTombstones = ReadonlyMap<number, Tombstones>;

const readableTombstones = async (
  access: TombstoneAccess,
  table: TableName,
  head: TableHead,
): Promise<PartitionTombstones> => {
  const readable = new Map<number, Tombstones>();
  for (const [text, { erased }] of Object.entries(head.ingest?.partitions ?? {})) {
    const partition = Number(text);
    try {
      readable.set(partition, await loadTombstones(access, { table, partition }, erased ?? null));
    } catch (error) {
      if (!isRoadstreamError(error, "table_invalid")) throw error;
    }
  }
  return readable;
};

/** Without the names of tombstones that are lost: no worker could go on with them. */
const keptStates = (
  { partitions }: IngestState,
  tombstones: PartitionTombstones,
): IngestState["partitions"] =>
  Object.fromEntries(
    Object.entries(partitions).map(([partition, state]) => [
      partition,
      { ...state, erased: tombstones.get(Number(partition))?.key ?? undefined },
    ]),
  );

interface Rebuilt {
  readonly head: TableHead;
  readonly ingest: IngestState;
  readonly deltas: PartitionDeltas;
  readonly removedRows: number;
  readonly begunAt: WorkBegin;
}

const commitLedgers = async (
  { table, zstd }: RebuildOptions,
  { head, ingest, deltas, removedRows, begunAt }: Rebuilt,
): Promise<void> => {
  const { name } = table.definition;
  const commitId = table.names.uuid();
  const partitions: Record<number, PartitionState> = {};
  const puts: string[] = [];
  for (const [partition, delta] of deltas) {
    const before = ingest.partitions[partition];
    if (before === undefined) continue;
    const { store } = table;
    const write = { store, zstd, table: name, partition, uuid: () => table.names.uuid(), commit: commitId };
    const written = await writeLedger(write, new PartitionLedger(), delta);
    puts.push(...written.puts);
    partitions[partition] = { ...before, ledger: written.key, commit: commitId };
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
    // With the ledgers, so that what they forgot is not laid to rows that are lost later.
    properties: { [PROPERTY.forgottenRows]: String(removedRows) },
    puts,
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
