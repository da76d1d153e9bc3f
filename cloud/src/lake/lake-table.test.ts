import { days, hours, seededRandom } from "@roadstream/shared";
import { VirtualClock } from "@roadstream/shared/testing";
import { beforeEach, describe, expect, test } from "vitest";
import { batch, openTable, uuidOf, whileTimePasses, type BatchOptions } from "../testing/lake-fixture.ts";
import { MemoryObjectStore } from "../testing/memory-object-store.ts";
import type { AppendCommit, CommitOutcome, TableHead } from "../ports.ts";
import type { IcebergTable } from "./lake-table.ts";
import { withProperties } from "./next-snapshot.ts";
import type { Retention } from "./snapshot-expiry.ts";
import { currentSnapshot, printTableMetadata, type TableMetadata } from "./table-metadata.ts";
import { PROPERTY, SUMMARY } from "./table-properties.ts";
import { foreignRows } from "./table-history.ts";
import { beginWork } from "./work-age.ts";

const random = seededRandom(5);
let clock: VirtualClock;
let store: MemoryObjectStore;
let table: IcebergTable;

const commitOf = (base: TableHead, more: Partial<BatchOptions> = {}): AppendCommit => {
  const id = uuidOf(random);
  const key = `gps_data/data/event_day=2026-01-01/${id}.parquet`;
  return batch(table.definition, {
    base,
    partition: 0,
    rows: 5,
    key,
    commitId: id,
    begunAt: beginWork(clock),
    ...more,
  });
};
const append = (commit: AppendCommit): Promise<CommitOutcome> => whileTimePasses(clock, table.append(commit));
const appended = async (more: Partial<BatchOptions> = {}): Promise<TableHead> => {
  const outcome = await append(commitOf(await table.head(), more));
  if (outcome.kind !== "committed") throw new Error(outcome.reason);
  return outcome.head;
};
/** Another engine, or a person, writes the next version. */
const foreign = async (change: (metadata: TableMetadata) => TableMetadata): Promise<void> => {
  const { stored } = await table.head();
  const next = change(withProperties(stored, {}, clock.now()));
  await store.putIfAbsent(
    `gps_data/metadata/v${stored.pointer.version + 1}.metadata.json`,
    printTableMetadata(next),
  );
};
const properties =
  (more: Readonly<Record<string, string>>) =>
  (metadata: TableMetadata): TableMetadata => ({
    ...metadata,
    properties: { ...metadata.properties, ...more },
  });

beforeEach(() => {
  clock = new VirtualClock();
  store = new MemoryObjectStore(clock);
  table = openTable({ store, clock });
});

describe("a lake table", () => {
  test("is created once; to look does not create it", async () => {
    expect(await table.peek()).toBeNull();
    expect(store.keys).toEqual([]);
    expect(await table.head()).toMatchObject({ version: 1, snapshotId: null, ingest: null });
    expect((await table.head()).version).toBe(1);
  });

  test("a commit moves the offsets, adds the files, and says so in its snapshot", async () => {
    const head = await appended({ partition: 3, rows: 7 });
    expect(head.ingest?.partitions[3]?.next).toBe(7);
    expect(await table.files(head)).toMatchObject([{ rows: 7, day: "2026-01-01", sequenceNumber: 1 }]);
    const snapshot = currentSnapshot(head.stored.metadata);
    expect(snapshot?.summary).toMatchObject({
      operation: "append",
      "added-records": "7",
      "total-records": "7",
      "total-data-files": "1",
      [SUMMARY.offsets]: "3:7",
      [SUMMARY.commit]: head.ingest?.partitions[3]?.commit,
    });
    expect(await table.head()).toEqual(head);
  });

  test("a commit without files moves the offsets by a snapshot of its own", async () => {
    const first = await appended({ rows: 5 });
    const outcome = await append({ ...commitOf(first, { rows: 3 }), files: [] });
    expect(outcome).toMatchObject({ kind: "committed" });
    const head = await table.head();
    expect(head.ingest?.partitions[0]?.next).toBe(8);
    expect(head.snapshotId).not.toBe(first.snapshotId);
    expect((await table.files(head)).length).toBe(1);
  });

  test("workers of other partitions land on top of each other", async () => {
    const base = await table.head();
    const workers = [0, 1, 2, 3].map((partition) =>
      openTable({ store, clock, seed: 10 + partition }).append(commitOf(base, { partition })),
    );
    const outcomes = await whileTimePasses(clock, Promise.all(workers));
    expect(outcomes.map(({ kind }) => kind)).toEqual(["committed", "committed", "committed", "committed"]);
    const head = await table.head();
    expect((await table.files(head)).length).toBe(4);
    expect(currentSnapshot(head.stored.metadata)?.summary[SUMMARY.offsets]).toBe("0:5 1:5 2:5 3:5");
  });

  test("time never goes back, whatever the clock says", async () => {
    await appended();
    clock.jumpWall(-86_400_000);
    await appended();
    clock.jumpWall(86_400_000);
    const { metadata } = (await appended()).stored;
    const times = metadata.snapshots.map((snapshot) => snapshot["timestamp-ms"]);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(metadata["last-updated-ms"]).toBeGreaterThanOrEqual(times.at(-1) ?? 0);
  });
});

