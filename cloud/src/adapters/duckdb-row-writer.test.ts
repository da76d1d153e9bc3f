import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  canonicalColumns,
  seededRandom,
  STREAM_NAMES,
  unixMillis,
  uptimeMillis,
  type Column,
  type StreamName,
} from "@roadstream/shared";
import { VirtualClock } from "@roadstream/shared/testing";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LandingRows } from "../ingest/landing-rows.ts";
import type { RowBatch } from "../ingest/ports.ts";
import { readFast, readSlow } from "../ingest/read-record.ts";
import { tableDefinition } from "../lake/table-definition.ts";
import { takePicture } from "../pictures/take-picture.ts";
import { DuckDbEngine } from "./duckdb-engine.ts";
import { DuckDbParquetWriter } from "./duckdb-parquet.ts";
import { DuckDbRowWriter } from "./duckdb-row-writer.ts";
import { FolderObjectStore } from "./folder-object-store.ts";

const BOOT = "0190d5e4-7b1a-7abc-8def-0123456789ab";
const NOON = "2026-03-04T12:00:00.000Z";
const clock = new VirtualClock();

let folder: string;
let engine: DuckDbEngine;
let store: FolderObjectStore;
let writer: DuckDbRowWriter;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "row-writer-"));
  engine = await DuckDbEngine.open({ memoryLimit: "512MB", threads: 1, temporaryFolder: null });
  store = new FolderObjectStore({ folder: join(folder, "lake") });
  const random = seededRandom(1);
  const parquet = new DuckDbParquetWriter({ store, clock, random, folder });
  writer = new DuckDbRowWriter({ engine, parquet, clock, random, folder });
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const rowsOf = (lines: readonly string[]): LandingRows => {
  const rows = new LandingRows();
  lines.forEach((line, i) => rows.add(line, 3, i, 1_772_625_600_000));
  return rows;
};

const batchOf = (stream: StreamName, lines: readonly string[]): RowBatch => ({
  table: tableDefinition(stream),
  rows: rowsOf(lines),
  landedAt: unixMillis(Date.parse(NOON)),
  machineBoot: "m1",
  uptime: uptimeMillis(5000),
});

/** As staging does: the picture is an object, its key and hash are columns. */
const withoutPicture = (stream: StreamName, line: string): string | null => {
  if (stream !== "traffic_data") return line;
  const picture = takePicture(line);
  return picture.kind === "bad"
    ? null
    : `${picture.openLine},"snapshot_key":"k","sha256":"${"0".repeat(64)}"}`;
};

const PICTURE = Buffer.from("ffd8ffe000104a46ffd9", "hex");

const goodValue = (column: Column): unknown => {
  const special: Record<string, unknown> = {
    vehicle_id: "car-1",
    boot_id: BOOT,
    seq: 7,
    received_at: NOON,
    captured_at: "2026-03-04T11:59:59.000Z",
    clock: "gnss",
    size_bytes: PICTURE.length,
    snapshot: PICTURE.toString("base64"),
    latitude: 41.25,
    longitude: -95.5,
    fix: "3d",
  };
  if (column.name in special) return special[column.name];
  if (column.values !== null) return column.values[0];
  if (column.pattern !== null && column.nullable) return null;
  if (column.pattern !== null) return column.type === "string" && column.maxLength === 36 ? BOOT : "name-1";
  if (column.type === "string") return "text";
  if (column.type === "boolean") return true;
  if (column.type === "timestamp") return NOON;
  return column.min ?? 1;
};

