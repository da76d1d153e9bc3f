import { RoadstreamError, type TableName } from "@roadstream/shared";
import { recallSeries } from "../ledger/load-ledger.ts";
import type { PartitionLedger } from "../ledger/partition-ledger.ts";
import type { SeriesRanges } from "../ledger/series-ranges.ts";
import type { NewDataFile, TableDefinition } from "../ports.ts";
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
}

export type JudgedBatch =
  | {
      readonly kind: "judged";
      readonly staged: StagedBatch;
      readonly files: readonly NewDataFile[];
      readonly captured: readonly CapturedAt[];
    }
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
  let lettersFound: StageOptions["lettersFound"] = null;
  let lane: StageOptions["lane"] = "fast";
  for (;;) {
    const staged = stage(context, options, { lane, quarantined, recalled, lettersFound });
    if (staged.recalls.size > 0) {
      await recall(context, staged, recalled);
      continue;
    }
    if (staged.lettersToFind.size > 0 && lettersFound === null) {
      lettersFound = await findLetters(context, staged.lettersToFind);
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

const recall = async (
  context: IngestContext,
  staged: StagedBatch,
  recalled: Map<string, SeriesRanges>,
): Promise<void> => {
  for (const [series, archive] of staged.recalls) {
    recalled.set(series, await recallSeries(context.store, context.zstd, archive, series));
  }
};

/** On the newest head: what landed since the batch's own is of other partitions, or the batch is one too late. */
const findLetters = async (
  { tables, letterIds }: IngestContext,
  wanted: ReadonlySet<string>,
): Promise<ReadonlySet<string>> => {
  const table = tables.dead_letters;
  const found = new Set<string>();
  for await (const ids of letterIds(await table.files(await table.head())))
    for (const id of ids) if (wanted.has(id)) found.add(id);
  return found;
};

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
