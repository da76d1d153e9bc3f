import { minutes } from "@roadstream/shared";
import { VirtualClock } from "@roadstream/shared/testing";
import { beforeEach, expect, test } from "vitest";
import type { IcebergTable } from "../lake/lake-table.ts";
import { replaceFiles } from "../lake/replace-files.ts";
import { voidWork } from "../lake/void-work.ts";
import { beginWork } from "../lake/work-age.ts";
import type { TableHead } from "../ports.ts";
import { instantCompression } from "../testing/instant-compression.ts";
import { batch, dataFileOf, openTable, whileTimePasses } from "../testing/lake-fixture.ts";
import { MemoryObjectStore } from "../testing/memory-object-store.ts";
import { queryableTimes } from "./queryable-times.ts";
import { recentFiles } from "./recent-files.ts";

let clock: VirtualClock;
let store: MemoryObjectStore;
let table: IcebergTable;
beforeEach(() => {
  clock = new VirtualClock();
  store = new MemoryObjectStore(clock);
  table = openTable({ store, clock });
});

/** A batch whose file says that its rows landed at that time. */
const append = async (key: string, landedAt: number): Promise<TableHead> => {
  const base = await whileTimePasses(clock, table.head());
  const of = { base, partition: 0, rows: 5, key, commitId: `commit-${key}`, begunAt: beginWork(clock) };
  const { id } = table.definition.columns.find(({ name }) => name === "landed_at") ?? {};
  const commit = batch(table.definition, of);
  const files = commit.files.map((file) => ({
    ...file,
    columns: file.columns.map((column) =>
      column.fieldId === id ? { ...column, max: new Date(landedAt).toISOString() } : column,
    ),
  }));
  const outcome = await whileTimePasses(clock, table.append({ ...commit, files }));
  if (outcome.kind !== "committed") throw new Error(outcome.kind);
  return outcome.head;
};

const recent = async (head: TableHead, since: number) => {
  const times = await queryableTimes(store, table.definition.name, head);
  return recentFiles(table.definition, head, { entries: await table.entries(head), times }, since);
};

test("a commit that hung until the window had begun brought rows within it", async () => {
  const landedAt = clock.now();
  store.pause = (_operation, key) =>
    key.endsWith(".metadata.json") ? clock.sleep(minutes(5)) : Promise.resolve();
  const head = await append("k1", landedAt);
  const [file] = await recent(head, landedAt + minutes(4));
  expect(file?.key).toBe("k1");
  expect(file?.queryableAt).toBeGreaterThanOrEqual(landedAt + minutes(5));
  expect(await recent(head, (file?.queryableAt ?? 0) + 1)).toEqual([]);
});

test("where the metadata is gone, the snapshot's own date counts", async () => {
  const head = await append("k1", clock.now());
  const dated = head.stored.metadata.snapshots[0]?.["timestamp-ms"];
  await clock.advance(minutes(1));
  const { version } = await append("k2", clock.now());
  await table.sweep(await table.head(), 1);
  expect(store.keys.filter((key) => /\/v[2-9]\d*\.metadata/.test(key))).toHaveLength(1);
  const files = await recent(await table.head(), 0);
  expect(version).toBeGreaterThan(head.version);
  expect(files.find(({ key }) => key === "k1")?.queryableAt).toBe(dated);
});

test("of metadata with one date the first brought the rows, not one that hung and had none", async () => {
  using _ = instantCompression();
  const head = await append("k1", clock.now());
  const [before] = await recent(head, 0);
  // Set back: what comes now is dated as the commit was.
  clock.jumpWall(-1000);
  store.pause = (_operation, key) =>
    key.endsWith(".metadata.json") ? clock.sleep(minutes(5)) : Promise.resolve();
  const after = await whileTimePasses(clock, voidWork(table, head));
  expect(after.committedAt).toBe(head.committedAt);
  expect(await recent(after, 0)).toEqual([before]);
});

test("what compaction wrote could be queried before: only its rows say when they landed", async () => {
  await append("k1", clock.now());
  const { stored: base } = await append("k2", clock.now());
  const replacement = {
    base,
    commitId: "compaction",
    inputs: ["k1", "k2"],
    outputs: [dataFileOf(table.definition, "both", 10)],
    begunAt: beginWork(clock),
  };
  await whileTimePasses(clock, replaceFiles(table, replacement));
  expect(await recent(await table.head(), 0)).toEqual([{ key: "both", queryableAt: null }]);
});
