import { minutes } from "@roadstream/shared";
import { expect, test } from "vitest";
import { ALARM_NAMES, alarmsOf, type TableStatus, type Thresholds } from "./alarms.ts";
import type { PartitionLag } from "./ports.ts";

const LIMITS: Thresholds = {
  lagRecords: 1000,
  staleMs: minutes(5),
  latencyMs: minutes(2),
  conflictPercent: 50,
  deadLetters: 10,
};

const lag = (records: number, over: Partial<PartitionLag> = {}): PartitionLag => ({
  partition: 0,
  start: 0,
  end: records,
  next: 0,
  records,
  ...over,
});

const status = (over: Partial<TableStatus> = {}): TableStatus => ({
  table: "gps_data",
  last_commit_age_s: 1,
  rows: 1,
  commits: 100,
  conflicts: 0,
  received_to_queryable: null,
  log: "same",
  lag: [lag(0)],
  ...over,
});

/** What raises each alarm, by a hair, and what does not yet. */
test.each<[string, Partial<TableStatus>, Partial<TableStatus>]>([
  ["lag_high", { lag: [lag(0), lag(1001, { partition: 1 })] }, { lag: [lag(1000), lag(1000)] }],
  ["stale", { lag: [lag(1)], last_commit_age_s: 300.1 }, { lag: [lag(1)], last_commit_age_s: 300 }],
  ["stale", { lag: [lag(1)], last_commit_age_s: null }, { lag: [lag(0)], last_commit_age_s: 1e6 }],
  ["stale", { lag: [lag(1)], last_commit_age_s: 301 }, { lag: null, last_commit_age_s: 301 }],
  [
    "latency_high",
    { received_to_queryable: { p99_ms: 120_001 } },
    { received_to_queryable: { p99_ms: 120_000 } },
  ],
  ["conflicts_high", { commits: 10, conflicts: 6 }, { commits: 10, conflicts: 5 }],
  ["conflicts_high", { commits: 10, conflicts: 10 }, { commits: 9, conflicts: 9 }],
  ["dead_letters_rising", { table: "dead_letters", rows: 11 }, { table: "dead_letters", rows: 10 }],
  ["dead_letters_rising", { table: "dead_letters", rows: 11 }, { rows: 11 }],
  [
    "log_cut",
    { lag: [lag(0, { start: 8, next: 7, end: 8 })] },
    { lag: [lag(0, { start: 7, next: 7, end: 7 })] },
  ],
  ["log_replaced", { log: "replaced", lag: [lag(0, { start: 8 })] }, { log: "same" }],
  ["log_replaced", { log: "replaced", lag: null }, { log: "absent", lag: null }],
])("%s is raised by %j, not by %j", (name, bad, good) => {
  expect(alarmsOf([status(bad)], LIMITS).map((alarm) => alarm.name)).toEqual([name]);
  expect(alarmsOf([status(good)], LIMITS)).toEqual([]);
});

test("an alarm says where, how much, and how much would be well", () => {
  const bad = status({ lag: [lag(0), lag(5000, { partition: 3 })] });
  expect(alarmsOf([status(), bad], LIMITS)).toEqual([
    {
      name: "lag_high",
      table: "gps_data",
      partition: 3,
      value: 5000,
      threshold: 1000,
      message: "5000 records of partition 3 are not landed",
    },
  ]);
  expect(new Set(ALARM_NAMES).size).toBe(7);
});