/** Texts that a JSON value may be replaced by: what readers are known to disagree about. */
const NASTY = [
  "3.7",
  "1e400",
  "-1e400",
  '"2"',
  "NaN",
  "Infinity",
  "null",
  "true",
  "[]",
  "{}",
  "-0",
  "-1",
  "0",
  "1.0",
  "1e3",
  "91",
  "181",
  "361",
  "5e-324",
  "1.7976931348623157e308",
  "0.1",
  "0.30000000000000004",
  "9007199254740991",
  "9007199254740993",
  "2147483647",
  "2147483648",
  "99999999999999",
  "999999999999999",
  "1e21",
  "12345678901234567.1234567890123",
  '"2026-02-30T00:00:00.000Z"',
  '"2024-02-29T23:59:59.999Z"',
  '"2023-02-29T00:00:00.000Z"',
  '"0000-01-01T00:00:00.000Z"',
  '"9999-12-31T23:59:59.999Z"',
  '"1969-12-31T23:59:59.999Z"',
  '"2026-13-01T00:00:00.000Z"',
  '"2026-00-01T00:00:00.000Z"',
  '"2026-01-00T00:00:00.000Z"',
  '"2026-01-32T00:00:00.000Z"',
  '"2026-03-04T24:00:00.000Z"',
  '"2026-03-04T12:00:00Z"',
  '"2026-03-04T12:00:00.000+01:00"',
  '"2026-06-30T23:59:60.000Z"',
  '"infinity"',
  '"epoch"',
  '"\\ud800"',
  '"\\u0000"',
  '"é東🚗"',
  '"a\\nb"',
  '"\\"quoted\\""',
  '""',
  '" "',
  '"none"',
  '"unsynced"',
  '"__proto__"',
  `"${"x".repeat(300)}"`,
  '"../../etc"',
  '"1"',
  `${"[".repeat(2000)}${"]".repeat(2000)}`,
] as const;

interface Mutation {
  readonly column: number;
  readonly kind: "replace" | "drop" | "double" | "add";
  readonly text: string;
}

const mutation: fc.Arbitrary<Mutation> = fc.record({
  column: fc.nat(60),
  kind: fc.constantFrom("replace", "replace", "replace", "drop", "double", "add"),
  text: fc.oneof(
    fc.constantFrom(...NASTY),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
    fc.integer().map(String),
    fc.string({ unit: "grapheme", maxLength: 12 }).map((text) => JSON.stringify(text)),
    fc
      .date({ noInvalidDate: true, min: new Date(0), max: new Date("9999-12-31") })
      .map((date) => JSON.stringify(date.toISOString())),
  ),
});

const textOf = (stream: StreamName, mutations: readonly Mutation[]): string => {
  const columns = canonicalColumns(stream);
  const fields = columns.map((column): string[] => [`"${column.name}":${JSON.stringify(goodValue(column))}`]);
  for (const { column, kind, text } of mutations) {
    const field = fields[column % fields.length] ?? [];
    const name = columns[column % fields.length]?.name ?? "";
    if (kind === "drop") field.length = 0;
    else if (kind === "replace") field.splice(0, 1, `"${name}":${text}`);
    else if (kind === "double") field.push(`"${name}":${text}`);
    else field.push(`"__proto__":${text}`, `"unknown":${text}`);
  }
  return `{"v":1,${fields.flat().join(",")}}`;
};

const binary = (text: string): string => Buffer.from(text, "utf8").toString("latin1");

describe.each(STREAM_NAMES)("%s", (stream) => {
  test("JavaScript and DuckDB accept and refuse the same records, and read the same values", async () => {
    expect(readSlow(stream, textOf(stream, []))).toMatchObject({ kind: "record" });
    const texts = fc.array(fc.array(mutation, { minLength: 0, maxLength: 2 }), {
      minLength: 40,
      maxLength: 60,
    });
    await fc.assert(
      fc.asyncProperty(texts, async (cases) => {
        const accepted: string[] = [];
        for (const mutations of cases) {
          const value = binary(textOf(stream, mutations));
          const truth = readSlow(stream, value);
          const fast = readFast(stream, value);
          if (truth.kind === "record") {
            for (const line of new Set([truth.line, fast?.line ?? truth.line])) {
              const landed = withoutPicture(stream, line);
              if (landed !== null) accepted.push(landed);
            }
          } else if (fast !== null) {
            const landed = withoutPicture(stream, fast.line);
            // The fast lane took it: then the database must not.
            if (landed !== null)
              expect([await writer.accepts(batchOf(stream, [landed])), value]).toEqual([false, value]);
          }
        }
        if (accepted.length === 0) return;
        const outcome = await writer.write(batchOf(stream, accepted), 1000);
        expect(outcome).toMatchObject({ kind: "written" });
        if (outcome.kind !== "written") return;
        const rows = await readBack(outcome.files.map((file) => file.key));
        accepted.forEach((line, i) => expectSame(stream, line, rows.get(i)));
      }),
      { numRuns: 5 },
    );
  });
});

