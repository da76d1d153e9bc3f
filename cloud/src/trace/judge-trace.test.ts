import { unixMillis, type CheckpointStream } from "@roadstream/shared";
import { expect, test } from "vitest";
import type { CheckpointEvidence, Evidence, LandedRow, LoggedRecord } from "./evidence.ts";
import { seriesStatement } from "../verify/series-statement.ts";
import { judgeTrace, type Fate } from "./judge-trace.ts";
import { traceReport } from "./trace-report.ts";

const BOOT = "0190d5e4-7b1a-7abc-8def-0123456789ab";
const SEQ = 5;
const NOTHING: Evidence = {
  id: { vehicleId: "car-1", bootId: BOOT, stream: "gps_data", seq: SEQ },
  landed: [],
  deadLetters: [],
  gaps: [],
  ledger: null,
  hasRemovals: false,
  hasForgotten: false,
  checkpoint: null,
  logged: null,
  unsearched: [],
};
const ROW: LandedRow = {
  values: {
    captured_at: "2026-03-01T10:00:00.000Z",
    event_at: "2026-03-01T10:00:00.000Z",
    clock: "ntp",
    uptime_ms: "1000",
    received_at: "2026-03-01T10:00:01.000Z",
    log_partition: 3,
    log_offset: "9007199254740993",
    log_appended_at: "2026-03-01T10:00:01.100Z",
    landed_at: "2026-03-01T10:00:02.000Z",
  },
  file: "file:///lake/x.parquet",
  snapshot: {
    id: 7n,
    sequenceNumber: 1,
    committedAt: unixMillis(Date.parse("2026-03-01T10:00:02.500Z")),
    operation: "append",
    commit: "c1",
  },
};
const LETTER = { reason: "out_of_range", detail: "latitude 91", dead_letter_id: "ab", topic: "gps_data" };
const LOGGED: LoggedRecord = {
  kind: "record",
  topic: "gps_data",
  partition: 3,
  offset: 4,
  appendedAt: unixMillis(0),
  ageAtSendingMs: 40,
};
const said = (
  stream: Partial<CheckpointStream>,
  more: Partial<Omit<CheckpointEvidence, "statement">> = {},
): CheckpointEvidence => ({
  statement: seriesStatement({ given: 10, acknowledged: [], held: [], dropped: [], ...stream }),
  closed: false,
  droppedBecause: null,
  isReplaced: false,
  isPassed: false,
  ...more,
});
const ACKNOWLEDGED: Partial<CheckpointStream> = { acknowledged: [[1, 5]] };

