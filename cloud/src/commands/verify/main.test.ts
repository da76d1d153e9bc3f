import { rm } from "node:fs/promises";
import { join } from "node:path";
import { allTopics, deadLetterValue, logTopics, rejection, type CheckpointBoot } from "@roadstream/shared";
import { openEventLog, type LogAppend } from "@roadstream/shared/event-log";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openVerify } from "../../adapters/open-verify.ts";
import { dropDays } from "../../retain/drop-days.ts";
import { setRetainDays } from "../../retain/retention.ts";
import { rewriteRows } from "../../testing/rewrite-rows.ts";
import { runCloud, runShell } from "../../testing/run-cloud.ts";
import { TINY_BOOT as BOOT, tinyLake, tinyRecord, type TinyLake } from "../../testing/tiny-lake.ts";
import type { VerifyReport } from "../../verify/report.ts";
import { verifyLake } from "../../verify/verify-lake.ts";
import { realContext } from "../../testing/real-context.ts";

const OLD_BOOT = "0190d5e4-0000-7abc-8def-0123456789ab";
const TOPICS = logTopics({});

let tiny: TinyLake;
beforeEach(async () => {
  tiny = await tinyLake();
});
afterEach(() => tiny[Symbol.asyncDispose]());

const gps = (seq: number, boot = BOOT): LogAppend =>
  tinyRecord("gps_data", { seq, at: "10:00:00" }, { boot_id: boot, fix: "3d", latitude: 41, longitude: -95 });
const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);
const state = (given: number, acknowledged: [number, number][], held: [number, number][] = []) => ({
  given,
  acknowledged,
  held,
  dropped: [],
});
const boot = (bootId: string, closed: boolean, streams: CheckpointBoot["streams"]): CheckpointBoot => ({
  boot_id: bootId,
  closed,
  streams,
});
const event = (seq: number, fields: Readonly<Record<string, unknown>>): LogAppend =>
  tinyRecord("agent_events", { seq, at: "10:00:00" }, fields);
const checkpoint = (seq: number, ...boots: CheckpointBoot[]): LogAppend =>
  event(seq, { kind: "checkpoint", detail: JSON.stringify({ outbox_id: "outbox-1", boots }) });
const verify = async (options: { log?: string | null; vehicle?: string } = {}): Promise<VerifyReport> => {
  await using opened = await openVerify({
    ...realContext(),
    lake: tiny.lakeSpec,
    catalog: "file",
    log: options.log ?? null,
  });
  return await verifyLake(opened, { vehicle: options.vehicle ?? null });
};
const cloud = (...args: readonly string[]) => runCloud(tiny.folder, "verify", ...args);

const landTen = async (): Promise<void> => {
  const streams = { gps_data: state(10, [[1, 10]]), agent_events: state(1, [], [[1, 1]]) };
  await tiny.append([...range(1, 10).map((seq) => gps(seq)), checkpoint(1, boot(BOOT, false, streams))]);
  await tiny.land();
};

test("everything landed: clean, complete through the checkpoint, exit 0", async () => {
  await landTen();
  expect(await verify()).toMatchObject({
    clean: true,
    complete_through: "2026-03-01T10:00:00.000Z",
    totals: { given: 11, landed: 11, lost: 0, doubled: 0 },
    problems: [],
  });
  const json = await cloud("--lake", tiny.lakeSpec, "--log", tiny.logSpec, "--json");
  expect([json.code, JSON.parse(json.stdout)]).toEqual([0, await verify()]);
  expect((await verify({ vehicle: "car-2" })).series).toEqual([]);
});

test("a row that somebody removed is lost, by name, exit 3", async () => {
  await landTen();
  await rewriteRows(tiny, (rows) => `SELECT * FROM ${rows} WHERE seq <> 4`);
  const report = await verify();
  expect(report).toMatchObject({ clean: false, totals: { given: 11, landed: 10, lost: 1 } });
  expect(report.series.find((one) => one.stream === "gps_data")?.missing).toEqual([[4, 4]]);
  expect(report.problems.map(({ code, examples }) => [code, examples])).toEqual([
    ["rows_missing", [`car-1/${BOOT}/gps_data/4`]],
    ["readings_lost", [`car-1/${BOOT}/gps_data/4`]],
  ]);
  const told = await cloud("--lake", tiny.lakeSpec);
  expect([told.code, told.stdout]).toEqual([3, ""]);
  expect(told.stderr).toContain(`car-1/${BOOT}/gps_data/4`);
});

