import type { Clock } from "@roadstream/shared";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ObjectStore } from "../ports.ts";
import type { StoreFault } from "../testing/memory-object-store.ts";
import { FileCatalog } from "./file-catalog.ts";
import { newTable } from "./new-table.ts";
import type { TablePointer } from "./stored-table.ts";
import { tableCatalogContract } from "./table-catalog.contract.ts";
import { tableDefinition } from "./table-definition.ts";
import { printTableMetadata } from "./table-metadata.ts";

const definition = tableDefinition("gps_data");
const metadata = (uuid: string): Uint8Array =>
  printTableMetadata(newTable({ definition, location: "memory:///gps_data", uuid, catalog: "file", now: 1 }));
const key = (version: number): string => `gps_data/metadata/v${version}.metadata.json`;

/** What the line to the store does to a write; no store here repeats one by itself. */
export type WriteFault = Exclude<StoreFault, "repeated" | "full">;

/** A store, empty at first, and a line to it that a test can break. */
export interface FileCatalogHarness extends AsyncDisposable {
  readonly clock: Clock;
  /** A handle as another process would have. */
  open(): Promise<ObjectStore>;
  /** What happens to each write from now on. */
  fault(of: (operation: "putIfAbsent" | "delete", key: string) => WriteFault | null): void;
  /** Carries out a request that was delayed; false when there is none. */
  deliverLate(): Promise<boolean>;
}