test.each<[string, Partial<Evidence>, Fate, RegExp]>([
  ["a row", { landed: [ROW], ledger: "landed" }, "landed", /^It landed in gps_data\.$/],
  ["two rows", { landed: [ROW, ROW] }, "landed", /2 times, which is a defect/],
  ["a row and a refused copy", { landed: [ROW], deadLetters: [LETTER] }, "landed", /copy .*latitude 91/],
  ["a dead letter", { deadLetters: [LETTER] }, "rejected", /out_of_range \(latitude 91\).*id ab\./],
  ["the log above the table", { logged: LOGGED }, "in_log", /cloud run will land it/],
  ["a dead letter in the log", { logged: { ...LOGGED, kind: "dead_letter" } }, "rejected", /not landed yet/],
  ["the ledger alone", { ledger: "landed" }, "lost", /somebody removed it/],
  ["the ledger alone, after retention", { ledger: "landed", hasRemovals: true }, "removed", /by retention/],
  [
    "a tombstone, also while a copy waits",
    { ledger: "erased", logged: LOGGED },
    "removed",
    /erased together/,
  ],
  ["a refusal in the ledger alone", { ledger: "rejected" }, "rejected", /not landed yet/],
  ["an event", { gaps: [{ reason: "too_old" }] }, "declared_gap", /too_old/],
  [
    "a gap in the checkpoint alone",
    {
      checkpoint: said(
        { dropped: [{ from: 5, to: 5, reason: "outbox_full" }] },
        { droppedBecause: "outbox_full" },
      ),
    },
    "declared_gap",
    /outbox_full/,
  ],
  ["what the car holds", { checkpoint: said({ held: [[5, 6]] }) }, "in_car", /still held it/],
  [
    "an acknowledgement, log not looked at",
    { checkpoint: said(ACKNOWLEDGED), logged: "unread" },
    "in_log",
    /With --log/,
  ],
  [
    "held by an outbox that was replaced",
    { checkpoint: said({ held: [[5, 6]] }, { isReplaced: true }) },
    "unknown",
    /was replaced/,
  ],
  [
    "an acknowledgement, log searched",
    { checkpoint: said(ACKNOWLEDGED) },
    "lost",
    /nor does it wait in the log/,
  ],
  [
    "an acknowledgement, log searched in part",
    {
      checkpoint: said(ACKNOWLEDGED),
      unsearched: [{ topic: "gps_data", partition: 3, from: 7, to: 70, wanted: 7, end: 900 }],
    },
    "unknown",
    /offsets 7 up to 70 of partition 3 of gps_data were looked at, which ends at 900\.$/,
  ],
  [
    "an acknowledgement, log cut",
    {
      checkpoint: said(ACKNOWLEDGED),
      unsearched: [{ topic: "gps_data", partition: 3, from: 8, to: 9, wanted: 7, end: 9 }],
    },
    "unknown",
    /lost what stood before, from 7 on/,
  ],
  [
    "an acknowledgement that a rebuilt ledger may have forgotten",
    { checkpoint: said(ACKNOWLEDGED, { isPassed: true }), hasForgotten: true },
    "unknown",
    /rebuilt/,
  ],
  [
    "an acknowledgement that the lake has passed",
    { checkpoint: said(ACKNOWLEDGED, { isPassed: true }), logged: "unread" },
    "lost",
    /neither in the table/,
  ],
  ["a number given, of which nothing is said", { checkpoint: said({}) }, "lost", /do not say/],
  ["a number not given yet", { checkpoint: said({ given: 4 }) }, "unknown", /not known yet/],
  ["a number never given", { checkpoint: said({ given: 4 }, { closed: true }) }, "unknown", /no such record/],
  ["nothing", {}, "unknown", /Nothing here has heard of it/],
])("%s", (_, evidence, fate, words) => {
  const verdict = judgeTrace({ ...NOTHING, ...evidence });
  expect(verdict.fate).toBe(fate);
  expect(verdict.words).toMatch(words);
});

test("latency is told by what can tell it: monotonic time first, then a true clock, else not", () => {
  const latency = (row: LandedRow, logged: Evidence["logged"]): number | null =>
    traceReport({ ...NOTHING, landed: [row], logged }).capture_to_queryable_ms;
  const simulated = { ...ROW, values: { ...ROW.values, clock: "simulated" } };
  expect(latency(ROW, "unread")).toBe(2500);
  expect(latency(simulated, "unread")).toBeNull();
  expect(latency(simulated, LOGGED)).toBe(1540);
  expect(latency({ ...simulated, snapshot: null }, LOGGED)).toBeNull();
});

test("a row that was compacted was queryable before its file's snapshot", () => {
  const snapshot = { ...ROW.snapshot!, operation: "replace", commit: null };
  const report = traceReport({ ...NOTHING, landed: [{ ...ROW, snapshot }] });
  expect(report.capture_to_queryable_ms).toBeNull();
  expect(report.log).toEqual({ partition: 3, offset: "9007199254740993" });
  expect(report.steps.slice(-3)).toEqual([
    {
      stage: "logged",
      at: "2026-03-01T10:00:01.100Z",
      words: "partition 3, offset 9007199254740993; no longer there",
    },
    { stage: "landed", at: "2026-03-01T10:00:02.000Z", words: "now in file:///lake/x.parquet" },
    {
      stage: "queryable",
      at: null,
      words: "since before 2026-03-01T10:00:02.500Z, when it was written anew (replace, snapshot 7)",
    },
  ]);
});
