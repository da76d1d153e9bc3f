import { seededRandom } from "@roadstream/shared";
import { VirtualClock } from "@roadstream/shared/testing";
import { expect, test } from "vitest";
import { MemoryObjectStore } from "../testing/memory-object-store.ts";
import { fileCatalogContract } from "./file-catalog.contract.ts";
import { FileCatalog } from "./file-catalog.ts";
import { newTable } from "./new-table.ts";
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