/** What the file catalog keeps on a store: what every catalog does, and what is its own. */
export const fileCatalogContract = (name: string, make: () => Promise<FileCatalogHarness>): void => {
  tableCatalogContract(`files on ${name}`, async () => {
    const harness = await make();
    const store = await harness.open();
    return {
      open: () => new FileCatalog({ store, table: "gps_data" }),
      fault: (what) => harness.fault((operation) => (operation === "putIfAbsent" ? what : null)),
      [Symbol.asyncDispose]: async () => {
        await store[Symbol.asyncDispose]();
        await harness[Symbol.asyncDispose]();
      },
    };
  });

  describe(`the file catalog on ${name}`, () => {
    let harness: FileCatalogHarness;
    let store: ObjectStore;
    const open = (): FileCatalog => new FileCatalog({ store, table: "gps_data" });
    /** Commits up to this version by one catalog; returns each pointer. */
    const grow = async (catalog: FileCatalog, to: number): Promise<readonly TablePointer[]> => {
      await catalog.swap(null, metadata("made"));
      const pointers: TablePointer[] = [];
      for (;;) {
        const head = await catalog.load();
        if (head === null) throw new Error("no table");
        pointers[head.version] = head;
        if (head.version >= to) return pointers;
        expect((await catalog.swap(head, metadata(`v${head.version + 1}`))).kind).toBe("swapped");
      }
    };
    const pointer = (pointers: readonly TablePointer[], version: number): TablePointer => {
      const found = pointers[version];
      if (found === undefined) throw new Error(`no v${version}`);
      return found;
    };
    const faultOnce = (fault: WriteFault): void => {
      let faults = 1;
      harness.fault((operation) => (operation === "putIfAbsent" && (faults -= 1) >= 0 ? fault : null));
    };
    const keys = async (): Promise<readonly string[]> => {
      const found: string[] = [];
      for await (const object of store.list("")) found.push(object.key);
      return found.sort();
    };

    beforeEach(async () => {
      harness = await make();
      store = await harness.open();
    });
    afterEach(async () => {
      await store[Symbol.asyncDispose]();
      await harness[Symbol.asyncDispose]();
    });

    test("the head is the highest version listed, by number, whatever the hint says", async () => {
      await grow(open(), 12);
      await store.put("gps_data/metadata/version-hint.text", new TextEncoder().encode("3"));
      await store.put("gps_data/metadata/v99.gz.metadata.json", new Uint8Array());
      await store.put("gps_data/metadata/vvv.metadata.json", new Uint8Array());
      expect((await open().load())?.version).toBe(12);
    });

    test("a lost or late request is unknown; the same bytes again win, or have won", async () => {
      const head = pointer(await grow(open(), 2), 2);
      faultOnce("late");
      expect((await open().swap(head, metadata("late"))).kind).toBe("unknown");
      expect(await harness.deliverLate()).toBe(true);
      expect((await open().swap(head, metadata("late"))).kind).toBe("swapped");
      const next = await open().load();
      faultOnce("lost_request");
      expect((await open().swap(next, metadata("lost"))).kind).toBe("unknown");
      expect((await open().swap(next, metadata("other"))).kind).toBe("swapped");
      expect((await open().swap(next, metadata("lost"))).kind).toBe("taken");
    });

    test("versions are removed in ascending order, one by one, never v1 nor the newest", async () => {
      const head = pointer(await grow(open(), 9), 9);
      let deletions = 3;
      harness.fault((operation) => (operation === "delete" && (deletions -= 1) < 0 ? "lost_request" : null));
      await expect(open().trim(head, 3)).rejects.toMatchObject({ code: "unavailable" });
      expect(await keys()).toEqual([1, 5, 6, 7, 8, 9].map(key));
      harness.fault(() => null);
      await open().trim(head, 3);
      expect(await keys()).toEqual([1, 7, 8, 9].map(key));
    });

    test("a sleeper's commit after a removed version does not count, and harms nobody", async () => {
      const pointers = await grow(open(), 9);
      await open().trim(pointer(pointers, 9), 2);
      for (const version of [2, 3, 5]) {
        expect((await open().swap(pointer(pointers, version), metadata(`sleeper ${version}`))).kind).toBe(
          "taken",
        );
        expect((await open().load())?.version).toBe(9);
      }
      // v3 came back by the first sleeper; one that stands on the true v3 is not fooled by it.
      expect(await keys()).toContain(key(3));
      expect((await open().swap(pointer(pointers, 3), metadata("late again"))).kind).toBe("taken");
    });

    test("what a sleeper made again he takes back, and nothing that is the table's", async () => {
      const pointers = await grow(open(), 6);
      await open().trim(pointer(pointers, 6), 2);
      const before = await keys();
      const late = metadata("sleeper");
      expect((await open().swap(pointer(pointers, 3), late)).kind).toBe("taken");
      expect(await keys()).not.toEqual(before);
      await open().retract(pointer(pointers, 3), late);
      expect(await keys()).toEqual(before);
      await open().retract(pointer(pointers, 5), metadata("overtaken"));
      await open().retract(pointer(pointers, 2), late);
      harness.fault(() => "lost_request");
      await open().retract(pointer(pointers, 5), pointer(pointers, 6).bytes);
      harness.fault(() => null);
      expect(await keys()).toEqual(before);
    });

    test("nor does one after a version that another sleeper made again, byte for byte", async () => {
      const pointers = await grow(open(), 6);
      await open().trim(pointer(pointers, 6), 1);
      // Who had no answer asks again, after all that followed is gone.
      const again = await open().swap(pointer(pointers, 3), pointer(pointers, 4).bytes);
      expect([again.kind, await keys()]).toEqual(["taken", [1, 4, 6].map(key)]);
      expect((await open().swap(pointer(pointers, 4), metadata("on v4"))).kind).toBe("taken");
      expect((await open().swap(pointer(pointers, 1), metadata("on v1"))).kind).toBe("taken");
      expect((await open().load())?.version).toBe(6);
    });

    test("one that was passed before it could see so is told that it is not the newest", async () => {
      const head = pointer(await grow(open(), 3), 3);
      faultOnce("lost_answer");
      const mine = metadata("mine");
      await open().swap(head, mine);
      const next = await open().load();
      expect((await open().swap(next, metadata("next"))).kind).toBe("swapped");
      expect((await open().swap(head, mine)).kind).toBe("taken");
    });
  });
};