const reasonOf = (outcome: CommitOutcome): string =>
  outcome.kind === "committed" ? "committed" : `${outcome.kind}: ${outcome.reason}`;

describe("a batch is dropped", () => {
  test("when another worker has moved its partition", async () => {
    const base = await appended();
    await appended();
    expect(await append(commitOf(base))).toMatchObject({
      kind: "conflict",
      reason: "partition_moved:0",
      head: { ingest: { partitions: { 0: { next: 10 } } } },
    });
  });

  test("when it is older than an hour by either of its machine's clocks, whatever the other was set to", async () => {
    const base = await table.head();
    const begunAt = beginWork(clock);
    // Asleep: the monotonic clock stands still.
    clock.jumpWall(hours(1) + 1);
    expect(reasonOf(await append(commitOf(base, { begunAt })))).toBe("conflict: stale_batch");
    clock.jumpWall(days(-1));
    await clock.advance(hours(1));
    expect(reasonOf(await append(commitOf(base, { begunAt })))).toBe("conflict: stale_batch");
    expect(reasonOf(await append(commitOf(base)))).toBe("committed");
  });

  test("never for what a table says that a machine ahead of time left there", async () => {
    const ahead = String(clock.now() + days(400));
    await foreign(properties({ "roadstream.orphans-before": ahead }));
    expect(reasonOf(await append(commitOf(await table.head())))).toBe("committed");
  });

  test("when files were removed since, or the schema changed", async () => {
    const base = await table.head();
    await foreign(properties({ [PROPERTY.eraseEpoch]: "1" }));
    expect(reasonOf(await append(commitOf(base)))).toBe("conflict: files_removed");
    const erased = await table.head();
    await foreign((metadata) => {
      const [schema] = metadata.schemas;
      if (schema === undefined) throw new Error("no schema");
      return {
        ...metadata,
        "current-schema-id": 1,
        schemas: [...metadata.schemas, { ...schema, "schema-id": 1 }],
      };
    });
    expect(reasonOf(await append(commitOf(erased)))).toBe("conflict: schema_changed");
  });
});

describe("what was put for a batch that is dropped", () => {
  const put = async (key: string): Promise<string> => {
    await store.putIfAbsent(key, new Uint8Array(1));
    return key;
  };
  const NOTHING_OLD: Retention = {
    minSnapshots: 1,
    maxSnapshots: 1,
    maxAgeMs: 0,
    metadataVersions: 1,
    sweepEveryCommits: 1,
  };

  test("goes with it, its manifests too", async () => {
    const base = await appended();
    await appended();
    const before = store.keys;
    const commit = commitOf(base);
    const puts = [await put(commit.files[0]?.key ?? ""), await put("pictures/car/boot/1-x.jpg")];
    expect(reasonOf(await append({ ...commit, puts }))).toBe("conflict: partition_moved:0");
    expect(store.keys).toEqual(before);
  });

  test("stays where it may have landed and was forgotten: its answer came when the table was far ahead", async () => {
    const base = await appended();
    const slow = new MemoryObjectStore(clock, store);
    const mine = `gps_data/metadata/v${base.version + 1}.metadata.json`;
    const state = { isAsked: false };
    slow.fault = (_, key) => {
      if (key !== mine || state.isAsked) return null;
      state.isAsked = true;
      return "lost_answer";
    };
    const other = openTable({ store, clock, seed: 8, retention: NOTHING_OLD });
    slow.pause = async () => {
      if (!state.isAsked || !store.keys.includes(mine)) return;
      slow.pause = () => Promise.resolve();
      for (let i = 0; i < 3; i += 1) await other.append(commitOf(await other.head()));
      expect(store.keys).not.toContain(mine);
    };
    const commit = commitOf(base);
    const key = await put(commit.files[0]?.key ?? "");
    const sleeper = openTable({ store: slow, clock, seed: 9 });
    const outcome = await whileTimePasses(clock, sleeper.append({ ...commit, puts: [key] }));
    expect(reasonOf(outcome)).toBe("conflict: partition_moved:0");
    expect((await table.files(await table.head())).map((file) => file.key)).toContain(key);
    expect(store.keys).toContain(key);
  });
});

