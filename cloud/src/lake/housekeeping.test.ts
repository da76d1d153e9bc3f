import { days, hours, seededRandom } from "@roadstream/shared";
import { VirtualClock } from "@roadstream/shared/testing";
import { beforeEach, describe, expect, test } from "vitest";
import { batch, dataFileOf, openTable, uuidOf, whileTimePasses } from "../testing/lake-fixture.ts";
import { MachineClock } from "../testing/machine-clock.ts";
import { MemoryObjectStore } from "../testing/memory-object-store.ts";
import type { LiveFile, NewDataFile, TableHead } from "../ports.ts";
import { compactTable, plannedCompaction, type CompactOptions } from "./compact-table.ts";
import { expireTable, plannedExpiry } from "./expire-table.ts";
import type { IcebergTable } from "./lake-table.ts";
import { withProperties } from "./next-snapshot.ts";
import { planCompaction } from "./plan-compaction.ts";
import { removeOrphans, type NamedElsewhere } from "./remove-orphans.ts";
import { replaceFiles } from "./replace-files.ts";
import { DEFAULT_RETENTION, expireSnapshots } from "./snapshot-expiry.ts";
import type { StoredTable } from "./stored-table.ts";
import { currentSnapshot } from "./table-metadata.ts";
import { PROPERTY } from "./table-properties.ts";
import { beginWork } from "./work-age.ts";

const random = seededRandom(9);
let clock: VirtualClock;
let store: MemoryObjectStore;
let table: IcebergTable;

const dataKey = (day: string): string => `gps_data/data/event_day=${day}/${uuidOf(random)}.parquet`;
const put = async (key: string): Promise<string> => {
  await store.putIfAbsent(key, new Uint8Array([1]));
  return key;
};
const append = async (rows = 5, day = "2026-01-01"): Promise<TableHead> => {
  const base = await table.head();
  const key = await put(dataKey(day));
  const commit = batch(table.definition, {
    base,
    partition: 0,
    rows,
    key,
    day,
    commitId: uuidOf(random),
    begunAt: beginWork(clock),
  });
  const outcome = await whileTimePasses(clock, table.append(commit));
  if (outcome.kind !== "committed") throw new Error(outcome.reason);
  return outcome.head;
};
const rewrite = async (files: readonly LiveFile[], day: string): Promise<readonly NewDataFile[]> => {
  const rows = files.reduce((sum, file) => sum + file.rows, 0);
  return [dataFileOf(table.definition, await put(dataKey(day)), rows, day)];
};
/** As the last commit of an erasure does. */
const erased = async (): Promise<void> => {
  const { stored: base } = await table.head();
  const commitId = uuidOf(random);
  const properties = { [PROPERTY.commit]: commitId, [PROPERTY.eraseEpoch]: "1" };
  const propose = (on: StoredTable) =>
    Promise.resolve({ kind: "ready" as const, metadata: withProperties(on, properties, clock.now()) });
  expect((await whileTimePasses(clock, table.commit({ base, commitId, propose }))).kind).toBe("committed");
};
const compact = (more: Partial<CompactOptions> = {}) =>
  whileTimePasses(clock, compactTable({ table, rewrite, ...more }));

beforeEach(() => {
  clock = new VirtualClock({ now: Date.UTC(2026, 0, 3) });
  store = new MemoryObjectStore(clock);
  table = openTable({ store, clock });
});

