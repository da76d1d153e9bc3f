import { readdir, readFile, rm, utimes } from "node:fs/promises";
import { join } from "node:path";
import { allTopics, logTopics, MemoryMetrics, seconds, silentLogger } from "@roadstream/shared";
import { systemClock, systemRandom } from "@roadstream/shared/adapters";
import { openEventLog } from "@roadstream/shared/event-log";
import { VirtualClock } from "@roadstream/shared/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ALARM_NAMES } from "../../status/alarms.ts";
import type { StatusReport } from "../../status/lake-status.ts";
import { queryableTimes } from "../../status/queryable-times.ts";
import { recentFiles } from "../../status/recent-files.ts";
import { tableCommits } from "../../status/table-commits.ts";
import { batch, openTable, whileTimePasses } from "../../testing/lake-fixture.ts";
import { instantCompression } from "../../testing/instant-compression.ts";
import { MemoryObjectStore } from "../../testing/memory-object-store.ts";
import { runCloud } from "../../testing/run-cloud.ts";
import { tinyLake, tinyRecord, type TinyLake } from "../../testing/tiny-lake.ts";
import { beginWork } from "../../lake/work-age.ts";

const OPERATIONS = join(import.meta.dirname, "../../../../docs/operations.md");
const MINUTE = 60_000;

let tiny: TinyLake;
beforeEach(async () => {
  tiny = await tinyLake();
});
afterEach(() => tiny[Symbol.asyncDispose]());

const ago = (ms: number): string => new Date(Date.now() - ms).toISOString();
const gps = (seq: number, capturedAgo: number, receivedAgo: number, more: object = {}) =>
  tinyRecord(
    "gps_data",
    { seq, at: "10:00:00" },
    { fix: "none", captured_at: ago(capturedAgo), received_at: ago(receivedAgo), ...more },
  );

const status = (...args: readonly string[]) =>
  runCloud(tiny.folder, "status", ...args, "--lake", tiny.lakeSpec);

test("times by clocks that can tell, the path's own share of all rows, lag and alarms; exit 3 only when asked", async () => {
  await tiny.append([
    ...Array.from({ length: 98 }, (_, n) => gps(n + 1, 10 * MINUTE, 20_000)),
    gps(99, 2 * 60 * MINUTE, 50 * MINUTE),
    // Nobody can compare these with our clock.
    gps(100, 500 * MINUTE, 20_000, { clock: "simulated" }),
    gps(101, 500 * MINUTE, 20_000, { clock: "unsynced", captured_at: null }),
  ]);
  await tiny.land();
  await tiny.append([gps(102, 1000, 1000)]);
  const run = await status("--log", tiny.logSpec, "--json", "--alarm-lag", "0");
  expect(run, run.stderr).toMatchObject({ code: 0 });
  const report = JSON.parse(run.stdout) as StatusReport;
  const table = report.tables.find((one) => one.table === "gps_data");
  expect(table).toMatchObject({ total_rows: 101, rows: 101, commits: 1, conflicts: 0 });
  expect(table?.commit_ms?.p50).toBeGreaterThan(0);
  const { capture_to_queryable: captured, received_to_queryable: received } = table ?? {};
  expect(captured?.rows).toBe(99);
  for (const ms of [captured?.p50_ms, captured?.p90_ms]) {
    expect(ms).toBeGreaterThan(10 * MINUTE);
    expect(ms).toBeLessThan(11 * MINUTE);
  }
  expect(captured?.histogram.filter(({ rows }) => rows > 0)).toEqual([
    { le_s: 3600, rows: 98 },
    { le_s: null, rows: 1 },
  ]);
  expect(received?.rows).toBe(101);
  expect(received?.p99_ms).toBeLessThan(50 * MINUTE);
  expect(received?.histogram.filter(({ rows }) => rows > 0).map(({ rows }) => rows)).toContain(1);
  expect(table?.lag?.map(({ records }) => records).sort()).toEqual([0, 1]);
  expect(table?.event_age_s).toBeLessThan(60);
  expect(report.alarms.map(({ name, table: of, value }) => [name, of, value])).toEqual([
    ["lag_high", "gps_data", 1],
  ]);
  const failing = await status("--log", tiny.logSpec, "--alarm-lag", "0", "--fail-on-alarm");
  expect([failing.code, failing.stderr]).toEqual([
    3,
    expect.stringMatching(/ALARM lag_high gps_data: 1 records of partition \d are not landed/),
  ]);
  expect(failing.stdout).toMatch(/capture → queryable p50\/p99.* commit p50\/p99[^]*gps_data/);
});

