import { renameSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { systemClock } from "../../adapters/system-clock.ts";
import { silentLogger } from "../../ports/logger.ts";
import { seededRandom } from "../../random/random.ts";
import { VirtualClock } from "../../testing/virtual-clock.ts";
import { millis } from "../../time/time.ts";
import { pollUntil, record, Seen } from "../event-log.contract.ts";
import { SQLITE_LOG_DEFAULTS } from "../sqlite-log-settings.ts";
import { SqliteLogFile } from "./sqlite-event-log-file.ts";
import { sqliteTestBed } from "./sqlite-event-log-test-bed.ts";
import { SqliteLogWriter } from "./sqlite-event-log-writer.ts";

const AT = { topic: "t", partition: 0 };

test("concurrent appends are one transaction", async () => {
  using bed = sqliteTestBed();
  await using log = bed.open();
  await log.createTopics(["t"], 4);
  await using writer = await log.writer();
  await Promise.all(Array.from({ length: 50 }, (_, n) => writer.append([record("t", `car-${n}`, n)])));
  expect(bed.metrics.value("roadstream_log_append_groups_total")).toBe(1);
  expect(bed.metrics.value("roadstream_log_appended_records_total")).toBe(50);
});

test("appends that follow one another faster than the pace share a transaction; the first did not wait", async () => {
  using bed = sqliteTestBed();
  const clock = new VirtualClock();
  await using log = bed.open({ clock, settings: { pace: millis(5) } });
  await log.createTopics(["t"], 1);
  await using writer = await log.writer();
  const groups = (): number => bed.metrics.value("roadstream_log_append_groups_total");
  expect(await writer.append([record("t", "a", 1)])).toMatchObject({ kind: "durable" });
  expect(groups()).toBe(1);
  const second = writer.append([record("t", "a", 2)]);
  await clock.advance(millis(4));
  const third = writer.append([record("t", "a", 3)]);
  expect(groups()).toBe(1);
  await clock.advance(millis(1));
  expect(await Promise.all([second, third])).toMatchObject([{ kind: "durable" }, { kind: "durable" }]);
  expect(groups()).toBe(2);
});

test("a call that names a missing topic is unavailable and stops no other of its group", async () => {
  using bed = sqliteTestBed();
  await using log = bed.open();
  await log.createTopics(["t"], 1);
  await using writer = await log.writer();
  const outcomes = await Promise.all([
    writer.append([record("t", "a", 1), record("nowhere", "a", 1)]),
    writer.append([record("t", "a", 2)]),
  ]);
  expect(outcomes).toMatchObject([{ kind: "unavailable" }, { kind: "durable", positions: [{ offset: 0 }] }]);
});

test("a log that was moved away takes nothing more, and tells its workers", async () => {
  using bed = sqliteTestBed();
  await using log = bed.open();
  await log.createTopics(["t"], 1);
  const identity = await log.identity("t");
  await using writer = await log.writer();
  await using worker = await log.join({ group: "g", worker: "w", topics: ["t"] });
  await pollUntil(worker, new Seen(), ({ held }) => held.size === 1);
  for (const end of ["", "-wal", "-shm"]) renameSync(`${bed.path}${end}`, `${bed.path}.old${end}`);
  await using other = bed.open();
  await other.createTopics(["t"], 1);
  expect(await other.identity("t")).not.toBe(identity);
  expect(await writer.append([record("t", "a", 1)])).toMatchObject({ kind: "unavailable" });
  const signal = new AbortController().signal;
  await expect(worker.poll({ maxBytes: 1, wait: millis(0), signal })).rejects.toMatchObject({
    code: "log_mismatch",
  });
});

test("a disk that is full is answered `full`, and nothing of the group remains", async () => {
  using bed = sqliteTestBed();
  await using log = bed.open();
  await log.createTopics(["t"], 1);
  const clock = systemClock();
  const file = new SqliteLogFile({
    path: bed.path,
    clock,
    random: seededRandom(1),
    busy: millis(0),
    fsync: "each_commit",
  });
  file.db.exec("PRAGMA max_page_count=1");
  await using writer = new SqliteLogWriter({
    file,
    clock,
    logger: silentLogger,
    metrics: bed.metrics,
    settings: SQLITE_LOG_DEFAULTS,
  });
  const large = record("t", "a", 1, { value: JSON.stringify("x".repeat(500_000)) });
  expect(await writer.append([large])).toMatchObject({ kind: "full" });
  expect(await log.range(AT)).toEqual({ start: 0, end: 0 });
  file.db.exec("PRAGMA max_page_count=100000");
  expect(await writer.append([large])).toMatchObject({ kind: "durable", positions: [{ offset: 0 }] });
});

test("another process's long transaction is `unavailable`, and passes", async () => {
  using bed = sqliteTestBed();
  await using log = bed.open({ settings: { busy: millis(10) } });
  await log.createTopics(["t"], 1);
  await using writer = await log.writer();
  using other = new DatabaseSync(bed.path);
  other.exec("BEGIN IMMEDIATE");
  expect(await writer.append([record("t", "a", 1)])).toMatchObject({ kind: "unavailable" });
  other.exec("ROLLBACK");
  expect(await writer.append([record("t", "a", 1)])).toMatchObject({ kind: "durable" });
});

test("a damaged record is `storage`, never data", async () => {
  using bed = sqliteTestBed();
  await using log = bed.open();
  await log.createTopics(["t"], 1);
  await using writer = await log.writer();
  await writer.append([record("t", "a", 1)]);
  await writer.append([record("t", "a", 2)]);
  using editor = new DatabaseSync(bed.path);
  editor.exec(
    "UPDATE segments SET body = CAST(replace(CAST(body AS TEXT), '2', '3') AS BLOB) WHERE base = 1",
  );
  await expect(log.read(AT, 0, 1 << 20)).rejects.toMatchObject({ code: "storage" });
  expect(await log.read(AT, 0, 1)).toMatchObject({ offsets: [0] });
});

test("a missing record is `storage`, never a hole", async () => {
  using bed = sqliteTestBed();
  await using log = bed.open();
  await log.createTopics(["t"], 1);
  await using writer = await log.writer();
  for (const n of [0, 1, 2]) await writer.append([record("t", "a", n)]);
  using editor = new DatabaseSync(bed.path);
  editor.exec("DELETE FROM segments WHERE base = 1");
  await expect(log.read(AT, 0, 1 << 20)).rejects.toMatchObject({ code: "storage" });
  await expect(log.read(AT, 1, 1)).rejects.toMatchObject({ code: "storage" });
  expect(await log.read(AT, 2, 1)).toMatchObject({ offsets: [2] });
});

test("a topic deleted and made anew under a writer costs one refusal, and nothing of the refused remains", async () => {
  using bed = sqliteTestBed();
  await using log = bed.open();
  await log.createTopics(["t", "other"], 1);
  await using writer = await log.writer();
  const both = [record("other", "a", 1), record("t", "a", 1)];
  expect(await writer.append(both)).toMatchObject({ kind: "durable" });
  using editor = new DatabaseSync(bed.path);
  editor.exec("PRAGMA foreign_keys = ON; DELETE FROM topics WHERE name = 't'");
  await log.createTopics(["t"], 1);
  expect(await writer.append(both)).toMatchObject({ kind: "unavailable" });
  expect(await writer.append(both)).toMatchObject({
    kind: "durable",
    positions: [{ offset: 1 }, { offset: 0 }],
  });
});

test("a file that is no event log is refused and left alone", () => {
  using bed = sqliteTestBed();
  writeFileSync(
    bed.path,
    "this is a text, long enough to be no SQLite header at all, but a text\n".repeat(20),
  );
  expect(() => bed.open()).toThrow(expect.objectContaining({ code: "storage" }));
  using foreign = sqliteTestBed();
  using db = new DatabaseSync(foreign.path);
  db.exec("CREATE TABLE mine (a)");
  expect(() => foreign.open()).toThrow(expect.objectContaining({ code: "storage" }));
  expect(db.prepare("SELECT count(*) AS n FROM sqlite_schema").get()).toEqual({ n: 1 });
  using later = sqliteTestBed();
  void later.open()[Symbol.asyncDispose]();
  using editor = new DatabaseSync(later.path);
  editor.exec("PRAGMA user_version=99");
  expect(() => later.open()).toThrow(expect.objectContaining({ code: "storage" }));
});
