import { RoadstreamError, type Logger, type Sha256, type Zstd } from "@roadstream/shared";
import { tableHead, type IcebergTable } from "../lake/lake-table.ts";
import { replaceFiles, type Replacement } from "../lake/replace-files.ts";
import { nextEpoch, partitionProperties, samePartition, type Properties } from "../lake/table-properties.ts";
import { beginWork } from "../lake/work-age.ts";
import type { LiveFile, NewDataFile, TableHead } from "../ports.ts";
import { despiteOthers } from "../lake/despite-others.ts";
import { forgetInLedgers, type Forgotten } from "./forget-ledgers.ts";
import { mayHold } from "./may-hold.ts";
import type { UnclaimedLetter, VehicleRows } from "./ports.ts";

/** Bounds what is rewritten in vain when another commit comes first. */
const FILES_PER_COMMIT = 50;
/** Each round looks only at files that came since the one before, so that it soon is faster than a worker's commits. */
const MAX_CONFLICTS = 100;

export interface EraseContext {
  readonly table: IcebergTable;
  readonly vehicle: string;
  readonly rows: VehicleRows;
  readonly zstd: Zstd;
  readonly sha256: Sha256;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** Data files that were looked at and hold no row of the vehicle: names never come back. */
  readonly clean: Set<string>;
  /** Data files rewritten with one commit; default 50. */
  readonly filesPerCommit?: number;
}

export interface ErasedRows {
  rows: number;
  /** Data files written without its rows. */
  filesRewritten: number;
  /** Data files that had no other rows. */
  filesDropped: number;
  /** Series that became tombstones. */
  series: number;
}

export interface Holding {
  readonly file: LiveFile;
  readonly rows: number;
}

/** The live files with rows of the vehicle; the others are noted as clean. */
export const filesHolding = async (context: EraseContext, head: TableHead): Promise<readonly Holding[]> => {
  const { table, clean, vehicle } = context;
  const unknown = (await table.entries(head)).filter(({ file }) => !clean.has(file.key));
  const possible = unknown.filter(({ entry }) => mayHold(table.definition, entry.data_file, vehicle));
  const keys = possible.map(({ file }) => file.key);
  const found = await context.rows.count(table.definition, keys, vehicle);
  for (const { file } of unknown) if (!found.has(file.key)) clean.add(file.key);
  return possible.flatMap(({ file }) => {
    const rows = found.get(file.key) ?? 0;
    return rows === 0 ? [] : [{ file, rows }];
  });
};

/** What an erasure would take out of the table now. */
export const plannedErasure = async (context: EraseContext, head: TableHead): Promise<ErasedRows> => {
  const holding = await filesHolding(context, head);
  const { series } = await forget(context, { head, holding, commitId: "", mode: "look" });
  const dropped = holding.filter(({ file, rows }) => file.rows === rows).length;
  return {
    rows: holding.reduce((sum, { rows }) => sum + rows, 0),
    filesRewritten: holding.length - dropped,
    filesDropped: dropped,
    series,
  };
};

/**
 * Takes the rows out of the table, then, with the last of them, the name out of its ledgers: one commit, which stands
 * only where no partition that knows the vehicle has moved, so that at any time ledger and rows agree. It counts up the
 * erase epoch: batches that were judged by older ledgers are dropped and judged again, by the tombstones.
 */
export const eraseRows = async (context: EraseContext): Promise<ErasedRows> => {
  const { table, signal } = context;
  const erased: ErasedRows = { rows: 0, filesRewritten: 0, filesDropped: 0, series: 0 };
  for (let conflicts = 0; conflicts < MAX_CONFLICTS && !signal.aborted;) {
    const outcome = await despiteOthers(table, () => erasePortion(context, erased));
    if (outcome === "all") return erased;
    if (outcome === "conflict") conflicts += 1;
  }
  if (signal.aborted) return erased;
  throw new RoadstreamError("unavailable", `${table.definition.name}: other commits always came first`, {
    hint: "What was erased so far is erased. Try again, perhaps while cloud run does not run.",
  });
};

type PortionOutcome = "all" | "some" | "conflict";

