import type { TableName } from "@roadstream/shared";
import type { LogState, PartitionLag } from "./ports.ts";

export const ALARM_NAMES = [
  "lag_high",
  "stale",
  "latency_high",
  "conflicts_high",
  "dead_letters_rising",
  "log_cut",
  "log_replaced",
] as const;

export interface Alarm {
  readonly name: (typeof ALARM_NAMES)[number];
  readonly table: TableName;
  readonly partition: number | null;
  readonly value: number;
  readonly threshold: number;
  readonly message: string;
}

export interface Thresholds {
  /** Records of one partition. */
  readonly lagRecords: number;
  /** A table that has records to land and has had no commit for so long. */
  readonly staleMs: number;
  /** From the gateway's acceptance to when it can be queried, of 99 % of the rows. */
  readonly latencyMs: number;
  /** Conflicts of a hundred commits. */
  readonly conflictPercent: number;
  /** Dead letters landed within the window. */
  readonly deadLetters: number;
}

/** With fewer commits in the window their conflicts say nothing. */
const ENOUGH_COMMITS = 10;

/** What the alarms are judged by. */
export interface TableStatus {
  readonly table: TableName;
  readonly last_commit_age_s: number | null;
  /** That can be queried since the window began. */
  readonly rows: number;
  readonly commits: number;
  /** Overtaken commits and dropped batches. */
  readonly conflicts: number;
  readonly received_to_queryable: { readonly p99_ms: number } | null;
  /** Null: no log was given. */
  readonly log: LogState | null;
  /** Null: no log was given, or it has no such topic. */
  readonly lag: readonly PartitionLag[] | null;
}

type Rule = (status: TableStatus, limits: Thresholds) => readonly Alarm[];

const alarm = (
  name: Alarm["name"],
  { table }: TableStatus,
  more: Omit<Alarm, "name" | "table" | "partition">,
) => ({
  name,
  table,
  partition: null,
  ...more,
});

const lagHigh: Rule = (status, { lagRecords: threshold }) =>
  (status.lag ?? [])
    .filter(({ records }) => records > threshold)
    .map(({ partition, records: value }) => {
      const message = `${value} records of partition ${partition} are not landed`;
      return { ...alarm("lag_high", status, { value, threshold, message }), partition };
    });

/** A quiet topic is not stale: only where something waits does a commit that does not come mean anything. */
const stale: Rule = (status, { staleMs }) => {
  const waiting = (status.lag ?? []).reduce((sum, { records }) => sum + records, 0);
  const value = status.last_commit_age_s;
  const threshold = staleMs / 1000;
  if (waiting === 0 || (value !== null && value <= threshold)) return [];
  const since =
    value === null ? "there has been no commit" : `the last commit was ${Math.round(value)} s ago`;
  return [
    alarm("stale", status, {
      value: value ?? -1,
      threshold,
      message: `${waiting} records wait, and ${since}`,
    }),
  ];
};

const latencyHigh: Rule = (status, { latencyMs: threshold }) => {
  const value = status.received_to_queryable?.p99_ms ?? 0;
  if (value <= threshold) return [];
  const message = `1 of 100 rows took longer than ${(value / 1000).toFixed(1)} s from the gateway to the lake`;
  return [alarm("latency_high", status, { value, threshold, message })];
};

const conflictsHigh: Rule = (status, { conflictPercent: threshold }) => {
  const { commits, conflicts } = status;
  const value = commits === 0 ? 0 : Math.round((100 * conflicts) / commits);
  if (commits < ENOUGH_COMMITS || value <= threshold) return [];
  const message = `${conflicts} times in ${commits} commits another one came first`;
  return [alarm("conflicts_high", status, { value, threshold, message })];
};

const deadLettersRising: Rule = (status, { deadLetters: threshold }) => {
  const { table, rows: value } = status;
  if (table !== "dead_letters" || value <= threshold) return [];
  return [
    alarm("dead_letters_rising", status, { value, threshold, message: `${value} records were refused` }),
  ];
};

const logCut: Rule = (status) =>
  (status.lag ?? [])
    .filter(({ next, start }) => status.log === "same" && start > next)
    .map(({ partition, next, start }) => {
      const value = start - next;
      const message = `up to ${value} records of partition ${partition} left the log before they had landed`;
      return { ...alarm("log_cut", status, { value, threshold: 0, message }), partition };
    });

/** Workers refuse to read on: nothing lands, however little seems to wait. */
const logReplaced: Rule = (status) => {
  if (status.log !== "replaced") return [];
  const message =
    status.lag === null
      ? "the log no longer has the topic that fed the table"
      : "the log is not the one that fed the table, or was rewound";
  return [alarm("log_replaced", status, { value: 1, threshold: 0, message })];
};

const RULES: readonly Rule[] = [
  lagHigh,
  stale,
  latencyHigh,
  conflictsHigh,
  deadLettersRising,
  logCut,
  logReplaced,
];

export const alarmsOf = (tables: readonly TableStatus[], limits: Thresholds): readonly Alarm[] =>
  tables.flatMap((status) => RULES.flatMap((rule) => rule(status, limits)));