describe("compaction", () => {
  const file = (key: string, sizeBytes: number, day = "2026-01-01"): LiveFile => ({
    key,
    sizeBytes,
    rows: 1,
    day,
    sequenceNumber: 1,
  });

  test("plans groups of a day's small files up to the target, oldest day first; today and large files stay", () => {
    const files = [
      file("d2a", 10, "2026-01-02"),
      file("d2b", 10, "2026-01-02"),
      file("a", 40),
      file("b", 40),
      file("c", 40),
      file("d", 40),
      file("large", 75),
      file("lonely", 10, "2026-01-01x"),
      file("today1", 1, "2026-01-03"),
      file("today2", 1, "2026-01-03"),
    ];
    const plan = planCompaction(files, { before: "2026-01-03", targetBytes: 100 });
    expect(plan.map((group) => group.files.map(({ key }) => key).join())).toEqual(["a,b,c,d", "d2a,d2b"]);
  });

  test("leaves alone what would not become fewer files, and takes no more at once than it has room for", () => {
    const sizes = (...of: number[]): readonly LiveFile[] =>
      of.map((size, i) => file(String(i).padStart(4, "0"), size));
    const plan = (files: readonly LiveFile[]): readonly number[] =>
      planCompaction(files, { before: "2026-01-03", targetBytes: 100 }).map((group) => group.files.length);
    expect(plan(sizes(60, 60))).toEqual([]);
    expect(plan(sizes(60, 60, 1))).toEqual([3]);
    expect(plan(sizes(...Array.from({ length: 40 }, () => 50)))).toEqual([32, 8]);
  });

  test("gives a past day one file with all its rows; offsets and the other days stay; older snapshots still read", async () => {
    const before = await Promise.resolve(append(5))
      .then(() => append(6))
      .then(() => append(7, "2026-01-02"))
      .then(() => append(2, "2026-01-03"));
    const report = await compact();
    expect(report).toMatchObject({ days: 1, filesBefore: 2, filesAfter: 1, rows: 11, skipped: [] });
    const head = await table.head();
    const files = await table.files(head);
    expect(files.toSorted((a, b) => a.day.localeCompare(b.day)).map(({ day, rows }) => [day, rows])).toEqual([
      ["2026-01-01", 11],
      ["2026-01-02", 7],
      ["2026-01-03", 2],
    ]);
    expect(head.ingest).toEqual(before.ingest);
    expect(currentSnapshot(head.stored.metadata)?.summary).toMatchObject({
      operation: "replace",
      "total-records": "20",
      "total-data-files": "3",
    });
    expect((await table.files(before)).length).toBe(4);
    expect(await compact()).toMatchObject({ days: 0, skipped: [] });
    await append(1);
    expect((await table.files(await table.head())).length).toBe(4);
  });

  test("lands on top of what ingest appended meanwhile", async () => {
    await append(5);
    await append(6);
    await compact({
      rewrite: async (files, day) => {
        await openTable({ store, clock, seed: 77 }).head();
        await append(9);
        return rewrite(files, day);
      },
    });
    const rows = (await table.files(await table.head())).map((one) => one.rows).sort((a, b) => b - a);
    expect(rows).toEqual([11, 9]);
  });

  test("is dropped when another has replaced its inputs, and removes what it put", async () => {
    await append(5);
    const base = await append(6);
    const inputs = (await table.files(base)).map(({ key }) => key);
    const replacement = async () => ({
      base: base.stored,
      commitId: uuidOf(random),
      inputs,
      outputs: [dataFileOf(table.definition, await put(dataKey("2026-01-01")), 11)],
      begunAt: beginWork(clock),
    });
    expect((await whileTimePasses(clock, replaceFiles(table, await replacement()))).kind).toBe("committed");
    const before = store.keys;
    expect(await whileTimePasses(clock, replaceFiles(table, await replacement()))).toMatchObject({
      kind: "conflict",
      reason: "inputs_gone",
      isVoid: true,
    });
    expect(store.keys).toEqual(before);
  });

  test("puts nothing more when rows were erased meanwhile, and removes what it had put", async () => {
    await append(5);
    await append(6);
    let before: readonly string[] = [];
    const wanted: boolean[] = [];
    const report = await compact({
      rewrite: async (files, day, { isWanted, puts }) => {
        wanted.push(await isWanted());
        puts.push(await put(dataKey(day)));
        await erased();
        before = store.keys.filter((key) => !puts.includes(key));
        wanted.push(await isWanted());
        return rewrite(files, day);
      },
    });
    expect(report).toMatchObject({ days: 0, skipped: [{ reason: "files_removed" }] });
    expect(wanted).toEqual([true, false]);
    expect(store.keys).toEqual(before);
  });

  test("that fails on its way removes what it had put", async () => {
    await append(5);
    await append(6);
    const before = store.keys;
    const failing = compact({
      rewrite: async (_, day, { puts }) => {
        puts.push(await put(dataKey(day)));
        throw new Error("no room");
      },
    });
    await expect(failing).rejects.toThrow("no room");
    expect(store.keys).toEqual(before);
  });

  test("takes today's files too when told to, and tells of each group; a plan changes nothing", async () => {
    await append(5, "2026-01-03");
    const { version } = await append(6, "2026-01-03");
    expect(await plannedCompaction({ table })).toEqual([]);
    const plan = await plannedCompaction({ table, before: "2026-01-04" });
    expect(plan.map(({ day, files }) => [day, files.length])).toEqual([["2026-01-03", 2]]);
    expect((await table.head()).version).toBe(version);
    const told: string[] = [];
    const report = await compact({ before: "2026-01-04", onCompacted: ({ day }) => told.push(day) });
    expect([report.filesBefore, told]).toEqual([2, ["2026-01-03"]]);
  });

  test("never gives other rows than it took", async () => {
    await append(5);
    await append(6);
    const fewer = async (_: readonly LiveFile[], day: string) => [
      dataFileOf(table.definition, dataKey(day), 10, day),
    ];
    await expect(compact({ rewrite: fewer })).rejects.toMatchObject({ code: "invariant" });
    expect((await table.files(await table.head())).length).toBe(2);
  });
});

