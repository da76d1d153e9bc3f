import { isRoadstreamError, RoadstreamError, type TableName } from "@roadstream/shared";
import { despiteOthers } from "../lake/despite-others.ts";
import { recallSeries } from "../ledger/load-ledger.ts";
import type { PartitionLedger } from "../ledger/partition-ledger.ts";
import type { SeriesRanges } from "../ledger/series-ranges.ts";
import type { NewDataFile, TableDefinition, TableHead } from "../ports.ts";
import { newUuid, type IngestContext } from "./ingest-context.ts";
import { BATCH_MAX_QUARANTINED } from "./ingest-limits.ts";
import type { LandingRows } from "./landing-rows.ts";
import type { CapturedAt, RowBatch } from "./ports.ts";
import type { RawBatch } from "./raw-batch.ts";
import { stageDeadLetters } from "./stage-dead-letters.ts";
import { stageStream } from "./stage-stream.ts";
import type { StagedBatch, StageOptions } from "./staged-batch.ts";

export interface JudgeOptions {
  readonly table: TableDefinition;
  readonly raw: RawBatch;
  readonly ledgers: ReadonlyMap<number, PartitionLedger>;
  readonly partitionCount: number;
  readonly logIdentity: string;
  /** The head on which the batch's partitions stand where the batch begins. */
  readonly base: TableHead;
}

export type JudgedBatch =
  | {
      readonly kind: "judged";
      readonly staged: StagedBatch;
      readonly files: readonly NewDataFile[];
      readonly captured: readonly CapturedAt[];
    }
  /** The table has moved on, and what the batch needs of it is gone. */
  | { readonly kind: "conflict"; readonly head: TableHead; readonly reason: string }
  | { readonly kind: "too_many_days"; readonly days: number };

/**
 * Decides each record of a batch and writes what lands to data files. The fast lane first: the database judges the
 * batch as a whole. If it objects to anything, every record is judged here; if it objects still, contract and database
 * disagree, and the culprits are set aside one by one.
 */
export const judgeBatch = async (context: IngestContext, options: JudgeOptions): Promise<JudgedBatch> => {
  const { name } = options.table;
  const quarantined = new Set<string>();
  const recalled = new Map<string, SeriesRanges>();
  const lettersAsked = new Set<string>();
  const lettersFound = new Set<string>();
  let lane: StageOptions["lane"] = "fast";
  for (;;) {
    const staged = stage(context, options, { lane, quarantined, recalled, lettersFound });
    if (staged.recalls.size > 0) {
      const newer = await recall(context, options, staged, recalled);
      if (newer === null) continue;
      return { kind: "conflict", head: newer, reason: "archive_gone" };
    }
    const unasked = new Set([...staged.lettersToFind].filter((id) => !lettersAsked.has(id)));
    if (unasked.size > 0) {
      for (const id of await findLetters(context, unasked)) lettersFound.add(id);
      for (const id of unasked) lettersAsked.add(id);
      continue;
    }
    if (staged.rows.length === 0) return { kind: "judged", staged, files: [], captured: [] };
    const rows = rowBatch(context, options.table, staged.rows);
    const outcome = await context.rows.write(rows, context.limits.commitMaxDays);
    if (outcome.kind === "too_many_days") return outcome;
    if (outcome.kind === "written") return { ...outcome, kind: "judged", staged };
    context.logger.warn("batch_refused", {
      table: name,
      lane,
      reason: outcome.reason,
      rows: staged.rows.length,
    });
    if (lane === "fast") {
      context.metrics.slowLane(name);
      lane = "slow";
      continue;
    }
    await quarantine(context, options.table, staged, quarantined);
  }
};

type Lane = Pick<StageOptions, "lane" | "quarantined" | "recalled" | "lettersFound">;

const stage = (context: IngestContext, options: JudgeOptions, lane: Lane): StagedBatch => {
  const { raw, ledgers, partitionCount, logIdentity } = options;
  const common = {
    ...lane,
    raw,
    ledgers,
    partitionCount,
    uuid: () => newUuid(context),
    sha256: context.sha256,
  };
  const table: TableName = options.table.name;
  return table === "dead_letters"
    ? stageDeadLetters({ ...common, logIdentity, now: context.clock.now() })
    : stageStream(table, common);
};

const rowBatch = (context: IngestContext, table: TableDefinition, rows: LandingRows): RowBatch => ({
  table,
  rows,
  landedAt: context.clock.now(),
  machineBoot: context.clock.machineBoot,
  uptime: context.clock.uptime(),
});

/** Returns a newer head of the table behind which an archive is gone; null when all is read. */
const recall = async (
  { store, zstd, tables }: IngestContext,
  { table, base }: JudgeOptions,
  staged: StagedBatch,
  recalled: Map<string, SeriesRanges>,
): Promise<TableHead | null> => {
  for (const [series, archive] of staged.recalls) {
    try {
      recalled.set(series, await recallSeries(store, zstd, archive, series));
    } catch (error) {
      const newer = await tables[table.name].head();
      if (!isRoadstreamError(error, "table_invalid") || newer.version === base.version) throw error;
      return newer;
    }
  }
  return null;
};

/** On the newest head: what landed since the batch's own is of other partitions, or the batch is one too late. */
const findLetters = (
  { tables: { dead_letters: table }, lettersIn }: IngestContext,
  wanted: ReadonlySet<string>,
): Promise<readonly string[]> =>
  despiteOthers(table, async () => lettersIn(await table.files(await table.head()), wanted));

/** Finds by halving which rows the database does not take. */
const quarantine = async (
  context: IngestContext,
  table: TableDefinition,
  staged: StagedBatch,
  quarantined: Set<string>,
): Promise<void> => {
  const before = quarantined.size;
  const search = async (from: number, to: number): Promise<void> => {
    if (quarantined.size > BATCH_MAX_QUARANTINED) return;
    if (await context.rows.accepts(rowBatch(context, table, staged.rows.slice(from, to)))) return;
    if (to - from === 1) {
      quarantined.add(staged.rows.position(from));
      return;
    }
    const middle = Math.floor((from + to) / 2);
    await search(from, middle);
    await search(middle, to);
  };
  await search(0, staged.rows.length);
  if (quarantined.size === before || quarantined.size > BATCH_MAX_QUARANTINED) {
    throw new RoadstreamError(
      "invariant",
      `${table.name}: contract and database disagree about ${quarantined.size - before} rows`,
      {
        hint: "Nothing is lost: the records stay in the log. Please report this with the log's lines above.",
      },
    );
  }
};