const readBack = async (keys: readonly string[]): Promise<ReadonlyMap<number, Record<string, unknown>>> => {
  const files = await Promise.all(keys.map((key) => store.localFile(key)));
  using connection = await engine.connect();
  const rows = await connection.rows(
    `SELECT * FROM read_parquet([${files.map((file) => `'${file}'`).join()}], hive_partitioning = false)`,
  );
  return new Map(rows.map((row) => [Number(row["log_offset"]), row as Record<string, unknown>]));
};

const expectSame = (stream: StreamName, line: string, row: Record<string, unknown> | undefined): void => {
  const said = JSON.parse(Buffer.from(line, "latin1").toString("utf8")) as Record<string, unknown>;
  for (const column of tableDefinition(stream).columns) {
    if (column.origin === "cloud") continue;
    const want = said[column.name] ?? null;
    const have = row?.[column.name] ?? null;
    const shown = have instanceof Date ? have.toISOString() : typeof have === "bigint" ? Number(have) : have;
    expect([column.name, shown], line).toEqual([column.name, Object.is(want, -0) ? 0 : want]);
  }
};

describe("event_at", () => {
  const eventAt = async (fields: Record<string, unknown>): Promise<string> => {
    const columns = canonicalColumns("gps_data");
    const base = Object.fromEntries(columns.map((column) => [column.name, goodValue(column)]));
    const record = { v: 1, ...base, received_at: NOON, ...fields };
    const read = readSlow("gps_data", binary(JSON.stringify(record)));
    if (read.kind === "refused") throw new Error(read.rejection.reason);
    const outcome = await writer.write(batchOf("gps_data", [read.line]), 10);
    if (outcome.kind !== "written") throw new Error(outcome.kind);
    const [row] = (await readBack(outcome.files.map((file) => file.key))).values();
    const at = new Date(row?.["event_at"] as Date).toISOString();
    expect(outcome.files[0]?.day).toBe(at.slice(0, 10));
    return at;
  };

  test.each([
    [
      "captured_at by a synced clock",
      { captured_at: "2026-03-01T01:02:03.456Z" },
      "2026-03-01T01:02:03.456Z",
    ],
    [
      "captured_at up to a day ahead",
      { captured_at: "2026-03-05T12:00:00.000Z" },
      "2026-03-05T12:00:00.000Z",
    ],
    ["not further ahead", { captured_at: "2026-03-05T12:00:00.001Z", sent_uptime_ms: null }, NOON],
    ["not before 2020", { captured_at: "2019-12-31T23:59:59.999Z", sent_uptime_ms: null }, NOON],
    ["2020 itself", { captured_at: "2020-01-01T00:00:00.000Z" }, "2020-01-01T00:00:00.000Z"],
    [
      "an unsynced clock: by age",
      { clock: "unsynced", uptime_ms: 1000, sent_uptime_ms: 61_000 },
      "2026-03-04T11:59:00.000Z",
    ],
    [
      "no captured_at: by age",
      { clock: "unsynced", captured_at: null, uptime_ms: 1, sent_uptime_ms: 86_400_001 },
      "2026-03-03T12:00:00.000Z",
    ],
    ["a negative age is no age", { clock: "unsynced", uptime_ms: 61_000, sent_uptime_ms: 1000 }, NOON],
    ["another machine boot: received_at", { clock: "unsynced", sent_uptime_ms: null }, NOON],
    ["an age beyond belief", { clock: "unsynced", uptime_ms: 0, sent_uptime_ms: 900_000_000_000_000 }, NOON],
  ])("%s", async (_, fields, want) => {
    expect(await eventAt(fields)).toBe(want);
  });
});