test("a row counts as queryable when its table's metadata was there, not when it was written to a file", async () => {
  await tiny.append([gps(1, 10_000, 8000)]);
  await tiny.land();
  const sql = "SELECT epoch_ms(landed_at) - epoch_ms(captured_at) AS ms FROM gps_data";
  const { stdout: rows } = await runCloud(tiny.folder, "sql", sql, "--lake", tiny.lakeSpec, "--json");
  const landed = Number((JSON.parse(rows) as { rows: { ms: string }[] }).rows[0]?.ms);
  const reported = async () => {
    const { stdout } = await status("--json");
    const report = JSON.parse(stdout) as StatusReport;
    return report.tables.find(({ table }) => table === "gps_data");
  };
  const prompt = (await reported())?.capture_to_queryable?.p50_ms;
  expect(prompt).toBeGreaterThanOrEqual(landed);
  expect(prompt).toBeLessThan(landed + 5000);
  // As of a put that hung for five seconds more.
  const folder = join(tiny.folder, "lake/gps_data/metadata");
  const taken = (Date.now() + 5000) / 1000;
  for (const name of await readdir(folder)) await utimes(join(folder, name), taken, taken);
  const late = await reported();
  expect(late?.capture_to_queryable?.p50_ms).toBeGreaterThanOrEqual(landed + 5000);
  expect(late?.received_to_queryable?.p99_ms).toBeGreaterThanOrEqual(8000 + 5000);
});

test("a lake without a log: everything but the lag; without a lake: wrong usage", async () => {
  await tiny.append([gps(1, 3000, 2000)]);
  await tiny.land();
  const run = await status("--json", "--fail-on-alarm", "--window", "1m");
  expect(run, run.stderr).toMatchObject({ code: 0 });
  const report = JSON.parse(run.stdout) as StatusReport;
  expect(report).toMatchObject({ ok: true, window_s: 60, alarms: [] });
  expect(report.tables.every(({ lag }) => lag === null)).toBe(true);
  expect(await runCloud(tiny.folder, "status", "--lake", "file:none")).toMatchObject({ code: 2 });
});

test("a log that was made anew is no log without lag", async () => {
  await tiny.append([gps(1, 3000, 2000), gps(2, 3000, 2000)]);
  await tiny.land();
  await tiny.log[Symbol.asyncDispose]();
  for (const suffix of ["", "-wal", "-shm"])
    await rm(join(tiny.folder, `log.sqlite${suffix}`), { force: true });
  const base = { clock: systemClock(), random: systemRandom(), logger: silentLogger };
  await using log = await openEventLog(tiny.logSpec, {
    ...base,
    metrics: new MemoryMetrics(),
    env: {},
  });
  const topics = logTopics({});
  await log.createTopics(
    allTopics(topics).filter((topic) => topic !== topics.deadLetters),
    2,
  );
  const run = await status("--log", tiny.logSpec, "--json", "--fail-on-alarm");
  const report = JSON.parse(run.stdout) as StatusReport;
  expect(run.code).toBe(3);
  const states = new Map(report.tables.map((one) => [one.table, one.log]));
  expect([states.get("gps_data"), states.get("dead_letters")]).toEqual(["replaced", "absent"]);
  expect(report.alarms.map(({ name, table }) => `${name} ${table}`)).toContain("log_replaced gps_data");
  const told = await status("--log", tiny.logSpec);
  expect(told.stderr).toMatch(/ALARM log_replaced gps_data: the log is not the one/);
  expect(told.stdout).toContain("no topic");
});