describe("expiry", () => {
  test("keeps the newest, the young up to a limit, and what branches and tags name", async () => {
    const tagged = await append();
    for (let i = 0; i < 14; i += 1) await append();
    const { metadata } = (await table.head()).stored;
    const withTag = {
      ...metadata,
      refs: { ...metadata.refs, kept: { type: "tag", "snapshot-id": tagged.snapshotId ?? 0n } },
    };
    const later = clock.now() + 3_600_001;
    const count = (now: number, retention = DEFAULT_RETENTION): number =>
      expireSnapshots(withTag, now, retention).metadata.snapshots.length;
    expect(count(clock.now())).toBe(15);
    expect(count(later)).toBe(DEFAULT_RETENTION.minSnapshots + 1);
    expect(count(clock.now(), { ...DEFAULT_RETENTION, maxSnapshots: 12 })).toBe(13);
    const expired = expireSnapshots(withTag, later, DEFAULT_RETENTION).metadata;
    expect(expired["snapshot-log"].length).toBe(DEFAULT_RETENTION.minSnapshots);
    expect(currentSnapshot(expired)).toEqual(currentSnapshot(metadata));
  });

  test("makes no new version when no snapshot is to go, and says before how many will", async () => {
    await append();
    const { version } = await append();
    expect(await plannedExpiry(table, DEFAULT_RETENTION)).toBe(0);
    expect(await expireTable(table, DEFAULT_RETENTION)).toMatchObject({ snapshots: 0 });
    expect((await table.head()).version).toBe(version);
    const newest = { ...DEFAULT_RETENTION, minSnapshots: 1, maxSnapshots: 1 };
    expect(await plannedExpiry(table, newest)).toBe(1);
    expect(await whileTimePasses(clock, expireTable(table, newest))).toMatchObject({ snapshots: 1 });
  });

  test("removes the lists and manifests that only old snapshots named, no data", async () => {
    for (let i = 0; i < 12; i += 1) await append();
    const before = store.keys;
    const report = await expireTable(table, { ...DEFAULT_RETENTION, minSnapshots: 1, maxSnapshots: 1 });
    expect(report).toMatchObject({ snapshots: 11 });
    const gone = before.filter((key) => !store.keys.includes(key));
    expect(gone.length).toBe(report?.objects);
    expect(gone.every((key) => key.endsWith(".avro"))).toBe(true);
    expect((await openTable({ store, clock, seed: 3 }).files(await table.head())).length).toBe(12);
    await append();
  });
});

