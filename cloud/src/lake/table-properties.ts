import { RoadstreamError } from "@roadstream/shared";
import { z } from "zod";
import type { IngestState, PartitionState } from "../ports.ts";

/** The table properties that are ours; each changes only by the commit that it describes. */
export const PROPERTY = {
  /** Which catalog owns the table: `file` or `glue:DATABASE`. */
  catalog: "roadstream.catalog",
  /** UUID of our newest commit. */
  commit: "roadstream.commit",
  /** Identity of the log that feeds the table, and its partition count, fixed by the first commit. */
  logIdentity: "roadstream.log-identity",
  logPartitions: "roadstream.log-partitions",
  /** Our newest snapshot, its sequence number, and the rows in the table with it. */
  snapshot: "roadstream.snapshot-id",
  sequence: "roadstream.sequence-number",
  rows: "roadstream.rows",
  /** Rows that other engines added and removed, over all time. */
  foreignAdded: "roadstream.foreign-added-rows",
  foreignRemoved: "roadstream.foreign-removed-rows",
  /** Rows that retention and erasure removed, over all time. */
  removedRows: "roadstream.removed-rows",
  /** Of rows that anybody removed, over all time, those of which no ledger knows since it was rebuilt. */
  forgottenRows: "roadstream.forgotten-rows",
  /** Days of rows that stay; absent: all. */
  retainDays: "roadstream.retain-days",
  /** Counts erasures and removals of orphans: work begun before one is dropped, whatever any clock says. */
  eraseEpoch: "roadstream.erase-epoch",
  /** Of snapshots that erasures expired, `sequence:end of the commit's UUID`: who came too late learns that he did. */
  passedCommits: "roadstream.passed-commits",
} as const;

/** The snapshot summary's keys that are ours. */
export const SUMMARY = {
  commit: "roadstream.commit",
  /** `partition:next` of every partition, ascending, with blanks between. */
  offsets: "roadstream.offsets",
  /** How often the commit was tried, where another one came before it; absent: once. */
  attempt: "roadstream.attempt",
  /** Milliseconds from when the batch was taken until all but the metadata was put, by the worker's monotonic clock. */
  commitMs: "roadstream.commit-ms",
  /** Batches that the worker dropped since its last commit of the table, because of a conflict; absent: none. */
  dropped: "roadstream.dropped",
} as const;

const PARTITION_PREFIX = "roadstream.partition.";
export const isPartitionProperty = (name: string): boolean => name.startsWith(PARTITION_PREFIX);
/** More log partitions than this in one table is a broken property, not a log. */
const MAX_PARTITIONS = 100_000;

const partitionState = z.object({
  next: z.int().min(0),
  last: z.string().nullable(),
  ledger: z.string().nullable(),
  erased: z.string().optional(),
  commit: z.string(),
});

export type Properties = Readonly<Record<string, string>>;

const invalid = (key: string, value: string): RoadstreamError =>
  new RoadstreamError(
    "table_invalid",
    `the table property ${key} is not ours to read: ${value.slice(0, 200)}`,
  );

/** A whole number of a property; `otherwise` when it is not set. */
export const numberProperty = (properties: Properties, key: string, otherwise: number): number => {
  const text = properties[key];
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw invalid(key, text);
  return value;
};

/** With it, all work that began before is dropped. */
export const nextEpoch = (properties: Properties): Properties => ({
  [PROPERTY.eraseEpoch]: String(numberProperty(properties, PROPERTY.eraseEpoch, 0) + 1),
});

const parsePartition = (key: string, text: string): PartitionState => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalid(key, text);
  }
  const parsed = partitionState.safeParse(value);
  if (!parsed.success) throw invalid(key, text);
  return parsed.data;
};

/** Null before the first commit. */
export const ingestState = (properties: Properties): IngestState | null => {
  const logIdentity = properties[PROPERTY.logIdentity];
  if (logIdentity === undefined) return null;
  const partitions: Record<number, PartitionState> = {};
  for (const [key, text] of Object.entries(properties)) {
    if (!key.startsWith(PARTITION_PREFIX)) continue;
    const partition = Number(key.slice(PARTITION_PREFIX.length));
    if (!Number.isInteger(partition) || partition < 0 || partition >= MAX_PARTITIONS)
      throw invalid(key, text);
    partitions[partition] = parsePartition(key, text);
  }
  return { logIdentity, partitionCount: numberProperty(properties, PROPERTY.logPartitions, 0), partitions };
};

export const partitionProperties = (partitions: Readonly<Record<number, PartitionState>>): Properties =>
  Object.fromEntries(
    Object.entries(partitions).map(([partition, { next, last, ledger, erased, commit }]) => [
      `${PARTITION_PREFIX}${partition}`,
      JSON.stringify({ next, last, ledger, erased, commit }),
    ]),
  );

export const samePartition = (a: PartitionState | undefined, b: PartitionState | undefined): boolean =>
  a === undefined || b === undefined
    ? a === b
    : a.next === b.next &&
      a.commit === b.commit &&
      a.ledger === b.ledger &&
      a.erased === b.erased &&
      a.last === b.last;

/** The form in which a snapshot's summary repeats the offsets. */
export const offsetsText = (state: IngestState | null): string =>
  Object.entries(state?.partitions ?? {})
    .map(([partition, { next }]) => ({ partition: Number(partition), next }))
    .sort((a, b) => a.partition - b.partition)
    .map(({ partition, next }) => `${partition}:${next}`)
    .join(" ");
