import { seededRandom } from "@roadstream/shared";
import { VirtualClock } from "@roadstream/shared/testing";
import { expect, test } from "vitest";
import type { ObjectInfo } from "../ports.ts";
import { MemoryObjectStore } from "../testing/memory-object-store.ts";
import { fileCatalogContract } from "./file-catalog.contract.ts";
import { FileCatalog } from "./file-catalog.ts";
import { newTable } from "./new-table.ts";
import type { TablePointer } from "./stored-table.ts";
import { tableDefinition } from "./table-definition.ts";
import { printTableMetadata } from "./table-metadata.ts";

const definition = tableDefinition("gps_data");
const metadata = printTableMetadata(
  newTable({ definition, location: "memory:///gps_data", uuid: "made", catalog: "file", now: 1 }),
);

fileCatalogContract("memory", () => {
  const clock = new VirtualClock();
  const store = new MemoryObjectStore(clock);
  return Promise.resolve({
    clock,
    open: () => Promise.resolve(store),
    fault: (of) => {
      store.fault = (operation, key) =>
        operation === "putIfAbsent" || operation === "delete" ? of(operation, key) : null;
    },
    deliverLate: () => Promise.resolve(store.deliverLate(seededRandom(1))),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
});

test("a listing that misses the newest version, since it is removed while the listing goes on, lets no sleeper's commit count", async () => {
  const clock = new VirtualClock();
  const store = new MemoryObjectStore(clock);
  const catalog = new FileCatalog({ store, table: "gps_data" });
  await catalog.swap(null, metadata);
  const versions: TablePointer[] = [];
  const commit = async (): Promise<TablePointer> => {
    const head = await catalog.load();
    if (head === null) throw new Error("no table");
    expect((await catalog.swap(head, metadata)).kind).toBe("swapped");
    versions.push(head);
    return head;
  };
  for (let i = 0; i < 8; i += 1) await commit();
  const newest = await catalog.load();
  if (newest === null) throw new Error("no table");
  await catalog.trim(newest, 1);

  const other = new MemoryObjectStore(clock, store);
  const list = other.list.bind(other);
  other.list = async function* (prefix) {
    const found: ObjectInfo[] = [];
    for await (const object of list(prefix)) found.push(object);
    for (const object of found) {
      // As a folder is listed: the names first, then one after the other, of what is still there.
      if (object.key.endsWith(`/v${newest.version}.metadata.json`)) {
        await commit();
        await catalog.trim({ ...newest, version: newest.version + 1 }, 1);
      }
      if (store.keys.includes(object.key)) yield object;
    }
  };
  const sleeper = new FileCatalog({ store: other, table: "gps_data" });
  const base = versions[2];
  if (base === undefined) throw new Error("no such version");
  expect((await sleeper.swap(base, metadata)).kind).toBe("taken");
});

test("a store that repeats a request and is told of its own first copy is seen through by reading back", async () => {
  const clock = new VirtualClock();
  const store = new MemoryObjectStore(clock);
  const catalog = new FileCatalog({ store, table: "gps_data" });
  store.fault = (operation) => (operation === "putIfAbsent" ? "repeated" : null);
  const made = await catalog.swap(null, metadata);
  expect(made.kind).toBe("swapped");
  const head = await catalog.load();
  expect(head?.version).toBe(1);
  expect((await catalog.swap(head, metadata)).kind).toBe("swapped");
});
