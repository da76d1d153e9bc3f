import { logTopics, type Checkpoint, type RecordId } from "@roadstream/shared";
import { nodeSha256, nodeZstd } from "@roadstream/shared/adapters";
import type { EventLog } from "@roadstream/shared/event-log";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DuckDbEngine } from "../adapters/duckdb-engine.ts";
import { duckDbFindRows } from "../adapters/duckdb-find-rows.ts";
import { DuckDbLakeRows } from "../adapters/duckdb-lake-rows.ts";
import { expireTable } from "../lake/expire-table.ts";
import { DEFAULT_RETENTION } from "../lake/snapshot-expiry.ts";
import { TINY_BOOT, tinyLake, tinyRecord, type TinyLake } from "../testing/tiny-lake.ts";
import { gatherEvidence } from "./gather-evidence.ts";
import { traceReport, type TraceReport } from "./trace-report.ts";
import { traceText } from "./trace-text.ts";

let tiny: TinyLake;
let engine: DuckDbEngine;

const gps = (seq: number, fields: Readonly<Record<string, unknown>> = {}) =>
  tinyRecord(
    "gps_data",
    { seq, at: `10:00:0${seq}.000` },
    { fix: "3d", latitude: 1, longitude: 2, ...fields },
  );
const CHECKPOINT: Checkpoint = {
  outbox_id: "o1",
  boots: [
    {
      boot_id: TINY_BOOT,
      closed: false,
      streams: {
        gps_data: {
          given: 20,
          acknowledged: [
            [1, 5],
            [9, 9],
          ],
          held: [[8, 8]],
          dropped: [{ from: 6, to: 7, reason: "outbox_full" }],
        },
      },
    },
  ],
};

beforeAll(async () => {
  tiny = await tinyLake();
  engine = await DuckDbEngine.open();
  await tiny.append([gps(1), gps(2, { sent_uptime_ms: 4250 }), gps(4, { latitude: 91 })]);
  await tiny.land();
  await tiny.append([
    gps(3),
    tinyRecord(
      "agent_events",
      { seq: 1, at: "10:00:10.000" },
      {
        kind: "dropped",
        about_boot_id: TINY_BOOT,
        about_stream: "gps_data",
        seq_from: 6,
        seq_to: 7,
        reason: "outbox_full",
      },
    ),
    tinyRecord(
      "agent_events",
      { seq: 2, at: "10:00:11.000" },
      { kind: "checkpoint", detail: JSON.stringify(CHECKPOINT) },
    ),
  ]);
  await tiny.land();
  // The cloud's own refusals went into the log during the first run.
  await tiny.land();
  await tiny.append([gps(5, { sent_uptime_ms: 4100 })]);
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  await tiny[Symbol.asyncDispose]();
});

const trace = async (
  seq: number,
  {
    of = tiny,
    log = of.log,
    ...id
  }: Partial<RecordId> & { readonly of?: TinyLake; readonly log?: EventLog | null } = {},
): Promise<TraceReport> =>
  traceReport(
    await gatherEvidence(
      {
        store: of.lake.store,
        tables: of.lake.tables,
        zstd: nodeZstd,
        sha256: nodeSha256,
        findRows: duckDbFindRows(engine, of.lake.store),
        rows: new DuckDbLakeRows({ engine, store: of.lake.store }),
        topics: logTopics({}),
        log,
      },
      { vehicleId: "car-1", bootId: TINY_BOOT, stream: "gps_data", seq, ...id },
    ),
  );