test("snapshots say of a commit how often another one came first, and which files are new", async () => {
  using _ = instantCompression();
  const clock = new VirtualClock();
  const store = new MemoryObjectStore(clock);
  const slow = new MemoryObjectStore(clock, store);
  slow.pause = (operation) => (operation === "putIfAbsent" ? clock.sleep(seconds(5)) : Promise.resolve());
  const [one, other] = [openTable({ store, clock }), openTable({ store: slow, clock, seed: 2 })];
  const { definition } = one;
  const base = await whileTimePasses(clock, one.head());
  const next = (partition: number) => ({
    base,
    partition,
    rows: 5,
    key: `k${partition}`,
    commitId: `c${partition}`,
    begunAt: beginWork(clock),
  });
  await whileTimePasses(clock, one.append(batch(definition, next(0))));
  // Virtual time goes on with each step of real work: the first commit's own time is not known before.
  const since = clock.now() + 5000;
  await clock.advance(10_000);
  const outcome = await whileTimePasses(
    clock,
    other.append({ ...batch(definition, next(1)), droppedBefore: 0 }),
  );
  if (outcome.kind !== "committed") throw new Error(outcome.kind);
  expect(tableCommits(outcome.head, 0)).toMatchObject({ commits: 2, overtaken: 1, dropped: 0, rows: 10 });
  const { durations, ...counts } = tableCommits(outcome.head, since);
  expect(counts).toMatchObject({ commits: 1, overtaken: 1, rows: 5 });
  // The manifest once, its list and the metadata twice, the last of which nobody can say before; each there and back.
  expect(durations?.p50).toBeGreaterThanOrEqual(4 * seconds(10));
  expect(durations?.p50).toBeLessThan(5 * seconds(10));
  expect(durations?.p99).toBe(durations?.p50);
  // Where statistics do not tell, as of another engine's files.
  const files = (await one.entries(outcome.head)).map(({ entry, ...more }) => ({
    ...more,
    entry: { ...entry, data_file: { ...entry.data_file, upper_bounds: null } },
  }));
  const recent = (from: number) =>
    recentFiles(definition, outcome.head, { entries: files, times: new Map() }, from);
  expect(recent(since).map(({ key }) => key)).toEqual(["k1"]);
  expect(recent(0)).toHaveLength(2);
});

test("on a busy table the files of the window are read, not all: snapshots do not reach back so far", async () => {
  using _ = instantCompression();
  const clock = new VirtualClock();
  const store = new MemoryObjectStore(clock);
  const table = openTable({ store, clock });
  const { definition } = table;
  const landedAt = definition.columns.find(({ name }) => name === "landed_at")?.id;
  let head = await whileTimePasses(clock, table.head());
  const landings: number[] = [];
  for (let n = 0; n < 200; n += 1) {
    const at = clock.now();
    landings.push(at);
    const commit = batch(definition, {
      base: head,
      partition: 0,
      rows: 5,
      key: `k${n}`,
      commitId: `c${n}`,
      begunAt: beginWork(clock),
    });
    const files = commit.files.map((file) => ({
      ...file,
      columns: file.columns.map((column) =>
        column.fieldId === landedAt ? { ...column, max: new Date(at).toISOString() } : column,
      ),
    }));
    const outcome = await whileTimePasses(clock, table.append({ ...commit, files }));
    if (outcome.kind !== "committed") throw new Error(outcome.kind);
    ({ head } = outcome);
    await clock.advance(30_000);
  }
  const since = clock.now() - 60 * MINUTE;
  const wanted = landings.flatMap((at, n) => (at >= since ? [`k${n}`] : []));
  expect(wanted.length).toBeGreaterThan(50);
  expect(wanted.length).toBeLessThan(150);
  const times = await queryableTimes(store, definition.name, head);
  const entries = await table.entries(head);
  const read = recentFiles(definition, head, { entries, times }, since).map(({ key }) => key);
  expect(new Set(read)).toEqual(new Set(wanted));
});

test("the handbook says of every alarm what to do", async () => {
  const text = await readFile(OPERATIONS, "utf8");
  for (const name of ALARM_NAMES) expect(text, name).toMatch(new RegExp(`\`${name}\``));
});
