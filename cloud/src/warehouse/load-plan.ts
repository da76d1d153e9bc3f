import { RoadstreamError } from "@roadstream/shared";
import type { IcebergTable } from "../lake/lake-table.ts";
import type { LiveEntry } from "../lake/live-files.ts";
import { currentSnapshot } from "../lake/table-metadata.ts";
import type { TableHead } from "../ports.ts";
import { dayOf, loadFile } from "./load-file.ts";
import { stepsBySize, type LoadStep, type StepLimits } from "./load-step.ts";
import { changesSince, type SnapshotChanges } from "./snapshot-changes.ts";

/** Up to where a table was loaded, as its newest load says. */
export interface LoadCursor {
  /** Of the newest load; 0 before the first. */
  readonly loadNumber: number;
  readonly tableUuid: string;
  /** Null before a first load is whole, and between the steps of any. */
  readonly snapshotId: bigint | null;
  readonly sequence: number;
}

/** What the warehouse knows of a day of the lake. */
export interface LoadedDay {
  readonly rows: number;
  /** Up to which snapshot it is complete. */
  readonly sequence: number;
}

export type LoadMode = "append" | "reconcile";

export interface LoadPlan {
  readonly mode: LoadMode;
  readonly tableUuid: string;
  readonly snapshotId: bigint;
  readonly sequence: number;
  /** The last one moves the cursor; at least one. */
  readonly steps: readonly LoadStep[];
}

export interface PlanOptions {
  readonly table: IcebergTable;
  readonly head: TableHead;
  readonly cursor: LoadCursor | null;
  /** Asked only where snapshots do not tell what changed. */
  readonly loadedDays: () => Promise<ReadonlyMap<string, LoadedDay>>;
  readonly stepLimits: StepLimits | undefined;
}

/**
 * What a load has to do to bring the warehouse from its cursor to the head; null when it is there. Compaction and other
 * rewrites of the same rows add nothing. Throws `refused` where the warehouse was loaded from another table.
 */
export const planLoad = async (options: PlanOptions): Promise<LoadPlan | null> => {
  const { table, head, cursor } = options;
  const { metadata } = head.stored;
  const snapshot = currentSnapshot(metadata);
  const tableUuid = metadata["table-uuid"];
  if (cursor !== null && cursor.tableUuid !== tableUuid) {
    throw new RoadstreamError(
      "refused",
      `the warehouse's ${table.definition.name} was loaded from another lake (table ${cursor.tableUuid}, here ${tableUuid})`,
      {
        hint: "load into another schema or file, or drop the table and its rows in roadstream_loads and roadstream_loaded_days",
      },
    );
  }
  if (snapshot === null || cursor?.snapshotId === snapshot["snapshot-id"]) return null;
  const target = { tableUuid, snapshotId: snapshot["snapshot-id"], sequence: snapshot["sequence-number"] };
  const changes = await changesSince(table, metadata, cursor?.snapshotId ?? null);
  return changes === null
    ? { mode: "reconcile", ...target, steps: await reconcileSteps(options) }
    : { mode: "append", ...target, steps: await appendSteps(options, changes) };
};

/** Files that snapshots added; days that lost rows are loaded whole, as the head has them. */
const appendSteps = async (
  { table, head, stepLimits }: PlanOptions,
  { added, days, lossy }: SnapshotChanges,
): Promise<LoadPlan["steps"]> => {
  const { metadata } = head.stored;
  const fresh = Map.groupBy(added, dayOf);
  const live = lossy.size === 0 ? [] : (await table.entries(head)).map(({ entry }) => entry);
  const whole = Map.groupBy(live, dayOf);
  return stepsBySize(
    [...days].map(([day, change]) => {
      const isWhole = lossy.has(day);
      const entries = (isWhole ? whole : fresh).get(day) ?? [];
      return { day, files: entries.map((entry) => loadFile(table, metadata, entry)), isWhole, change };
    }),
    stepLimits,
  );
};

/**
 * Days that have files newer than what is loaded of them, or another number of rows. Where the rows of the newer files are
 * just what there is more, nothing of the older ones went and none was rewritten: the newer ones are all that is to be loaded.
 */
const reconcileSteps = async ({
  table,
  head,
  cursor,
  loadedDays,
  stepLimits,
}: PlanOptions): Promise<LoadPlan["steps"]> => {
  const { metadata } = head.stored;
  const loaded = await loadedDays();
  const live = Map.groupBy(await table.entries(head), ({ entry }) => dayOf(entry));
  const days = [...new Set([...live.keys(), ...loaded.keys()])].sort().flatMap((day) => {
    const all = live.get(day) ?? [];
    const before = loaded.get(day) ?? { rows: 0, sequence: 0 };
    const known = Math.max(before.sequence, cursor?.sequence ?? 0);
    const newer = all.filter(({ file }) => file.sequenceNumber > known);
    const change = sumRows(all) - before.rows;
    if (newer.length === 0 && change === 0) return [];
    const isWhole = change !== sumRows(newer);
    const files = (isWhole ? all : newer).map(({ entry }) => loadFile(table, metadata, entry));
    return [{ day, files, isWhole, change }];
  });
  return stepsBySize(days, stepLimits);
};

const sumRows = (entries: readonly LiveEntry[]): number =>
  entries.reduce((sum, { file }) => sum + file.rows, 0);