test("one file per day, sorted, and a batch of too many days is handed back", async () => {
  const line = (vehicle: string, seq: number, day: string): string =>
    `{"v":1,"vehicle_id":"${vehicle}","boot_id":"${BOOT}","machine_boot":"m1","received_at":"${NOON}","seq":${seq},` +
    `"captured_at":"${day}T10:00:00.000Z","clock":"gnss","uptime_ms":4000,"fix":"none"}`;
  const lines = [line("b", 1, "2026-03-02"), line("a", 2, "2026-03-02"), line("a", 1, "2026-03-01")];
  const batch = batchOf("gps_data", lines);
  expect(await writer.write(batch, 1)).toEqual({ kind: "too_many_days", days: 2 });
  const outcome = await writer.write(batch, 2);
  if (outcome.kind !== "written") throw new Error(outcome.kind);
  expect(outcome.files.map(({ day, rows }) => [day, rows])).toEqual([
    ["2026-03-01", 1],
    ["2026-03-02", 2],
  ]);
  expect(outcome.captured).toEqual([{ uptimeMs: 4000, rows: 3 }]);
  const rows = await readBack([outcome.files[1]?.key ?? ""]);
  expect([...rows.values()].map((row) => row["vehicle_id"])).toEqual(["a", "b"]);
});

test("rows of many days, one after the other in turn, all come to their own day's file", async () => {
  const line = (n: number): string =>
    `{"v":1,"vehicle_id":"a","boot_id":"${BOOT}","machine_boot":"m1","received_at":"${NOON}","seq":${n + 1},` +
    `"captured_at":"2026-02-${String(10 + (n % 12))}T10:00:00.000Z","clock":"gnss","uptime_ms":4000,"fix":"none"}`;
  const lines = Array.from({ length: 120 }, (_, n) => line(n));
  const outcome = await writer.write(batchOf("gps_data", lines), 12);
  if (outcome.kind !== "written") throw new Error(outcome.kind);
  expect(outcome.files.map(({ day, rows }) => [day, rows])).toEqual(
    Array.from({ length: 12 }, (_, n) => [`2026-02-${10 + n}`, 10]),
  );
  expect(outcome.captured.reduce((sum, { rows }) => sum + rows, 0)).toBe(120);
  const rows = await readBack([outcome.files[3]?.key ?? ""]);
  expect([...rows.values()].map((row) => Number(row["seq"]) % 12)).toEqual(
    Array.from({ length: 10 }, () => 4),
  );
});

