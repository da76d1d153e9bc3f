import { allTopics, RoadstreamError } from "@roadstream/shared";
import { refusalAppend } from "../dead-letters/refusal.ts";
import { beginWork } from "../lake/work-age.ts";
import type { TopicEnds } from "../ledger/ledger-delta.ts";
import type { PartitionLedger } from "../ledger/partition-ledger.ts";
import { writeLedger } from "../ledger/write-ledger.ts";
import { storePictures } from "../pictures/store-pictures.ts";
import type { CommitOutcome, PartitionState, TableHead } from "../ports.ts";
import { newUuid, type IngestContext } from "./ingest-context.ts";
import { judgeBatch, type JudgeOptions } from "./judge-batch.ts";
import type { CapturedAt } from "./ports.ts";
import { recordIdentity, topicOf } from "./record-identity.ts";
import type { StagedBatch } from "./staged-batch.ts";

export interface CommitOptions extends JudgeOptions {
  /** Batches of the table that this worker dropped since its last commit. */
  readonly droppedBefore: number;
}

interface CommittedPartition {
  readonly state: PartitionState;
  /** What memory is from now on. */
  readonly ledger: PartitionLedger;
}

export type BatchOutcome =
  | {
      readonly kind: "committed";
      readonly head: TableHead;
      readonly attempts: number;
      readonly partitions: ReadonlyMap<number, CommittedPartition>;
      readonly staged: StagedBatch;
      readonly captured: readonly CapturedAt[];
      readonly files: number;
      readonly fileBytes: number;
      /** Offsets of this batch's refusals in the dead-letter topic, by partition: the end of each. */
      readonly deadLetterEnds: ReadonlyMap<number, number>;
    }
  | Exclude<CommitOutcome, { readonly kind: "committed" }>
  | { readonly kind: "too_many_days"; readonly days: number };

/**
 * One batch of one table, from records to commit. Everything before `append` may be left behind by a crash and is
 * harmless: files, pictures and ledger files lie under names never used again, dead letters are recognised by their id.
 * Where it is sure that the commit never lands, the table removes them.
 * The compare-and-set inside `append` is the only commit point.
 */
export const commitBatch = async (context: IngestContext, options: CommitOptions): Promise<BatchOutcome> => {
  const begunAt = beginWork(context.clock);
  const judged = await judgeBatch(context, options);
  if (judged.kind !== "judged") return judged;
  const { staged, files, captured } = judged;
  const deadLetterEnds = await sendRefusals(context, options, staged);
  await storePictures(context.store, staged.pictures);
  if (staged.checkpoints.length > 0) keepCheckpoints(staged, await readEnds(context));
  const commitId = newUuid(context);
  const ledgers = new Map<
    number,
    { readonly state: PartitionState; readonly settle: () => PartitionLedger }
  >();
  const puts = [...files, ...staged.pictures].map(({ key }) => key);
  for (const [partition, part] of staged.partitions) {
    const { name: table } = options.table;
    const before = options.ledgers.get(partition);
    if (before === undefined) throw new RoadstreamError("invariant", `no ledger of ${table}/${partition}`);
    const write = { ...context, table, partition, uuid: () => newUuid(context), commit: commitId };
    const written = await writeLedger(write, before, part.delta);
    const { key, settle } = written;
    puts.push(...written.puts);
    const last = before.erased.remembered(recordIdentity(table, part.lastValue, context.sha256));
    const erased = before.erased.key ?? undefined;
    ledgers.set(partition, {
      state: { next: part.next, last, ledger: key, erased, commit: commitId },
      settle,
    });
  }
  const outcome = await context.tables[options.table.name].append({
    base: options.base,
    commitId,
    files,
    partitions: {
      ...(options.base.ingest === null ? await beginnings(context, options, commitId) : {}),
      ...Object.fromEntries([...ledgers].map(([partition, { state }]) => [partition, state])),
    },
    logIdentity: options.logIdentity,
    partitionCount: options.partitionCount,
    begunAt,
    droppedBefore: options.droppedBefore,
    puts,
  });
  if (outcome.kind !== "committed") return outcome;
  return {
    kind: "committed",
    head: outcome.head,
    attempts: outcome.attempts,
    partitions: new Map(
      [...ledgers].map(([partition, { state, settle }]) => [partition, { state, ledger: settle() }]),
    ),
    staged,
    captured,
    files: files.length,
    fileBytes: files.reduce((sum, file) => sum + file.sizeBytes, 0),
    deadLetterEnds,
  };
};

/**
 * Where each partition of the log begins, for a table's first commit: from then on a log that lets go of records which
 * this table has not read yet, of a partition that it never read from too, is noticed and refused.
 */
const beginnings = async (
  context: IngestContext,
  { table, partitionCount }: CommitOptions,
  commit: string,
): Promise<Readonly<Record<number, PartitionState>>> => {
  const topic = topicOf(context.topics, table.name);
  const partitions: Record<number, PartitionState> = {};
  for (let partition = 0; partition < partitionCount; partition += 1) {
    const { start: next } = await context.log.range({ topic, partition });
    partitions[partition] = { next, last: null, ledger: null, commit };
  }
  return partitions;
};

/** Before the commit that passes their offsets, so that no refusal is without its letter. */
const sendRefusals = async (
  context: IngestContext,
  options: CommitOptions,
  staged: StagedBatch,
): Promise<ReadonlyMap<number, number>> => {
  const ends = new Map<number, number>();
  if (staged.refusals.length === 0) return ends;
  const place = {
    logIdentity: options.logIdentity,
    topic: topicOf(context.topics, options.table.name),
    now: context.clock.now(),
    sha256: context.sha256,
  };
  const outcome = await context.deadLetters.append(
    staged.refusals.map((refusal) => refusalAppend(refusal, place, context.topics.deadLetters)),
  );
  if (outcome.kind !== "durable") {
    throw new RoadstreamError("unavailable", `dead letters were not taken: ${outcome.reason}`);
  }
  for (const { partition, offset } of outcome.positions) {
    ends.set(partition, Math.max(ends.get(partition) ?? 0, offset + 1));
  }
  return ends;
};

/** The ends of all topics, read after the checkpoints were: whatever these speak of as acknowledged lies below. */
const readEnds = async (context: IngestContext): Promise<TopicEnds> => {
  const ends: Record<string, readonly number[]> = {};
  for (const topic of allTopics(context.topics)) {
    if (topic === context.topics.receipts) continue;
    const count = (await context.log.partitions(topic)) ?? 0;
    const ranges = Array.from({ length: count }, (_, partition) => context.log.range({ topic, partition }));
    ends[topic] = (await Promise.all(ranges)).map((range) => range.end);
  }
  return ends;
};

const keepCheckpoints = (staged: StagedBatch, ends: TopicEnds): void => {
  for (const { partition, ...mark } of staged.checkpoints) {
    staged.partitions.get(partition)?.delta.checkpoints.push({ ...mark, ends });
  }
};
