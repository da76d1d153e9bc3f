import { days, hours, RoadstreamError, seededRandom } from "@roadstream/shared";
import { VirtualClock } from "@roadstream/shared/testing";
import { beforeEach, expect, test } from "vitest";
import { expireTable } from "../lake/expire-table.ts";
import type { IcebergTable } from "../lake/lake-table.ts";
import { removeOrphans } from "../lake/remove-orphans.ts";
import { replaceFiles } from "../lake/replace-files.ts";
import { DEFAULT_RETENTION } from "../lake/snapshot-expiry.ts";
import { beginWork } from "../lake/work-age.ts";
import { batch, openTable, uuidOf, whileTimePasses } from "../testing/lake-fixture.ts";
import { MemoryObjectStore } from "../testing/memory-object-store.ts";
import type { TextsOfFiles } from "../ports.ts";
import { removeOrphanPictures } from "./remove-orphan-pictures.ts";

const random = seededRandom(4);
let clock: VirtualClock;
let store: MemoryObjectStore;
let table: IcebergTable;
/** What each data file's rows name, as a database would find it. */
let rows: Map<string, readonly string[]>;
let asked: unknown[];

const pictureKeys: TextsOfFiles = async function* (files, range) {
  asked.push(range);
  for (const { key } of files) {
    await Promise.resolve();
    yield (rows.get(key) ?? []).filter(
      (one) => range === undefined || (one >= range.first && one <= range.last),
    );
  }
};
const picture = async (vehicle: string, seq: number): Promise<string> => {
  const key = `pictures/${vehicle}/boot/${seq}-${uuidOf(random)}.jpg`;
  await store.putIfAbsent(key, new Uint8Array(10));
  return key;
};
/** A batch begun now, all of it put and not yet committed. */
const begin = async (pictures: readonly string[]) => {
  const key = `traffic_data/data/event_day=2026-01-01/${uuidOf(random)}.parquet`;
  await store.putIfAbsent(key, new Uint8Array(1));
  rows.set(key, pictures);
  const base = await table.head();
  const more = { base, partition: 0, rows: 1, key, commitId: uuidOf(random), begunAt: beginWork(clock) };
  return { key, commit: batch(table.definition, more) };
};
const land = async (pictures: readonly string[]): Promise<string> => {
  const { key, commit } = await begin(pictures);
  expect((await whileTimePasses(clock, table.append(commit))).kind).toBe("committed");
  return key;
};
const orphans = (mode: "list" | "remove", olderThan = days(3)) =>
  whileTimePasses(clock, removeOrphans({ table, mode, olderThan, ledgers: null, pictureKeys }));
const pictures = (): readonly string[] => store.keys.filter((key) => key.startsWith("pictures/"));

beforeEach(() => {
  clock = new VirtualClock();
  store = new MemoryObjectStore(clock);
  table = openTable({ store, clock, table: "traffic_data" });
  rows = new Map();
  asked = [];
});

test("pictures that no row names go when they are old; named and young ones stay; to look removes none", async () => {
  const named = [await picture("car-1", 1), await picture("car-2", 1)];
  const loose = [await picture("car-0", 1), await picture("car-1", 1), await picture("car-3", 7)];
  await land(named);
  clock.jumpWall(days(4));
  const young = await picture("car-1", 2);
  expect(await orphans("list")).toMatchObject({ pictures: { objects: 3, bytes: 30 } });
  expect(pictures()).toHaveLength(6);
  expect(await orphans("remove")).toMatchObject({ objects: 0, pictures: { objects: 3, bytes: 30 } });
  expect(pictures()).toEqual([...named, young].toSorted());
  for (const key of loose) expect(store.keys).not.toContain(key);
});

test("those that only an older snapshot names stay as long as it does", async () => {
  const shown = await picture("car-1", 1);
  const key = await land([shown]);
  const { stored: base } = await table.head();
  const dropped = { base, commitId: uuidOf(random), inputs: [key], outputs: [], removes: 1 };
  await whileTimePasses(clock, replaceFiles(table, { ...dropped, begunAt: beginWork(clock) }));
  clock.jumpWall(days(4));
  expect(await orphans("remove")).toMatchObject({ pictures: { objects: 0 } });
  expect(pictures()).toEqual([shown]);
  await whileTimePasses(clock, expireTable(table, { ...DEFAULT_RETENTION, minSnapshots: 1 }));
  expect(await orphans("remove")).toMatchObject({ pictures: { objects: 1 } });
  expect(pictures()).toEqual([]);
});

test("they are looked up in portions, each in its own range of names", async () => {
  const named = [await picture("car-1", 1), await picture("car-5", 1)];
  for (const vehicle of ["car-0", "car-2", "car-3", "car-4", "car-6"]) await picture(vehicle, 1);
  await land(named);
  const options = { table, pictureKeys, portion: 3 };
  clock.jumpWall(hours(1));
  const putBefore = clock.now();
  expect(
    await whileTimePasses(clock, removeOrphanPictures({ ...options, putBefore, mode: "remove" })),
  ).toEqual({
    objects: 5,
    bytes: 50,
  });
  expect(pictures()).toEqual(named.toSorted());
  const range = (from: string, to: string) => ({
    first: expect.stringContaining(from) as string,
    last: expect.stringContaining(to) as string,
  });
  // Each a second time behind the commit by which work under way is void: then of what was left alone.
  expect(asked).toEqual([
    range("car-0", "car-2"),
    range("car-0", "car-2"),
    range("car-3", "car-5"),
    range("car-3", "car-4"),
    range("car-6", "car-6"),
    range("car-6", "car-6"),
  ]);
});

test("a slow writer's batch, whose pictures were taken for orphans, can no longer land", async () => {
  await land([]);
  const early = await picture("car-1", 1);
  const { commit } = await begin([early]);
  clock.jumpWall(hours(5));
  expect(await orphans("remove", hours(2))).toMatchObject({ pictures: { objects: 1 } });
  // By its own clock it has just begun.
  const late = { ...commit, begunAt: beginWork(clock) };
  expect(await whileTimePasses(clock, table.append(late))).toMatchObject({
    kind: "conflict",
    reason: "files_removed",
  });
});

test("where a file goes while it is asked, it is asked again; what had gone before is counted all the same", async () => {
  for (const vehicle of ["car-0", "car-1"]) await picture(vehicle, 1);
  const named = await picture("car-2", 1);
  await land([named]);
  await store.putIfAbsent("traffic_data/data/event_day=2026-01-01/loose.parquet", new Uint8Array(1));
  clock.jumpWall(days(4));
  let failures = 1;
  const failing: TextsOfFiles = async function* (files, range) {
    if ((failures -= 1) >= 0) {
      // Somebody's commit takes what was to be read.
      await land([]);
      throw new RoadstreamError("storage", "read: no such file");
    }
    yield* pictureKeys(files, range);
  };
  const options = { table, olderThan: days(3), ledgers: null, mode: "remove", pictureKeys: failing } as const;
  const report = await whileTimePasses(clock, removeOrphans(options));
  expect(report).toMatchObject({ objects: 1, pictures: { objects: 2 } });
  expect(pictures()).toEqual([named]);
});