describe("orphan removal", () => {
  const LEDGER = "ledger/gps_data/0/x.json.zst";
  const ledgers: NamedElsewhere = {
    prefix: "ledger/gps_data/",
    named: () => Promise.resolve(new Set([LEDGER])),
  };

  test("takes what no snapshot names and is old; never what is named, young, or a metadata version", async () => {
    const stray = await put(dataKey("2026-01-01"));
    const strayManifest = await put("gps_data/metadata/m-stray.avro");
    const ledger = await put(LEDGER);
    const strayLedger = await put("ledger/gps_data/0/superseded.json.zst");
    const foreignLedger = await put("ledger/gps_data2/0/x.json.zst");
    await append();
    clock.jumpWall(hours(80));
    const young = await put(dataKey("2026-01-02"));
    const listed = await removeOrphans({ table, mode: "list", ledgers });
    expect(listed).toEqual({ table: "gps_data", objects: 3, bytes: 3 });
    expect(store.keys).toContain(stray);
    expect(await whileTimePasses(clock, removeOrphans({ table, mode: "remove", ledgers }))).toEqual(listed);
    for (const key of [stray, strayManifest, strayLedger]) expect(store.keys).not.toContain(key);
    for (const key of [young, ledger, foreignLedger]) expect(store.keys).toContain(key);
    expect((await table.files(await table.head())).length).toBe(1);
    expect((await openTable({ store, clock, seed: 4 }).head()).ingest?.partitions[0]?.next).toBe(5);
  });

  test("a slow writer's batch, whose files it took for orphans, can no longer land", async () => {
    const base = await append();
    const begunAt = beginWork(clock);
    const key = await put(dataKey("2026-01-01"));
    clock.jumpWall(hours(5));
    expect(
      await whileTimePasses(clock, removeOrphans({ table, olderThan: hours(0), mode: "remove", ledgers })),
    ).toMatchObject({ objects: 1 });
    // The writer's own clock says that no time went by.
    clock.jumpWall(hours(-5));
    const slow = batch(table.definition, {
      base,
      partition: 0,
      rows: 1,
      key,
      commitId: uuidOf(random),
      begunAt,
    });
    expect(await whileTimePasses(clock, table.append(slow))).toMatchObject({
      kind: "conflict",
      reason: "files_removed",
    });
  });

  test("from a machine far ahead takes nothing young, and stops nobody", async () => {
    await append();
    const young = await put(dataKey("2026-01-01"));
    const machine = new MachineClock(clock);
    machine.jump(days(400));
    const ahead = openTable({ store, clock: machine, seed: 6 });
    const remove = removeOrphans({ table: ahead, olderThan: hours(2), mode: "remove", ledgers });
    expect(await whileTimePasses(clock, remove)).toMatchObject({ objects: 0 });
    clock.jumpWall(hours(3));
    const again = removeOrphans({ table: ahead, olderThan: hours(2), mode: "remove", ledgers });
    expect(await whileTimePasses(clock, again)).toMatchObject({ objects: 1 });
    expect(store.keys).not.toContain(young);
    expect((await append()).stored.metadata["last-updated-ms"]).toBeLessThanOrEqual(clock.now());
  });

  test("voids work of a machine that was ahead, and was set right while it slept", async () => {
    const base = await append();
    const machine = new MachineClock(clock);
    machine.jump(days(1));
    const worker = openTable({ store, clock: machine, seed: 7 });
    const [begunAt, key] = [beginWork(machine), await put(dataKey("2026-01-01"))];
    clock.jumpWall(hours(3));
    machine.jump(days(-1));
    const remove = removeOrphans({ table, olderThan: hours(2), mode: "remove", ledgers });
    expect(await whileTimePasses(clock, remove)).toMatchObject({ objects: 1 });
    const commitId = uuidOf(random);
    const slow = batch(table.definition, { base, partition: 0, rows: 1, key, commitId, begunAt });
    expect(await whileTimePasses(clock, worker.append(slow))).toMatchObject({ reason: "files_removed" });
  });

  test("never takes the file of a batch begun behind its fence, whatever time it is said to be", async () => {
    await append();
    await put(dataKey("2026-01-01"));
    clock.jumpWall(hours(80));
    const late = dataKey("2026-01-02");
    const worker = new MemoryObjectStore(clock, store);
    let isFenced = false;
    store.fault = (operation, key) => {
      isFenced ||= operation === "putIfAbsent" && key.endsWith(".metadata.json");
      return null;
    };
    store.pause = async () => {
      if (!isFenced || worker.counts.putIfAbsent > 0) return;
      // The store's clock is set back: what is put now looks old.
      clock.jumpWall(hours(-200));
      await worker.putIfAbsent(late, new Uint8Array([1]));
      clock.jumpWall(hours(200));
    };
    const remove = removeOrphans({ table, mode: "remove", ledgers });
    expect(await whileTimePasses(clock, remove)).toMatchObject({ objects: 1 });
    expect(store.keys).toContain(late);
  });

  test("of an absent table is nothing", async () => {
    expect(await removeOrphans({ table, mode: "remove", ledgers })).toBeNull();
    expect(await expireTable(table, DEFAULT_RETENTION)).toBeNull();
    expect(await plannedExpiry(table, DEFAULT_RETENTION)).toBeNull();
    expect(await compact()).toMatchObject({ filesBefore: 0 });
    expect(store.keys).toEqual([]);
  });
});
