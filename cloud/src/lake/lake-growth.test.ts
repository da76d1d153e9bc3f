import { seededRandom } from "@roadstream/shared";
import { VirtualClock } from "@roadstream/shared/testing";
import { expect, test } from "vitest";
import { batch, openTable, uuidOf } from "../testing/lake-fixture.ts";
import { MemoryObjectStore } from "../testing/memory-object-store.ts";
import { DEFAULT_RETENTION } from "./snapshot-expiry.ts";
import { beginWork } from "./work-age.ts";

const COMMITS = 800;

test("800 commits: neither the metadata nor the work of a commit grows without end", async () => {
  const clock = new VirtualClock();
  const store = new MemoryObjectStore(clock);
  const random = seededRandom(5);
  const table = openTable({ store, clock });
  let head = await table.head();
  let largest = 0;
  let mostRequests = 0;
  let mostBytes = 0;
  let mostObjects = 0;
  for (let i = 0; i < COMMITS; i += 1) {
    const { get, putIfAbsent } = store.counts;
    const written = store.writtenBytes;
    clock.jumpWall(1000);
    const id = uuidOf(random);
    const key = `gps_data/data/event_day=2026-01-01/${id}.parquet`;
    const outcome = await table.append(
      batch(table.definition, {
        base: head,
        partition: i % 6,
        rows: i % 5,
        key,
        commitId: id,
        begunAt: beginWork(clock),
      }),
    );
    if (outcome.kind !== "committed") throw new Error(outcome.reason);
    head = outcome.head;
    largest = Math.max(largest, head.stored.pointer.bytes.length);
    mostRequests = Math.max(mostRequests, store.counts.get + store.counts.putIfAbsent - get - putIfAbsent);
    mostBytes = Math.max(mostBytes, store.writtenBytes - written);
    mostObjects = Math.max(mostObjects, store.keys.length);
  }
  expect(head.stored.metadata.snapshots.length).toBe(DEFAULT_RETENTION.maxSnapshots);
  expect(largest).toBeLessThan(120_000);
  expect(mostRequests).toBeLessThan(40);
  expect(mostBytes).toBeLessThan(500_000);
  expect(mostObjects).toBeLessThan(400);
  const files = await openTable({ store, clock, seed: 2 }).files(head);
  expect(files.length).toBe((COMMITS / 5) * 4);
  expect(files.reduce((sum, file) => sum + file.rows, 0)).toBe(COMMITS * 2);
  expect((await openTable({ store, clock, seed: 3 }).head()).version).toBe(head.version);
}, 60_000);