describe("a record's fate", () => {
  test("landed: each stage has its time, and the log still holds it", async () => {
    const report = await trace(2);
    expect(report).toMatchObject({ ok: true, fate: "landed", log: { offset: "1" }, dead_letters: [] });
    expect(report.steps.map(({ stage, at }) => [stage, at !== null])).toEqual([
      ["captured", true],
      ["sent", false],
      ["received", true],
      ["logged", true],
      ["landed", true],
      ["queryable", true],
    ]);
    expect(report.steps[0]?.at).toBe("2026-03-01T10:00:02.000Z");
    expect(report.steps[1]?.words).toContain("0.250 s after");
    expect(report.steps[3]?.words).toContain("still there");
    expect(report.file).toMatch(/^file:\/\/\/.*\/gps_data\/data\/event_day=2026-03-01\/.*\.parquet$/);
    expect(report.snapshot?.commit).toMatch(/^[0-9a-f-]{36}$/);
    const times = report.steps.flatMap(({ at }) => (at === null ? [] : [at]));
    expect(times).toEqual(times.toSorted());
  });

  test("landed, without the log: from capture to queryable by the receiver's clock", async () => {
    const report = await trace(1, { log: null });
    expect(report.steps.some(({ stage }) => stage === "sent")).toBe(false);
    const queryable = Date.parse(report.steps.at(-1)?.at ?? "");
    expect(report.capture_to_queryable_ms).toBe(queryable - Date.parse("2026-03-01T10:00:01.000Z"));
    const text = traceText(report);
    expect(text).toContain("/gps_data/1: landed\nIt landed in gps_data.");
    expect(text).toMatch(/captured {3}2026-03-01T10:00:01\.000Z {2}by the receiver's time/);
  });

  test("refused, with the reason and where its bytes are", async () => {
    const report = await trace(4);
    expect(report).toMatchObject({ ok: true, fate: "rejected", file: null });
    expect(report.words).toMatch(/^It was refused: out_of_range .*dead_letter_id [0-9a-f]{32}\.$/);
  });

  test("in the log, not landed yet", async () => {
    expect(await trace(5)).toMatchObject({
      ok: true,
      fate: "in_log",
      log: { offset: "4" },
      steps: [{ stage: "logged" }],
    });
  });

  test("dropped by the car, which said so", async () => {
    const report = await trace(7);
    expect(report).toMatchObject({ ok: true, fate: "declared_gap" });
    expect(report.words).toContain("outbox_full");
  });

  test("still in the car", async () => {
    expect(await trace(8)).toMatchObject({ ok: true, fate: "in_car" });
  });

  test("lost: acknowledged, everywhere passed, nowhere found", async () => {
    expect(await trace(9)).toMatchObject({ ok: false, fate: "lost" });
  });

  test("unknown: not given yet, another boot, another vehicle, another stream", async () => {
    expect((await trace(21)).words).toContain("the numbers 1 to 20");
    for (const other of [
      { bootId: "0190d5e4-7b1a-7abc-8def-000000000000" },
      { vehicleId: "car-2" },
      { stream: "weather_data" },
    ] as const)
      expect(await trace(1, other)).toMatchObject({ ok: false, fate: "unknown", steps: [] });
  });
});

test("a log that the table was not built from is refused: it would make everything look lost", async () => {
  await using other = await tinyLake();
  await expect(trace(1, { log: other.log })).rejects.toMatchObject({ code: "log_mismatch" });
});

test("an earlier boot, of which newer checkpoints say nothing any more: lost, and dropped, as verify has it", async () => {
  await using aged = await tinyLake();
  const OLD = "0190d5e4-0000-7abc-8def-0123456789ab";
  const said = (given: number, last: number) => ({
    gps_data: { given, acknowledged: [[1, last]], held: [], dropped: [] },
  });
  const checkpoint = (seq: number, bootId: string, streams: object) =>
    tinyRecord(
      "agent_events",
      { seq, at: "10:00:00.000" },
      {
        kind: "checkpoint",
        detail: JSON.stringify({ outbox_id: "o", boots: [{ boot_id: bootId, closed: true, streams }] }),
      },
    );
  await aged.append([
    gps(1, { boot_id: OLD }),
    checkpoint(1, OLD, said(4, 3)),
    // A gap of its own boot, as the column's absence says.
    tinyRecord(
      "agent_events",
      { seq: 2, at: "10:00:00.000" },
      { boot_id: OLD, kind: "dropped", about_stream: "gps_data", seq_from: 2, seq_to: 2, reason: "too_old" },
    ),
    checkpoint(3, TINY_BOOT, said(1, 1)),
    gps(1),
  ]);
  await aged.land();
  for (const log of [aged.log, null]) {
    const of = { of: aged, bootId: OLD, log };
    expect(await trace(3, of)).toMatchObject({ ok: false, fate: "lost" });
    expect(await trace(2, of)).toMatchObject({ ok: true, fate: "declared_gap" });
    expect((await trace(5, of)).words).toContain("gave the numbers 1 to 4");
  }
});

test("of an expired snapshot only the file and the landing are known", async () => {
  await using aged = await tinyLake();
  for (const seq of [1, 2]) {
    await aged.append([gps(seq)]);
    await aged.land();
  }
  await expireTable(aged.lake.tables.gps_data, { ...DEFAULT_RETENTION, minSnapshots: 1, maxSnapshots: 1 });
  const report = await trace(1, { of: aged });
  expect(report).toMatchObject({ fate: "landed", snapshot: null, capture_to_queryable_ms: null });
  expect(report.steps.at(-1)?.words).toContain("its snapshot has expired");
});
