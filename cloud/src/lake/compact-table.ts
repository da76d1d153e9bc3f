import type { LiveFile, NewDataFile } from "../ports.ts";
import { planCompaction, TARGET_FILE_BYTES, type CompactionGroup } from "./plan-compaction.ts";
import { changedSince } from "./append-batch.ts";
import { replaceFiles } from "./replace-files.ts";
import { utcDay } from "@roadstream/shared";
import type { IcebergTable } from "./lake-table.ts";
import type { StoredTable } from "./stored-table.ts";
import { beginWork, workAge, type WorkBegin } from "./work-age.ts";

/** Reads files of one day and writes their rows, sorted, as one file or a few; not yet in the table. */
export type RewriteDay = (
  files: readonly LiveFile[],
  day: string,
  rewriting: Rewriting,
) => Promise<readonly NewDataFile[]>;

/** A rewrite that takes its time: what it asks, and what it says. */
interface Rewriting {
  /** Asked before a file is put: whether it may still land. Once false it stays so, and nothing more is to be put. */
  readonly isWanted: () => Promise<boolean>;
  /** Takes the keys of what was put, as soon as it was. */
  readonly puts: string[];
}

export interface CompactOptions {
  readonly table: IcebergTable;
  readonly rewrite: RewriteDay;
  readonly targetBytes?: number;
  /** `YYYY-MM-DD`: only days before this one; by default today, to which more will come. */
  readonly before?: string;
  readonly signal?: AbortSignal;
  /** Told when a group of files has become few. */
  readonly onCompacted?: (group: CompactionGroup) => void;
}

export interface CompactionReport {
  readonly table: string;
  readonly days: number;
  readonly filesBefore: number;
  readonly filesAfter: number;
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  readonly rows: number;
  /** Groups left as they were, with the reason. */
  readonly skipped: readonly { readonly day: string; readonly reason: string }[];
}

/** What {@link compactTable} would rewrite now. */
export const plannedCompaction = async (
  options: Pick<CompactOptions, "table" | "targetBytes" | "before">,
): Promise<readonly CompactionGroup[]> => {
  const { table } = options;
  const head = await table.peek();
  return head === null
    ? []
    : planCompaction(await table.files(head), {
        before: options.before ?? utcDay(await table.store.now()),
        targetBytes: options.targetBytes ?? TARGET_FILE_BYTES,
      });
};

/** Makes few sorted files of each past day's many small ones, a commit for each; ingest and readers go on meanwhile. */
export const compactTable = async (options: CompactOptions): Promise<CompactionReport> => {
  const { table } = options;
  const report = { filesBefore: 0, filesAfter: 0, bytesBefore: 0, bytesAfter: 0, rows: 0 };
  const days = new Set<string>();
  const skipped: { day: string; reason: string }[] = [];
  for (const group of await plannedCompaction(options)) {
    if (options.signal?.aborted === true) break;
    const base = await table.head();
    const begunAt = beginWork(table.clock);
    const outcome = await compactGroup(options, group, { base: base.stored, begunAt });
    if (outcome.kind === "skipped") {
      skipped.push({ day: group.day, reason: outcome.reason });
      continue;
    }
    const { outputs } = outcome;
    days.add(group.day);
    report.filesBefore += group.files.length;
    report.filesAfter += outputs.length;
    report.bytesBefore += group.files.reduce((sum, file) => sum + file.sizeBytes, 0);
    report.bytesAfter += outputs.reduce((sum, file) => sum + file.sizeBytes, 0);
    report.rows += outputs.reduce((sum, file) => sum + file.rows, 0);
    options.onCompacted?.(group);
  }
  return { table: table.definition.name, days: days.size, ...report, skipped };
};

type GroupOutcome =
  | { readonly kind: "committed"; readonly outputs: readonly NewDataFile[] }
  | { readonly kind: "skipped"; readonly reason: string };

/** Rewriting takes minutes: what can no longer land is not put, or removed. */
const compactGroup = async (
  { table, rewrite }: CompactOptions,
  { files, day }: CompactionGroup,
  { base, begunAt }: { readonly base: StoredTable; readonly begunAt: WorkBegin },
): Promise<GroupOutcome> => {
  const puts: string[] = [];
  const seen: { on: StoredTable; lost: string | null } = { on: base, lost: null };
  const isWanted = async (): Promise<boolean> => {
    seen.on = (await table.head()).stored;
    seen.lost ??= changedSince(base, seen.on, workAge(table.clock, begunAt));
    return seen.lost === null;
  };
  let outputs: readonly NewDataFile[];
  try {
    outputs = await rewrite(files, day, { isWanted, puts });
    await isWanted();
  } catch (error) {
    await table.discard(puts);
    throw error;
  }
  if (seen.lost !== null) {
    await table.discard([...puts, ...outputs.map(({ key }) => key)]);
    return { kind: "skipped", reason: seen.lost };
  }
  const outcome = await replaceFiles(table, {
    // What it began on minutes ago is no longer the newest: a commit on top of that would be in vain.
    base: seen.on,
    commitId: table.names.uuid(),
    inputs: files.map((file) => file.key),
    outputs,
    begunAt,
    puts,
  });
  return outcome.kind === "committed"
    ? { kind: "committed", outputs }
    : { kind: "skipped", reason: outcome.reason };
};
