import type { StatusReport } from "./lake-status.ts";

type TableReport = StatusReport["tables"][number];

const DASH = "–";

/** Seconds as a person says them. */
const duration = (seconds: number | null): string => {
  if (seconds === null) return DASH;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  if (seconds < 3600) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} d`;
};

const both = (p50Ms: number | undefined, p99Ms: number | undefined): string =>
  p50Ms === undefined || p99Ms === undefined ? DASH : `${duration(p50Ms / 1000)} / ${duration(p99Ms / 1000)}`;

const latency = (of: TableReport["received_to_queryable"]): string => both(of?.p50_ms, of?.p99_ms);

const lagText = ({ log, lag }: TableReport): string | number => {
  if (lag === null) return log === null ? DASH : "no topic";
  return lag.reduce((sum, { records }) => sum + records, 0);
};

/** A row of the table for people; the report has more. */
export const statusRow = (one: TableReport): Readonly<Record<string, string | number>> => ({
  table: one.table,
  rows: one.total_rows,
  "new rows": one.rows,
  "newest event": duration(one.event_age_s),
  "last commit": duration(one.last_commit_age_s),
  "capture → queryable p50/p99": latency(one.capture_to_queryable),
  "gateway → queryable p50/p99": latency(one.received_to_queryable),
  commits: one.commits,
  "commit p50/p99": both(one.commit_ms?.p50, one.commit_ms?.p99),
  "overtaken/dropped": `${one.overtaken} / ${one.dropped}`,
  lag: lagText(one),
});

/** What is said below the table. */
export const statusNote = (report: StatusReport): string => {
  const window = `New rows, commits and times are of the last ${duration(report.window_s)}; ages are before ${report.at}.`;
  const alarms = report.alarms.map(({ name, table, message }) => `ALARM ${name} ${table}: ${message}`);
  return [window, ...(alarms.length === 0 ? ["No alarm."] : alarms)].join("\n");
};