const erasePortion = async (context: EraseContext, erased: ErasedRows): Promise<PortionOutcome> => {
  const { table } = context;
  const head = await table.peek();
  if (head === null) return "all";
  const holding = await filesHolding(context, head);
  // The letters that need a tombstone of their own are known only while they are there: all at once.
  const { filesPerCommit = FILES_PER_COMMIT } = context;
  const limit = table.definition.name === "dead_letters" ? Infinity : filesPerCommit;
  const isLast = holding.length <= limit;
  return await eraseSome(context, { head, holding: holding.slice(0, limit), isLast }, erased);
};

interface Portion {
  readonly head: TableHead;
  readonly holding: readonly Holding[];
  readonly isLast: boolean;
}

const eraseSome = async (
  context: EraseContext,
  portion: Portion,
  erased: ErasedRows,
): Promise<PortionOutcome> => {
  const { table, logger } = context;
  const { head, holding, isLast } = portion;
  const commitId = table.names.uuid();
  const begunAt = beginWork(table.clock);
  const forgotten = isLast ? await forget(context, { head, holding, commitId, mode: "write" }) : null;
  const known = Object.keys(forgotten?.partitions ?? {}).length;
  if (isLast && holding.length + known === 0) return "all";
  const puts = forgotten?.puts ?? [];
  const outputs = await withoutVehicle(context, holding, puts);
  const removes = holding.reduce((sum, { rows }) => sum + rows, 0);
  const outcome = await replaceFiles(table, {
    base: head.stored,
    commitId,
    inputs: holding.map(({ file }) => file.key),
    outputs,
    removes,
    begunAt,
    puts,
    ...(forgotten === null ? {} : { also: withLedgers(head, forgotten) }),
  });
  const { name } = table.definition;
  switch (outcome.kind) {
    case "refused":
      throw new RoadstreamError("refused", `${name}: ${outcome.reason}`, { hint: outcome.hint });
    case "conflict":
      logger.debug("erase_again", { table: name, reason: outcome.reason });
      return "conflict";
    case "committed":
      for (const { key } of outputs) context.clean.add(key);
      erased.rows += removes;
      erased.filesRewritten += outputs.length;
      erased.filesDropped += holding.length - outputs.length;
      erased.series += forgotten?.series ?? 0;
      return isLast ? "all" : "some";
  }
};

/** What remains of these files, as new ones. Where one cannot be read any more, neither they nor `puts` are left behind. */
const withoutVehicle = async (
  { table, rows, vehicle }: EraseContext,
  holding: readonly Holding[],
  puts: readonly string[],
): Promise<readonly NewDataFile[]> => {
  const outputs: NewDataFile[] = [];
  try {
    for (const { file } of holding) {
      const rest = await rows.without(table.definition, file, vehicle);
      if (rest !== null) outputs.push(rest);
    }
  } catch (error) {
    await table.discard([...puts, ...outputs.map(({ key }) => key)]);
    throw error;
  }
  return outputs;
};

/** The names of the new ledgers, where the old ones are still those of the head that they were made from. */
const withLedgers =
  (head: TableHead, { partitions }: Forgotten): NonNullable<Replacement["also"]> =>
  (on): Properties | string => {
    const { ingest } = tableHead(on);
    for (const partition of Object.keys(partitions).map(Number)) {
      if (!samePartition(head.ingest?.partitions[partition], ingest?.partitions[partition]))
        return `partition_moved:${partition}`;
    }
    return { ...partitionProperties(partitions), ...nextEpoch(on.metadata.properties) };
  };

/** The ledgers without the vehicle; to `look` writes nothing, and says which of them know it. */
export const forget = async (
  context: EraseContext,
  options: {
    readonly head: TableHead;
    readonly holding: readonly Holding[];
    readonly commitId: string;
    readonly mode: "look" | "write";
  },
): Promise<Forgotten> => {
  const { table, vehicle, zstd, sha256 } = context;
  const keys = options.holding.map(({ file }) => file.key);
  const letters: readonly UnclaimedLetter[] =
    table.definition.name === "dead_letters" ? await context.rows.unclaimedLetters(keys, vehicle) : [];
  const { head, commitId, mode } = options;
  return forgetInLedgers({
    access: { store: table.store, zstd, sha256 },
    table: table.definition.name,
    head,
    vehicle,
    letters,
    uuid: () => table.names.uuid(),
    commitId,
    mode,
  });
};
