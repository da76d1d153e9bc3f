import { days, hours, silentLogger, unixMillis, utcDay } from "@roadstream/shared";
import type { LogAppend } from "@roadstream/shared/event-log";
import { VirtualClock } from "@roadstream/shared/testing";
import { describe, expect, test } from "vitest";
import { DuckDbEngine } from "../adapters/duckdb-engine.ts";
import { duckDbPictureKeys } from "../adapters/duckdb-picture-keys.ts";
import { openVerify } from "../adapters/open-verify.ts";
import type { IcebergTable } from "../lake/lake-table.ts";
import type { LiveFile, TextsOfFiles } from "../ports.ts";
import { batch, openTable, whileTimePasses } from "../testing/lake-fixture.ts";
import { MachineClock } from "../testing/machine-clock.ts";
import { MemoryObjectStore } from "../testing/memory-object-store.ts";
import { tinyLake, tinyRecord } from "../testing/tiny-lake.ts";
import { verifyLake } from "../verify/verify-lake.ts";
import { dropDays, pastDays } from "./drop-days.ts";
import { RetentionKeeper } from "./retention-keeper.ts";
import { setRetainDays } from "./retention.ts";
import { beginWork } from "../lake/work-age.ts";
import { realContext } from "../testing/real-context.ts";

const NEVER = new AbortController().signal;
const NO_PICTURES: TextsOfFiles = async function* () {
  await Promise.resolve();
  yield [];
};

const world = () => {
  const clock = new VirtualClock();
  const store = new MemoryObjectStore(clock);
  let names = 0;
  const day = (age: number): string => utcDay(unixMillis(clock.now() - days(age)));
  const append = async (table: IcebergTable, age: number, rows = 5): Promise<string> => {
    const name = `00000000-0000-4000-8000-${String((names += 1)).padStart(12, "0")}`;
    const key = `${table.definition.name}/data/event_day=${day(age)}/${name}.parquet`;
    await store.putIfAbsent(key, new Uint8Array(1));
    const base = await table.head();
    const options = {
      base,
      partition: 0,
      rows,
      key,
      commitId: name,
      begunAt: beginWork(clock),
      day: day(age),
    };
    expect((await whileTimePasses(clock, table.append(batch(table.definition, options)))).kind).toBe(
      "committed",
    );
    return key;
  };
  return { clock, store, day, append };
};
const liveDays = async (table: IcebergTable): Promise<readonly string[]> =>
  (await table.files(await table.head())).map((file) => file.day).toSorted();
const drop = (table: IcebergTable) => dropDays({ table, pictureKeys: NO_PICTURES, signal: NEVER });