test("each row keeps its place in the log, by whichever way it is written and however many threads read it", async () => {
  await using threads = await DuckDbEngine.open({ memoryLimit: "512MB", threads: 4, temporaryFolder: null });
  const random = seededRandom(3);
  const parquet = new DuckDbParquetWriter({ store, clock, random, folder });
  const many = new DuckDbRowWriter({ engine: threads, parquet, clock, random, folder });
  const rowsOver = (days: number): LandingRows => {
    const rows = new LandingRows();
    // Several of DuckDB's vectors, of lines of different length.
    for (let n = 0; n < 9000; n += 1) {
      const day = n > 4500 && n % 7 === 1 ? (n % days) + 1 : 1;
      rows.add(
        `{"v":1,"vehicle_id":"v${random.next() < 0.5 ? "x".repeat(30) : ""}","boot_id":"${BOOT}",` +
          `"machine_boot":"${"m".repeat(n % 60)}","received_at":"${NOON}","seq":${n + 1},` +
          `"captured_at":"2026-03-0${day}T10:00:00.000Z","clock":"gnss","uptime_ms":4000,"fix":"none"}`,
        n % 3,
        n * 2 + (n % 5),
        1_772_625_600_000 + n,
      );
    }
    return rows;
  };
  for (const days of [1, 3]) {
    const outcome = await many.write({ ...batchOf("gps_data", []), rows: rowsOver(days) }, 10);
    if (outcome.kind !== "written") throw new Error(outcome.kind);
    expect(outcome.files).toHaveLength(days);
    using connection = await threads.connect();
    const paths = await Promise.all(outcome.files.map(({ key }) => store.localFile(key)));
    const wrong = `log_partition <> (seq - 1) % 3 OR log_offset <> (seq - 1) * 2 + (seq - 1) % 5
      OR epoch_ms(log_appended_at) <> 1772625600000 + seq - 1`;
    expect(
      await connection.cells(`SELECT count(*) AS rows, count(*) FILTER (WHERE ${wrong}) AS wrong
        FROM read_parquet([${paths.map((path) => `'${path}'`).join(", ")}])`),
    ).toEqual([{ rows: "9000", wrong: "0" }]);
  }
});

test("a capture is placed by this machine's monotonic clock, or by a wall clock that can be compared, or not at all", async () => {
  const line = (seq: number, boot: string, clock: string, beforeNoonMs: number): string =>
    `{"v":1,"vehicle_id":"a","boot_id":"${BOOT}","machine_boot":"${boot}","received_at":"${NOON}","seq":${seq},` +
    `"captured_at":"${new Date(Date.parse(NOON) - beforeNoonMs).toISOString()}","clock":"${clock}","uptime_ms":4000,"fix":"none"}`;
  const outcome = await writer.write(
    batchOf("gps_data", [
      line(1, "m1", "simulated", 86_400_000),
      line(2, "elsewhere", "gnss", 2000),
      line(3, "elsewhere", "ntp", 2000),
      line(4, "elsewhere", "simulated", 2000),
      line(5, "elsewhere", "unsynced", 2000),
      line(6, "elsewhere", "gnss", 3_600_000),
      line(7, "elsewhere", "gnss", -1000),
    ]),
    4,
  );
  if (outcome.kind !== "written") throw new Error(outcome.kind);
  expect(outcome.captured.toSorted((a, b) => a.uptimeMs - b.uptimeMs)).toEqual([
    { uptimeMs: 3000, rows: 2 },
    { uptimeMs: 4000, rows: 1 },
  ]);
});

test("what is wrong with the machine is thrown: it is no judgement of the rows", async () => {
  const line =
    `{"v":1,"vehicle_id":"a","boot_id":"${BOOT}","machine_boot":"m1","received_at":"${NOON}","seq":1,` +
    `"captured_at":"${NOON}","clock":"gnss","uptime_ms":4000,"fix":"none"}`;
  const batch = batchOf("gps_data", [line]);
  const parquet = new DuckDbParquetWriter({ store, clock, random: seededRandom(2), folder });
  await using narrow = await DuckDbEngine.open({ memoryLimit: "2MB", threads: 1, temporaryFolder: null });
  const withoutMemory = new DuckDbRowWriter({
    engine: narrow,
    parquet,
    clock,
    random: seededRandom(3),
    folder,
  });
  await expect(withoutMemory.write(batch, 1)).rejects.toMatchObject({ code: "storage" });
  await expect(withoutMemory.accepts(batch)).rejects.toMatchObject({ code: "storage" });
  const nowhere = { parquet, clock, random: seededRandom(4), folder: join(folder, "gone") };
  await expect(new DuckDbRowWriter({ ...nowhere, engine }).accepts(batch)).rejects.toMatchObject({
    code: "storage",
  });
});
