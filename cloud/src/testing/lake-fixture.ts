import { seededRandom, silentLogger, type Clock, type Random, type TableName } from "@roadstream/shared";
import type { VirtualClock } from "@roadstream/shared/testing";
import { openLakeTable, type IcebergTable } from "../lake/lake-table.ts";
import { tableDefinition } from "../lake/table-definition.ts";
import type { WorkBegin } from "../lake/work-age.ts";
import type { Retention } from "../lake/snapshot-expiry.ts";
import type { AppendCommit, NewDataFile, ObjectStore, TableDefinition, TableHead } from "../ports.ts";

const LOG = "sqlite:11111111-1111-7111-8111-111111111111/gps_data#1";
export const LOG_PARTITIONS = 6;

export interface FixtureOptions {
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly seed?: number;
  readonly table?: TableName;
  readonly retention?: Retention;
}

export const openTable = (options: FixtureOptions): IcebergTable =>
  openLakeTable({
    definition: tableDefinition(options.table ?? "gps_data"),
    store: options.store,
    clock: options.clock,
    random: seededRandom(options.seed ?? 1),
    logger: silentLogger,
    ...(options.retention === undefined ? {} : { retention: options.retention }),
  });

/** A file as the writer would have described it; no object of that name needs to exist for the table's sake. */
export const dataFileOf = (
  definition: TableDefinition,
  key: string,
  rows: number,
  day = "2026-01-01",
): NewDataFile => ({
  key,
  sizeBytes: 1000 + rows,
  rows,
  day,
  columns: definition.columns.map((column) => ({
    fieldId: column.id,
    sizeBytes: 40,
    valueCount: rows,
    nullCount: 0,
    nanCount: column.type === "float64" ? 0 : null,
    min: column.type === "timestamp" ? `${day} 00:00:00+00` : "1",
    max: column.type === "timestamp" ? `${day} 23:59:59.999+00` : "1",
  })),
});

export interface BatchOptions {
  readonly base: TableHead;
  readonly partition: number;
  readonly rows: number;
  readonly key: string;
  readonly commitId: string;
  readonly begunAt: WorkBegin;
  readonly day?: string;
}

/** A batch of `rows` records that reads on from the base's offset of one partition. */
export const batch = (definition: TableDefinition, options: BatchOptions): AppendCommit => {
  const { base, partition, rows } = options;
  const next = (base.ingest?.partitions[partition]?.next ?? 0) + rows;
  return {
    base,
    commitId: options.commitId,
    files: rows === 0 ? [] : [dataFileOf(definition, options.key, rows, options.day)],
    partitions: {
      [partition]: {
        next,
        last: `v/b/gps_data/${next}`,
        ledger: `ledger/${options.commitId}`,
        commit: options.commitId,
      },
    },
    logIdentity: LOG,
    partitionCount: LOG_PARTITIONS,
    begunAt: options.begunAt,
  };
};

const STEP_MS = 50;

/** Lets virtual time pass until the work is done: what waits between two attempts goes on. */
export const whileTimePasses = async <T>(clock: VirtualClock, work: Promise<T>): Promise<T> => {
  const state = { done: false };
  const watched = work.finally(() => {
    state.done = true;
  });
  watched.catch(() => undefined);
  while (!state.done) await clock.advance(STEP_MS);
  return watched;
};

/** A name from a number, for tests. */
export const uuidOf = (random: Random): string =>
  `00000000-0000-4000-8000-${Array.from({ length: 12 }, () => Math.floor(random.next() * 16).toString(16)).join("")}`;
