import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { newTable } from "./new-table.ts";
import type { TableCatalog, TablePointer } from "./stored-table.ts";
import { tableDefinition } from "./table-definition.ts";
import { printTableMetadata } from "./table-metadata.ts";

const definition = tableDefinition("gps_data");

/** What the line does to a request that would commit: it never arrives, or its answer never does. */
type SwapFault = "lost_request" | "lost_answer";

/** The catalog of one table that does not exist at first, and a line to it that a test can break. */
export interface TableCatalogHarness extends AsyncDisposable {
  /** A handle as another process would have. */
  open(): TableCatalog;
  /** What happens from now on to each request by which a version takes the place of another; null: nothing. */
  fault(what: SwapFault | null): void;
}

/** What any catalog keeps, whatever decides in it who was first. What one of them does beside has tests of its own. */
export const tableCatalogContract = (name: string, make: () => Promise<TableCatalogHarness>): void => {
  describe(`the catalog of ${name}`, () => {
    let harness: TableCatalogHarness;
    beforeEach(async () => {
      harness = await make();
    });
    afterEach(() => harness[Symbol.asyncDispose]());

    /** Metadata that no other commit has. */
    const metadata = (uuid: string): Uint8Array => {
      const { name: catalog } = harness.open();
      return printTableMetadata(
        newTable({ definition, location: "memory:///gps_data", uuid, catalog, now: 1 }),
      );
    };
    const head = async (): Promise<TablePointer> => {
      const found = await harness.open().load();
      if (found === null) throw new Error("no table");
      return found;
    };
    const made = async (): Promise<TablePointer> => {
      expect((await harness.open().swap(null, metadata("made"))).kind).toBe("swapped");
      return head();
    };
    /** As another process sees it. */
    const holds = async (bytes: Uint8Array): Promise<boolean> =>
      Buffer.compare((await head()).bytes, bytes) === 0;
    const of = (kinds: readonly { readonly kind: string }[], kind: string): number =>
      kinds.filter((one) => one.kind === kind).length;

    test("there is no table until one is made, and then everybody sees it", async () => {
      expect(await harness.open().load()).toBeNull();
      const first = await made();
      expect((await harness.open().swap(null, metadata("made again"))).kind).toBe("taken");
      expect(await head()).toEqual(first);
    });

    test("of makers that race, one makes it", async () => {
      const kinds = await Promise.all([0, 1, 2].map((i) => harness.open().swap(null, metadata(`m${i}`))));
      expect([of(kinds, "swapped"), of(kinds, "taken")]).toEqual([1, 2]);
      expect(await harness.open().load()).not.toBeNull();
    });

    test("a version follows the one that it stands on: one higher, byte for byte", async () => {
      let before = await made();
      for (const uuid of ["a", "b", "c"]) {
        const outcome = await harness.open().swap(before, metadata(uuid));
        const after = await head();
        expect(outcome).toMatchObject({ kind: "swapped", pointer: { location: after.location } });
        expect([after.version, await holds(metadata(uuid))]).toEqual([before.version + 1, true]);
        before = after;
      }
    });

    test("who stands on a version that has a successor is told so, and changes nothing", async () => {
      const first = await made();
      expect((await harness.open().swap(first, metadata("winner"))).kind).toBe("swapped");
      expect((await harness.open().swap(first, metadata("sleeper"))).kind).toBe("taken");
      expect(await holds(metadata("winner"))).toBe(true);
    });

    test("of writers on one version, one wins, and the table is what the winner said", async () => {
      const first = await made();
      const names = ["w0", "w1", "w2", "w3"];
      const kinds = await Promise.all(names.map((uuid) => harness.open().swap(first, metadata(uuid))));
      expect([of(kinds, "swapped"), of(kinds, "taken")]).toEqual([1, 3]);
      const winner = names[kinds.findIndex(({ kind }) => kind === "swapped")] ?? "";
      expect(await holds(metadata(winner))).toBe(true);
    });

    test("a request that never arrived is unknown; the same bytes again win", async () => {
      const first = await made();
      harness.fault("lost_request");
      expect((await harness.open().swap(first, metadata("mine"))).kind).toBe("unknown");
      harness.fault(null);
      expect(await head()).toEqual(first);
      expect((await harness.open().swap(first, metadata("mine"))).kind).toBe("swapped");
      expect(await holds(metadata("mine"))).toBe(true);
    });

    test("a request that never arrived is unknown; where another came first, the same bytes again have lost", async () => {
      const first = await made();
      harness.fault("lost_request");
      expect((await harness.open().swap(first, metadata("mine"))).kind).toBe("unknown");
      harness.fault(null);
      expect((await harness.open().swap(first, metadata("other"))).kind).toBe("swapped");
      expect((await harness.open().swap(first, metadata("mine"))).kind).toBe("taken");
      expect(await holds(metadata("other"))).toBe(true);
    });

    test("one whose answer was lost has won, now or when asked again, and counts once", async () => {
      const first = await made();
      harness.fault("lost_answer");
      expect((await harness.open().swap(first, metadata("mine"))).kind).not.toBe("taken");
      harness.fault(null);
      expect((await harness.open().swap(first, metadata("mine"))).kind).toBe("swapped");
      expect([(await head()).version, await holds(metadata("mine"))]).toEqual([first.version + 1, true]);
    });

    test("old versions are forgotten; the newest stays, and is stood on", async () => {
      await made();
      for (const uuid of ["a", "b", "c", "d"]) await harness.open().swap(await head(), metadata(uuid));
      const newest = await head();
      await harness.open().publish(newest);
      await harness.open().trim(newest, 1);
      expect(await head()).toEqual(newest);
      expect((await harness.open().swap(newest, metadata("next"))).kind).toBe("swapped");
    });
  });
};
