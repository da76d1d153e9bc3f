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

const both = (latency: TableReport["received_to_landed"]): string =>
  latency === null ? DASH : `${duration(latency.p50_ms / 1000)} / ${duration(latency.p99_ms / 1000)}`;

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
  "capture → lake p50/p99": both(one.capture_to_landed),
  "gateway → lake p50/p99": both(one.received_to_landed),
  commits: one.commits,
  conflicts: one.conflicts,
  lag: lagText(one),
});

/** What is said below the table. */
export const statusNote = (report: StatusReport): string => {
  const window = `New rows, commits and times are of the last ${duration(report.window_s)}; ages are before ${report.at}.`;
  const alarms = report.alarms.map(({ name, table, message }) => `ALARM ${name} ${table}: ${message}`);
  return [window, ...(alarms.length === 0 ? ["No alarm."] : alarms)].join("\n");
};