test("rows of one vehicle are not laid to the retention that took another's", async () => {
  const recent = new Date(Date.now() - 60_000).toISOString();
  const fix = { fix: "3d", latitude: 41, longitude: -95 };
  await tiny.append([
    ...range(1, 10).map((seq) => gps(seq)),
    ...range(1, 10).map((seq) =>
      tinyRecord(
        "gps_data",
        { vehicle: "car-2", seq, at: "10:00:00" },
        { ...fix, captured_at: recent, received_at: recent },
      ),
    ),
  ]);
  await tiny.land();
  const { gps_data: table } = tiny.lake.tables;
  await setRetainDays(table, 30);
  const { signal } = new AbortController();
  await dropDays({ table, signal, pictureKeys: async function* () {} });
  expect(await verify({ vehicle: "car-1" })).toMatchObject({ clean: true, totals: { removed: 10 } });
  await rewriteRows(tiny, (rows) => `SELECT * FROM ${rows} WHERE seq < 5`);
  expect(await verify({ vehicle: "car-2" })).toMatchObject({
    clean: false,
    totals: { landed: 4, removed: 0, lost: 6 },
    problems: [{ code: "rows_missing", message: expect.stringContaining("6 rows") as unknown }, {}],
  });
});

test("who does not read the verdict to its end gets its exit code all the same", async () => {
  await landTen();
  const ended = (words: string) => runShell(tiny.folder, `set -o pipefail; ${words}`);
  const program = `"$ROADSTREAM" cloud verify --lake ${tiny.lakeSpec}`;
  expect(await ended(`${program} 2>&1 | true`)).toBe(0);
  await rewriteRows(tiny, (rows) => `SELECT * FROM ${rows} WHERE seq <> 4`);
  expect(await ended(`${program} 2>&1 | true`)).toBe(3);
  // Nothing was judged yet.
  expect(await ended(`${program} --catalog glue:none 2>&1 | true`)).not.toBe(0);
  const status = `"$ROADSTREAM" cloud status --lake ${tiny.lakeSpec} --log ${tiny.logSpec}`;
  await tiny.append([gps(11)]);
  expect(await ended(`${status} --fail-on-alarm --alarm-lag 0 --json | true`)).toBe(3);
  // Rows are data: `head` has what it wanted.
  const sql = `"$ROADSTREAM" cloud sql "SELECT * FROM range(1000000)" --format csv --lake ${tiny.lakeSpec}`;
  expect(await ended(`${sql} | head -1`)).toBe(0);
  expect(await ended(`${sql} > /dev/full`)).toBe(1);
});

test("a data file that is gone is a defect by name, not the end of the judgement", async () => {
  await landTen();
  const head = await tiny.lake.tables.gps_data.head();
  const [file] = await tiny.lake.tables.gps_data.files(head);
  await rm(await tiny.lake.store.localFile(file?.key ?? ""));
  const told = await cloud("--lake", tiny.lakeSpec, "--json");
  expect(told.code).toBe(3);
  const report = JSON.parse(told.stdout) as VerifyReport;
  expect(report).toMatchObject({ clean: false, totals: { given: 11, landed: 1, lost: 10 } });
  expect(report.problems.map(({ code }) => code)).toEqual(["files_missing", "rows_missing", "readings_lost"]);
  expect(report.problems[0]?.examples).toEqual([file?.key]);
});

test("a row that somebody doubled, or made up, is a defect", async () => {
  await landTen();
  await rewriteRows(tiny, (rows) => `SELECT * FROM ${rows} UNION ALL SELECT * FROM ${rows} WHERE seq = 7`);
  const doubled = await verify();
  expect(doubled).toMatchObject({ clean: false, totals: { landed: 11, lost: 0, doubled: 1 } });
  expect(doubled.problems).toMatchObject([{ code: "rows_doubled", examples: [`car-1/${BOOT}/gps_data/7`] }]);
  await rewriteRows(tiny, (rows) => `SELECT DISTINCT * REPLACE (if(seq = 7, 12, seq) AS seq) FROM ${rows}`);
  expect(await verify()).toMatchObject({
    clean: false,
    totals: { landed: 10, lost: 1, foreign: 1, doubled: 0 },
    problems: [{ code: "rows_missing" }, { code: "rows_unknown" }, { code: "readings_lost" }],
  });
});

