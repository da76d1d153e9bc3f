import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runCloud } from "../testing/run-cloud.ts";
import { TINY_BOOT, tinyLake, tinyRecord, type TinyLake } from "../testing/tiny-lake.ts";

let tiny: TinyLake;

beforeAll(async () => {
  tiny = await tinyLake();
  for (const seq of [1, 2, 3]) {
    await tiny.append([
      tinyRecord("gps_data", { seq, at: `10:00:0${seq}.000` }, { fix: "3d", latitude: 1, longitude: 2 }),
    ]);
    await tiny.land();
  }
});
afterAll(async () => {
  await tiny[Symbol.asyncDispose]();
});

const cloud = (...args: readonly string[]) => runCloud(tiny.folder, ...args, "--lake", "file:lake");
const json = async (...args: readonly string[]): Promise<unknown> => {
  const { code, stdout } = await cloud(...args, "--json");
  expect(code).toBe(0);
  return JSON.parse(stdout) as unknown;
};

test("sql: rows on stdout, people's words on stderr", async () => {
  expect(await cloud("sql", "SELECT seq, latitude FROM gps_data ORDER BY seq")).toEqual({
    code: 0,
    stdout: "seq  latitude\n───  ────────\n  1         1\n  2         1\n  3         1\n",
    stderr: "3 rows\n",
  });
});

test("trace: 1 where a record's fate is not known", async () => {
  const id = `car-1/${TINY_BOOT}/gps_data/9`;
  const { code, stdout } = await cloud("trace", id);
  expect([code, stdout.split("\n")[0]]).toEqual([1, `${id}: unknown`]);
});

test("expire, orphans, compact and files, one after the other", { timeout: 60_000 }, async () => {
  expect(await json("expire", "gps_data", "--older-than", "0s", "--dry-run")).toEqual({
    ok: true,
    dry_run: true,
    tables: [{ table: "gps_data", snapshots: 3, expired: 2, objects_removed: 0 }],
  });
  expect(await json("orphans", "gps_data")).toEqual({
    ok: true,
    removed: false,
    tables: [{ table: "gps_data", objects: 0, bytes: 0 }],
    pictures: null,
  });
  expect(await json("compact", "gps_data")).toMatchObject({
    ok: true,
    dry_run: false,
    tables: [{ table: "gps_data", days: 1, files_before: 3, files_after: 1, rows: 3, skipped: 0 }],
  });
  expect(await json("files", "gps_data")).toMatchObject({
    ok: true,
    table: "gps_data",
    files: [{ location: expect.stringMatching(/^file:\/\/\/.*\.parquet$/), day: "2026-03-01", rows: 3 }],
    totals: { files: 1, rows: 3 },
  });
});

test("retain: a limit is set, told of, and applied when asked for", { timeout: 60_000 }, async () => {
  expect(await json("retain", "weather_data", "--days", "400")).toMatchObject({
    tables: [{ table: "weather_data", retain_days: 400, past_rows: 0, dropped_rows: 0 }],
  });
  expect(await cloud("retain", "--days", "400")).toMatchObject({ code: 2 });
  const { tables } = (await json("retain", "--apply")) as { tables: readonly Record<string, unknown>[] };
  expect(tables.find((one) => one["table"] === "weather_data")).toMatchObject({ retain_days: 400 });
  expect(tables.find((one) => one["table"] === "gps_data")).toMatchObject({
    retain_days: null,
    past_rows: 0,
  });
});

test("rebuild: a lost ledger, from the rows", { timeout: 60_000 }, async () => {
  const states = Object.entries((await tiny.lake.tables.gps_data.head()).ingest?.partitions ?? {});
  const [partition, state] = states.find(([, { last }]) => last !== null) ?? [];
  await rm(join(tiny.folder, "lake", state?.ledger ?? ""));
  const because = `ledger file ${state?.ledger} is gone`;
  expect(await json("rebuild", "gps_data")).toEqual({
    ok: true,
    dry_run: false,
    table: "gps_data",
    partitions: [{ partition: Number(partition), series: 1, landed: 3, because }],
    removed_rows: 0,
  });
  expect(await cloud("rebuild", "gps_data")).toEqual({
    code: 0,
    stdout: "",
    stderr: "gps_data: every ledger can be read and adds up; nothing to rebuild.\n",
  });
});

test("erase: the last one here, since it leaves nothing", { timeout: 60_000 }, async () => {
  const looked = await cloud("erase", "--vehicle", "car-1", "--dry-run");
  expect([looked.code, looked.stderr]).toEqual([
    0,
    expect.stringContaining("3 rows and 0 pictures would be erased"),
  ]);
  expect(await json("erase", "--vehicle", "car-1")).toMatchObject({
    ok: true,
    dry_run: false,
    vehicle_id: "car-1",
  });
  expect((await cloud("sql", "SELECT count(*) AS n FROM gps_data", "--format", "csv")).stdout).toBe("n\n0\n");
  expect(await cloud("erase", "--vehicle", "car/1")).toMatchObject({ code: 2 });
});