describe("a worker is refused", () => {
  test("by a table that another catalog owns", async () => {
    const base = await appended();
    await foreign(properties({ [PROPERTY.catalog]: "glue:fleet" }));
    expect(await append(commitOf(base, { partition: 1 }))).toMatchObject({
      kind: "refused",
      hint: expect.stringContaining("glue:fleet") as string,
    });
  });

  test("by a table with a column that it does not know", async () => {
    const base = await appended();
    await foreign((metadata) => ({
      ...metadata,
      schemas: metadata.schemas.map((schema) => ({
        ...schema,
        fields: [...schema.fields, { id: 900, name: "newer", required: false, type: "string" }],
      })),
    }));
    expect(reasonOf(await append(commitOf(base)))).toContain(
      "refused: gps_data: the table has the column newer",
    );
  });

  test("by a table of another log, unless every partition begins anew without rows", async () => {
    const base = await appended();
    const other = { ...commitOf(base), logIdentity: "another" };
    expect(reasonOf(await append(other))).toContain("conflict: the table was built from the log");
    expect(reasonOf(await append({ ...commitOf(base), partitionCount: 12 }))).toContain(
      "conflict: the log had 6 partitions",
    );
    const commit = uuidOf(random);
    const partitions = Object.fromEntries(
      [0, 1, 2, 3, 4, 5].map((p) => [p, { next: 0, last: null, ledger: null, commit }]),
    );
    expect(reasonOf(await append({ ...other, commitId: commit, files: [], partitions }))).toBe("committed");
    expect((await table.head()).ingest).toMatchObject({
      logIdentity: "another",
      partitions: { 0: { next: 0 } },
    });
  });

  test("by a table that was rolled back under its properties", async () => {
    const first = await appended();
    await appended();
    await foreign((metadata) => ({
      ...metadata,
      "current-snapshot-id": first.snapshotId,
      refs: { main: { type: "branch", "snapshot-id": first.snapshotId ?? 0n } },
    }));
    expect(reasonOf(await append(commitOf(await table.head())))).toContain(
      "refused: gps_data was rolled back",
    );
  });
});

describe("another engine's snapshots", () => {
  const snapshotOf = (
    metadata: TableMetadata,
    id: bigint,
    summary: Record<string, string>,
  ): TableMetadata => {
    const parent = currentSnapshot(metadata);
    if (parent === null) throw new Error("no snapshot");
    const sequence = metadata["last-sequence-number"] + 1;
    return {
      ...metadata,
      "last-sequence-number": sequence,
      "current-snapshot-id": id,
      snapshots: [
        ...metadata.snapshots,
        {
          ...parent,
          "snapshot-id": id,
          "parent-snapshot-id": parent["snapshot-id"],
          "sequence-number": sequence,
          summary,
        },
      ],
      refs: { main: { type: "branch", "snapshot-id": id } },
    };
  };

  test("are counted by what they add and remove, over our commits and expiry", async () => {
    await appended({ rows: 5 });
    await foreign((metadata) =>
      snapshotOf(metadata, 77n, { operation: "append", "added-records": "3", "total-records": "8" }),
    );
    await foreign((metadata) =>
      snapshotOf(metadata, 78n, {
        operation: "replace",
        "added-records": "8",
        "deleted-records": "8",
        "total-records": "8",
      }),
    );
    expect(foreignRows((await table.head()).stored.metadata)).toEqual({ added: 3, removed: 0 });
    await appended({ rows: 4 });
    await foreign((metadata) =>
      snapshotOf(metadata, 79n, { operation: "delete", "deleted-records": "2", "total-records": "10" }),
    );
    expect(foreignRows((await table.head()).stored.metadata)).toEqual({ added: 3, removed: 2 });
    await foreign((metadata) => ({
      ...metadata,
      snapshots: metadata.snapshots.filter((one) => one["snapshot-id"] === 79n),
    }));
    expect(foreignRows((await table.head()).stored.metadata)).toEqual({ added: 3, removed: 2 });
    expect(reasonOf(await append(commitOf(await table.head(), { partition: 1 })))).toBe("committed");
  });
});