test("boots that no newer checkpoint repeats, refusals, gaps and holes each have their place", async () => {
  await tiny.append([
    ...range(1, 3).map((seq) => gps(seq, OLD_BOOT)),
    ...range(1, 5).map((seq) => gps(seq)),
    checkpoint(1, boot(OLD_BOOT, true, { gps_data: state(4, [[1, 2]], [[3, 4]]) })),
    // One in two parts, then one that has forgotten the old boot.
    checkpoint(2, boot(OLD_BOOT, true, { gps_data: state(4, [[1, 4]]) })),
    checkpoint(3, boot(BOOT, false, { gps_data: state(5, [[1, 5]]) })),
    checkpoint(
      4,
      boot(BOOT, false, { gps_data: state(11, [[1, 7]], [[8, 11]]), agent_events: state(4, [[1, 3]]) }),
    ),
    event(5, {
      kind: "dropped",
      about_boot_id: BOOT,
      about_stream: "gps_data",
      seq_from: 8,
      seq_to: 9,
      reason: "too_old",
    }),
    {
      topic: TOPICS.deadLetters,
      key: "car-1",
      value: deadLetterValue({
        id: "0".repeat(32),
        rejection: rejection("bad_compression", "x"),
        claim: { vehicleId: "car-1", bootId: BOOT, stream: "gps_data", seqFrom: 6, seqTo: 7 },
        topic: "dt",
        receivedAt: "2026-03-01T10:00:01.000Z",
        payloadBase64: "",
      }),
    },
  ]);
  await tiny.land();
  const { series, problems } = await verify();
  const of = (bootId: string) => series.find((one) => one.stream === "gps_data" && one.boot_id === bootId);
  expect(of(OLD_BOOT)).toMatchObject({ given: 4, landed: 3, lost: 1, missing: [[4, 4]], closed: true });
  expect(of(BOOT)).toMatchObject({ given: 11, landed: 5, rejected: 2, declared_gap: 2, in_car: 2, lost: 0 });
  expect(problems.map(({ code }) => code)).toEqual(["readings_lost"]);
});

test("what the log still holds is in the log; without a look into it, what checkpoints say of it", async () => {
  await landTen();
  await tiny.append([gps(11), gps(12)]);
  expect(await verify()).toMatchObject({ totals: { given: 11 } });
  expect(await verify({ log: tiny.logSpec })).toMatchObject({
    clean: true,
    complete_through: "2026-03-01T10:00:00.000Z",
    totals: { given: 13, landed: 11, in_log: 2, lost: 0 },
  });
});

test("a letter in the log that claims more than one publish can hold makes no lost reading one on its way", async () => {
  await landTen();
  await rewriteRows(tiny, (rows) => `SELECT * FROM ${rows} WHERE seq <> 4`);
  const claim = (seqFrom: number, seqTo: number, id: string): LogAppend => ({
    topic: TOPICS.deadLetters,
    key: "car-1",
    value: deadLetterValue({
      id: id.repeat(32),
      rejection: rejection("bad_compression", "x"),
      claim: { vehicleId: "car-1", bootId: BOOT, stream: "gps_data", seqFrom, seqTo },
      topic: "dt",
      receivedAt: "2026-03-01T10:00:01.000Z",
      payloadBase64: "",
    }),
  });
  const acknowledged = { gps_data: state(12, [[1, 12]]) };
  await tiny.append([checkpoint(2, boot(BOOT, false, acknowledged))]);
  await tiny.land();
  await tiny.append([claim(12, 12, "1"), claim(1, 9_000_000_000_000_000, "2")]);
  const { series } = await verify({ log: tiny.logSpec });
  expect(series.find((one) => one.stream === "gps_data")).toMatchObject({
    given: 12,
    in_log: 1,
    lost: 2,
    missing: [
      [4, 4],
      [11, 11],
    ],
  });
});

test("while a newer checkpoint's records are on their way, the one before says how far all is complete", async () => {
  await landTen();
  const detail = { outbox_id: "outbox-1", boots: [boot(BOOT, false, { gps_data: state(12, [[1, 12]]) })] };
  const fields = { kind: "checkpoint", detail: JSON.stringify(detail) };
  await tiny.append([tinyRecord("agent_events", { seq: 2, at: "10:01:00" }, fields)]);
  await tiny.land();
  await tiny.append([gps(11), gps(12)]);
  expect(await verify({ log: tiny.logSpec })).toMatchObject({
    clean: true,
    complete_through: "2026-03-01T10:00:00.000Z",
    totals: { in_log: 2, lost: 0 },
  });
  await tiny.land();
  expect(await verify()).toMatchObject({ clean: true, complete_through: "2026-03-01T10:01:00.000Z" });
});

test("a lake, a log or a topic that is not the right one is refused, and nothing is made", async () => {
  const nowhere = `file:${join(tiny.folder, "nowhere")}`;
  expect((await cloud("--lake", nowhere)).code).toBe(2);
  await landTen();
  await expect(verify({ log: `sqlite:${join(tiny.folder, "other.sqlite")}` })).rejects.toMatchObject({
    code: "usage",
  });
  await tiny.log[Symbol.asyncDispose]();
  for (const suffix of ["", "-wal", "-shm"])
    await rm(join(tiny.folder, `log.sqlite${suffix}`), { force: true });
  await using log = await openEventLog(tiny.logSpec, realContext());
  await expect(verify({ log: tiny.logSpec })).rejects.toMatchObject({ code: "log_mismatch" });
  await log.createTopics(allTopics(TOPICS), 2);
  await expect(verify({ log: tiny.logSpec })).rejects.toMatchObject({ code: "log_mismatch" });
});