describe("days past a table's limit", () => {
  test("go whole, the first moment of the last one not before its time; without a limit all stay", async () => {
    const { clock, store, day, append } = world();
    const table = openTable({ store, clock });
    for (const age of [0, 9, 10, 11, 400]) await append(table, age);
    expect(await drop(table)).toMatchObject({ files: 0 });
    const head = await setRetainDays(table, 10);
    expect(await pastDays(table, head)).toEqual({ days: 2, files: 2, rows: 10 });
    expect(await whileTimePasses(clock, drop(table))).toEqual({
      days: 2,
      files: 2,
      rows: 10,
      pictures: 0,
      daysLeft: 0,
      objects: 0,
    });
    expect(await liveDays(table)).toEqual([day(10), day(9), day(0)]);
    const { properties, stored } = await table.head();
    expect(properties["roadstream.removed-rows"]).toBe("10");
    expect(stored.metadata.snapshots.at(-1)?.summary).toMatchObject({
      operation: "delete",
      "total-records": "15",
    });
    clock.jumpWall(days(1));
    await setRetainDays(table, null);
    expect(await drop(table)).toMatchObject({ files: 0 });
    expect((await table.head()).properties["roadstream.retain-days"]).toBeUndefined();
  });

  test("leave the store once snapshots and readers are done with them; a young file of such a day does not", async () => {
    const { clock, store, append } = world();
    const table = openTable({
      store,
      clock,
      retention: { minSnapshots: 1, maxSnapshots: 1, maxAgeMs: 0, metadataVersions: 9, sweepEveryCommits: 1 },
    });
    const [old, kept] = [await append(table, 20), await append(table, 1)];
    await setRetainDays(table, 10);
    expect(await whileTimePasses(clock, drop(table))).toMatchObject({ files: 1, objects: 0 });
    expect(store.keys).toContain(old);
    clock.jumpWall(days(4));
    const late = old.replace(/[^/]+$/, "late.parquet");
    await store.putIfAbsent(late, new Uint8Array(1));
    expect(await whileTimePasses(clock, drop(table))).toMatchObject({ files: 0, objects: 1 });
    expect(store.keys).not.toContain(old);
    for (const key of [kept, late]) expect(store.keys).toContain(key);
  });

  test("take their pictures with them, and nothing else that rows may name", async () => {
    const { clock, store, append } = world();
    const table = openTable({ store, clock, table: "traffic_data" });
    const asked: (readonly Pick<LiveFile, "key">[])[] = [];
    const pictures = ["pictures/car/boot/1-a.jpg", "pictures/car/boot/2-b.jpg"];
    for (const key of pictures) await store.putIfAbsent(key, new Uint8Array(1));
    const foreign = await append(table, 0);
    await append(table, 30);
    await setRetainDays(table, 10);
    const pictureKeys: TextsOfFiles = async function* (files) {
      asked.push(files);
      yield [pictures[0] ?? "", foreign];
      await Promise.resolve();
    };
    const report = await whileTimePasses(clock, dropDays({ table, pictureKeys, signal: NEVER }));
    expect(report).toMatchObject({ files: 1, pictures: 1 });
    expect(asked.map((files) => files.length)).toEqual([1]);
    expect(store.keys.filter((key) => key.startsWith("pictures/"))).toEqual([pictures[1]]);
    expect(store.keys).toContain(foreign);
  });

  test("stay, and their pictures, when the limit is raised while they are on their way out", async () => {
    const { clock, store, append, day } = world();
    const table = openTable({ store, clock, table: "traffic_data" });
    const pictures = ["pictures/car/boot/1-a.jpg", "pictures/car/boot/2-b.jpg"];
    for (const key of pictures) await store.putIfAbsent(key, new Uint8Array(1));
    for (const age of [0, 30]) await append(table, age);
    await setRetainDays(table, 10);
    const pictureKeys: TextsOfFiles = async function* () {
      yield pictures.slice(0, 1);
      await setRetainDays(table, null);
      yield pictures.slice(1);
    };
    const report = await whileTimePasses(clock, dropDays({ table, pictureKeys, signal: NEVER }));
    expect(report).toMatchObject({ files: 0, rows: 0, pictures: 1 });
    expect(await liveDays(table)).toEqual([day(30), day(0)]);
    expect(store.keys.filter((key) => key.startsWith("pictures/"))).toEqual(pictures.slice(1));
  });

  test("stay when the limit is raised after the last picture", async () => {
    const { clock, store, append, day } = world();
    const table = openTable({ store, clock, table: "traffic_data" });
    for (const age of [0, 30]) await append(table, age);
    await setRetainDays(table, 10);
    const pictureKeys: TextsOfFiles = async function* () {
      yield [];
      await setRetainDays(table, 40);
    };
    await whileTimePasses(clock, dropDays({ table, pictureKeys, signal: NEVER }));
    expect(await liveDays(table)).toEqual([day(30), day(0)]);
  });

  test("stay where only a worker's own clock says that they are past", async () => {
    const { clock, store, append, day } = world();
    const table = openTable({ store, clock });
    for (const age of [0, 9]) await append(table, age);
    await setRetainDays(table, 10);
    const machine = new MachineClock(clock);
    machine.jump(days(400));
    const ahead = openTable({ store, clock: machine, seed: 3 });
    expect(await pastDays(ahead, await ahead.head())).toMatchObject({ days: 0 });
    expect(await drop(ahead)).toMatchObject({ files: 0 });
    expect(await liveDays(table)).toEqual([day(9), day(0)]);
    const { stored } = await setRetainDays(ahead, 11);
    expect(stored.metadata["last-updated-ms"]).toBeLessThanOrEqual(clock.now());
  });

  test("wait for a day beside a worker where no young row bears the store's clock out, and go then, or when told to", async () => {
    const { clock, store, append, day } = world();
    const [one, two] = [openTable({ store, clock }), openTable({ store, clock, table: "traffic_data" })];
    for (const table of [one, two]) {
      for (const age of [3, 30]) await append(table, age);
      await setRetainDays(table, 10);
    }
    const kept = [day(3)];
    const keeper = new RetentionKeeper({
      tables: { gps_data: one },
      pictureKeys: NO_PICTURES,
      clock,
      logger: silentLogger,
    });
    await whileTimePasses(clock, keeper.firstPass());
    await clock.advance(hours(23));
    expect(await liveDays(one)).toHaveLength(2);
    const anHourLater = async (): Promise<readonly string[]> => {
      await clock.advance(hours(1));
      return liveDays(one);
    };
    await expect.poll(anHourLater, { timeout: 10_000 }).toEqual(kept);
    await whileTimePasses(clock, keeper[Symbol.asyncDispose]());
    const left = dropDays({ table: two, pictureKeys: NO_PICTURES, signal: NEVER, today: null });
    expect(await whileTimePasses(clock, left)).toMatchObject({ files: 0, daysLeft: 1 });
    expect(await whileTimePasses(clock, drop(two))).toMatchObject({ files: 1, daysLeft: 0 });
  });

  test("stay beside a worker of many days when the store's own clock leaps, and is set right within a day", async () => {
    const { clock, store, append, day } = world();
    const table = openTable({ store, clock });
    await append(table, 0);
    await setRetainDays(table, 10);
    const tables = { gps_data: table };
    const keeper = new RetentionKeeper({ tables, pictureKeys: NO_PICTURES, clock, logger: silentLogger });
    await whileTimePasses(clock, keeper.firstPass());
    const passes = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i += 1) {
        await clock.advance(hours(1));
        // Until the keeper waits for its next hour.
        while (clock.pending === 0) await clock.settle();
      }
    };
    await passes(30);
    clock.jumpWall(days(400));
    await passes(20);
    clock.jumpWall(days(-400));
    await passes(20);
    expect(await liveDays(table)).toEqual([day(2)]);
    await whileTimePasses(clock, keeper[Symbol.asyncDispose]());
  });

  test("stay when the clock leaps short of a far day that some car once named", async () => {
    const { clock, store, append, day } = world();
    const table = openTable({ store, clock });
    for (const age of [-1000, 0, 9]) await append(table, age);
    await setRetainDays(table, 10);
    const tables = { gps_data: table };
    const keeper = new RetentionKeeper({ tables, pictureKeys: NO_PICTURES, clock, logger: silentLogger });
    await whileTimePasses(clock, keeper.firstPass());
    clock.jumpWall(days(400));
    await clock.advance(hours(1));
    while (clock.pending === 0) await clock.settle();
    clock.jumpWall(days(-400));
    expect(await liveDays(table)).toEqual([day(9), day(0), day(-1000)]);
    await whileTimePasses(clock, keeper[Symbol.asyncDispose]());
  });

  test("of a fleet at rest go by what the clock said when the doubt began, whatever it says when the day is over", async () => {
    const { clock, store, append, day } = world();
    const table = openTable({ store, clock });
    for (const age of [3, 8, 30]) await append(table, age);
    await setRetainDays(table, 10);
    const tables = { gps_data: table };
    const keeper = new RetentionKeeper({ tables, pictureKeys: NO_PICTURES, clock, logger: silentLogger });
    await whileTimePasses(clock, keeper.firstPass());
    await clock.advance(hours(22));
    clock.jumpWall(days(400));
    const hour = async (): Promise<number> => {
      await clock.advance(hours(1));
      return (await liveDays(table)).length;
    };
    await expect.poll(hour, { timeout: 10_000 }).toBe(2);
    await hour();
    clock.jumpWall(days(-400));
    expect(await liveDays(table)).toEqual([day(9), day(4)]);
    await whileTimePasses(clock, keeper[Symbol.asyncDispose]());
  });

  test("of a table that is seldom written go at once where another table's rows bear the clock out", async () => {
    const { clock, store, append, day } = world();
    const [busy, seldom] = [
      openTable({ store, clock }),
      openTable({ store, clock, table: "emergency_data" }),
    ];
    await append(busy, 0);
    for (const age of [3, 30]) await append(seldom, age);
    await setRetainDays(seldom, 10);
    const tables = { emergency_data: seldom, gps_data: busy };
    const keeper = new RetentionKeeper({ tables, pictureKeys: NO_PICTURES, clock, logger: silentLogger });
    await whileTimePasses(clock, keeper.firstPass());
    expect(await liveDays(seldom)).toEqual([day(3)]);
    await whileTimePasses(clock, keeper[Symbol.asyncDispose]());
  });

  test("go by two at once, and hour by hour beside a worker", async () => {
    const { clock, store, append, day } = world();
    const [one, two] = [openTable({ store, clock }), openTable({ store, clock, seed: 2 })];
    for (const age of [0, 30, 31]) await append(one, age);
    await setRetainDays(one, 10);
    const reports = await whileTimePasses(clock, Promise.all([drop(one), drop(two)]));
    expect(reports.reduce((sum, { rows }) => sum + rows, 0)).toBe(10);
    const keeper = new RetentionKeeper({
      tables: { gps_data: one },
      pictureKeys: NO_PICTURES,
      clock,
      logger: silentLogger,
    });
    await whileTimePasses(clock, keeper.firstPass());
    await append(one, 50);
    await clock.advance(hours(1));
    await expect.poll(() => liveDays(one)).toEqual([day(0)]);
    await whileTimePasses(clock, keeper[Symbol.asyncDispose]());
  });
});

