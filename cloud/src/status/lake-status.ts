import { isoTime, unixMillis, type TableName } from "@roadstream/shared";
import type { CurrentHeads } from "../lake/current-heads.ts";
import type { IcebergTable } from "../lake/lake-table.ts";
import { TABLE_NAMES } from "../lake/table-definition.ts";
import { totalRows } from "../lake/table-history.ts";
import { currentSnapshot } from "../lake/table-metadata.ts";
import { alarmsOf, type Alarm, type TableStatus, type Thresholds } from "./alarms.ts";
import type { AskRecentRows, CommitDurations, LatencyStatistics, MeasureLag } from "./ports.ts";
import { queryableTimes } from "./queryable-times.ts";
import { recentFiles } from "./recent-files.ts";
import { tableCommits } from "./table-commits.ts";

/** One table in the report; `…_at` are ISO times, `…_age_s` seconds before the report's. */
interface TableReport extends TableStatus {
  readonly total_rows: number;
  /** Of rows that came within the window. */
  readonly newest_event_at: string | null;
  readonly event_age_s: number | null;
  /** The newest commit that brought rows, as far as snapshots say. */
  readonly landed_at: string | null;
  readonly landed_age_s: number | null;
  readonly last_commit_at: string | null;
  /** How often another commit came first and a worker's went on top of it; batches dropped because of a conflict. */
  readonly overtaken: number;
  readonly dropped: number;
  /** Null where no snapshot within the window says it. */
  readonly commit_ms: CommitDurations | null;
  /** From captured_at of rows whose clock can be compared; null for dead letters and without such rows. */
  readonly capture_to_queryable: LatencyStatistics | null;
  /** From received_at. */
  readonly received_to_queryable: LatencyStatistics | null;
}

export interface StatusReport {
  readonly ok: true;
  readonly at: string;
  readonly window_s: number;
  /** Tables that exist. */
  readonly tables: readonly TableReport[];
  readonly alarms: readonly Alarm[];
}

export interface StatusContext {
  readonly heads: CurrentHeads;
  readonly tables: Readonly<Record<TableName, Pick<IcebergTable, "definition" | "entries" | "store">>>;
  readonly recentRows: AskRecentRows;
  /** Null: no log was given. */
  readonly lag: MeasureLag | null;
}

export interface StatusOptions {
  /** Unix milliseconds. */
  readonly now: number;
  readonly windowMs: number;
  readonly thresholds: Thresholds;
}

const iso = (at: number | null): string | null => (at === null ? null : isoTime(unixMillis(at)));
const age = (now: number, at: number | null): number | null =>
  at === null ? null : Math.round(now - at) / 1000;

const tableReport = async (
  context: StatusContext,
  table: TableName,
  { now, windowMs }: StatusOptions,
): Promise<readonly TableReport[]> => {
  const head = context.heads[table];
  if (head === null) return [];
  const since = now - windowMs;
  const commits = tableCommits(head, since);
  const lake = context.tables[table];
  const times = await queryableTimes(lake.store, table, head);
  const files = recentFiles(lake.definition, head, { entries: await lake.entries(head), times }, since);
  const recent = await context.recentRows({ definition: lake.definition, files, since });
  const measured = context.lag === null ? { log: null, lag: null } : await context.lag(table);
  return [
    {
      table,
      total_rows: totalRows(currentSnapshot(head.stored.metadata)),
      rows: recent.rows,
      newest_event_at: iso(recent.newestEventAt),
      event_age_s: age(now, recent.newestEventAt),
      landed_at: iso(commits.lastRowsAt),
      landed_age_s: age(now, commits.lastRowsAt),
      last_commit_at: iso(commits.lastAt),
      last_commit_age_s: age(now, commits.lastAt),
      commits: commits.commits,
      conflicts: commits.overtaken + commits.dropped,
      overtaken: commits.overtaken,
      dropped: commits.dropped,
      commit_ms: commits.durations,
      capture_to_queryable: recent.captureToQueryable,
      received_to_queryable: recent.receivedToQueryable,
      ...measured,
    },
  ];
};

/** How fresh each table is, how far behind its log, and what of that is alarming. */
export const lakeStatus = async (context: StatusContext, options: StatusOptions): Promise<StatusReport> => {
  const tables: TableReport[] = [];
  for (const table of TABLE_NAMES) tables.push(...(await tableReport(context, table, options)));
  return {
    ok: true,
    at: isoTime(unixMillis(options.now)),
    window_s: options.windowMs / 1000,
    tables,
    alarms: alarmsOf(tables, options.thresholds),
  };
};
