import { seededRandom } from "@roadstream/shared";
import { VirtualClock } from "@roadstream/shared/testing";
import { describe, expect, test } from "vitest";
import type { CommitOutcome } from "../ports.ts";
import { batch, openTable, uuidOf } from "../testing/lake-fixture.ts";
import { MemoryObjectStore } from "../testing/memory-object-store.ts";
import type { IcebergTable } from "./lake-table.ts";

const setUp = () => {
  const clock = new VirtualClock();
  const store = new MemoryObjectStore(clock);
  const random = seededRandom(5);
  const table = openTable({ store, clock });
  const append = async (on: IcebergTable, partition: number, rows: number): Promise<CommitOutcome> => {
    const id = uuidOf(random);
    const base = await on.head();
    return on.append(
      batch(on.definition, {
        base,
        partition,
        rows,
        key: `gps_data/data/event_day=2026-01-01/${id}.parquet`,
        commitId: id,
        begunAt: clock.now(),
      }),
    );
  };
  return { clock, store, table, append, random };
};

describe("a lake table", () => {
  test("is created once, on its second version", async () => {
    const { table, store } = setUp();
    const head = await table.head();
    expect(head).toMatchObject({ version: 2, snapshotId: null, ingest: null });
    expect(store.keys).toEqual(["gps_data/metadata/v1.metadata.json", "gps_data/metadata/v2.metadata.json"]);
    expect((await table.head()).version).toBe(2);
  });

  test("a commit moves the offsets and adds the files", async () => {
    const { table, append } = setUp();
    const outcome = await append(table, 3, 7);
    expect(outcome).toMatchObject({ kind: "committed", attempts: 1 });
    const head = await table.head();
    expect(head.ingest?.partitions[3]?.next).toBe(7);
    expect(await table.files(head)).toMatchObject([{ rows: 7, day: "2026-01-01", sequenceNumber: 1 }]);
  });

  test("2,000 commits: neither metadata nor the work of a commit grows without end", async () => {
    const { table, append, store, clock } = setUp();
    const sizes: number[] = [];
    const requests: number[] = [];
    for (let i = 0; i < 2000; i += 1) {
      const before = { ...store.counts };
      await clock.advance(1000);
      const outcome = await append(table, i % 6, i % 5);
      expect(outcome.kind).toBe("committed");
      sizes.push((await table.head()).stored.pointer.bytes.length);
      requests.push(store.counts.get + store.counts.putIfAbsent - before.get - before.putIfAbsent);
    }
    const head = await table.head();
    const files = await table.files(head);
    expect(files.length).toBe(1600);
    expect(files.reduce((sum, file) => sum + file.rows, 0)).toBe(4000);
    console.log(Math.max(...sizes), Math.max(...requests), store.keys.length, store.bytes, store.counts);
  });
});