test("verify counts what was dropped as removed; late copies do not land again, late readings do, and go", async () => {
  await using tiny = await tinyLake();
  await using engine = await DuckDbEngine.open();
  const jpeg = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 1, 0xff, 0xd9]);
  const fix = (seq: number, more: object = {}): LogAppend =>
    tinyRecord("gps_data", { seq, at: "10:00:00" }, { fix: "3d", latitude: 1, longitude: 2, ...more });
  const picture = tinyRecord(
    "traffic_data",
    { seq: 1, at: "10:00:00" },
    {
      camera_id: "front",
      trigger: "interval",
      media_type: "image/jpeg",
      size_bytes: jpeg.length,
      snapshot: jpeg.toString("base64"),
    },
  );
  const recent = new Date(Date.now() - 60_000).toISOString();
  await tiny.append([fix(1), fix(2), fix(3, { captured_at: recent, received_at: recent }), picture]);
  await tiny.land();
  const { tables, store } = tiny.lake;
  const pictureKeys = duckDbPictureKeys(engine, store);
  const pass = async (): Promise<readonly number[]> => {
    const reports = [];
    for (const name of ["gps_data", "traffic_data"] as const)
      reports.push(await dropDays({ table: tables[name], pictureKeys, signal: NEVER }));
    return reports.flatMap(({ rows, pictures }) => [rows, pictures]);
  };
  for (const name of ["gps_data", "traffic_data"] as const) await setRetainDays(tables[name], 30);
  expect(await pass()).toEqual([2, 0, 1, 1]);
  for await (const { key } of store.list("pictures/")) throw new Error(`${key} is still there`);
  const verify = async () => {
    const options = {
      ...realContext(),
      lake: tiny.lakeSpec,
      catalog: "file",
      log: null,
    };
    await using context = await openVerify(options);
    const { clean, totals, problems } = await verifyLake(context, { vehicle: null });
    return { clean, landed: totals.landed, removed: totals.removed, problems };
  };
  expect(await verify()).toEqual({ clean: true, landed: 1, removed: 3, problems: [] });
  await tiny.append([fix(1), fix(2), fix(4)]);
  await tiny.land();
  expect(await verify()).toEqual({ clean: true, landed: 2, removed: 3, problems: [] });
  expect(await pass()).toEqual([1, 0, 0, 0]);
  expect(await verify()).toEqual({ clean: true, landed: 1, removed: 4, problems: [] });
});
