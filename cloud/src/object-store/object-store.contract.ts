import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ObjectInfo, ObjectStore } from "../ports.ts";

/** One place for objects, empty at first, and handles to it as different processes would have. */
export interface ObjectStoreHarness extends AsyncDisposable {
  open(): Promise<ObjectStore>;
  /** A file with this text that the store may take; null where the store takes bytes only. */
  file(text: string): Promise<{ readonly file: string; readonly size: number } | null>;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (content: Uint8Array | null): string | null =>
  content === null ? null : new TextDecoder().decode(content);

const listed = async (store: ObjectStore, prefix: string): Promise<readonly ObjectInfo[]> => {
  const found: ObjectInfo[] = [];
  for await (const object of store.list(prefix)) found.push(object);
  return found;
};

/** What every object store keeps, whatever it is made of. */
export const objectStoreContract = (name: string, make: () => Promise<ObjectStoreHarness>): void => {
  describe(`object store: ${name}`, () => {
    let harness: ObjectStoreHarness;
    let store: ObjectStore;
    beforeEach(async () => {
      harness = await make();
      store = await harness.open();
    });
    afterEach(async () => {
      await store[Symbol.asyncDispose]();
      await harness[Symbol.asyncDispose]();
    });

    test("a name is taken once, and keeps its first content", async () => {
      expect(await store.putIfAbsent("a/b/v1.json", bytes("first"))).toBe("created");
      expect(await store.putIfAbsent("a/b/v1.json", bytes("second"))).toBe("exists");
      expect(textOf(await store.get("a/b/v1.json"))).toBe("first");
    });

    test("of writers that race for a name, one wins, and all read the winner's content", async () => {
      const others = await Promise.all(Array.from({ length: 8 }, () => harness.open()));
      for (let round = 0; round < 10; round += 1) {
        const answers = await Promise.all(
          others.map((one, i) => one.putIfAbsent(`race/v${round}`, bytes(`writer ${i}`))),
        );
        expect(answers.filter((answer) => answer === "created").length).toBe(1);
        const winner = `writer ${answers.indexOf("created")}`;
        for (const one of others) expect(textOf(await one.get(`race/v${round}`))).toBe(winner);
      }
    });

    test("put overwrites", async () => {
      await store.put("hint.text", bytes("1"));
      await store.put("hint.text", bytes("22"));
      expect(textOf(await store.get("hint.text"))).toBe("22");
    });

    test("what is absent reads as null; what is empty does not", async () => {
      expect(await store.get("nothing/here")).toBeNull();
      await store.putIfAbsent("empty", bytes(""));
      expect(textOf(await store.get("empty"))).toBe("");
      expect(await store.get("empty/below")).toBeNull();
    });

    test("the content is what it was when it was put", async () => {
      const content = bytes("before");
      await store.putIfAbsent("copied", content);
      content.fill(0);
      expect(textOf(await store.get("copied"))).toBe("before");
    });

    test("lists by prefix, also in the middle of a name, ascending, with size and time", async () => {
      for (const key of [
        "t/metadata/v10.json",
        "t/metadata/v9.json",
        "t/metadata/snap-1.avro",
        "t/data/d=1/x.parquet",
        "tt/v1",
      ]) {
        await store.putIfAbsent(key, bytes(key));
      }
      expect((await listed(store, "t/metadata/v")).map(({ key }) => key)).toEqual([
        "t/metadata/v10.json",
        "t/metadata/v9.json",
      ]);
      expect((await listed(store, "t/")).map(({ key }) => key)).toEqual([
        "t/data/d=1/x.parquet",
        "t/metadata/snap-1.avro",
        "t/metadata/v10.json",
        "t/metadata/v9.json",
      ]);
      expect((await listed(store, "")).length).toBe(5);
      expect(await listed(store, "absent/")).toEqual([]);
      const [first] = await listed(store, "tt/");
      expect(first?.size).toBe(5);
      expect(Number.isSafeInteger(first?.modifiedAt)).toBe(true);
    });

    test("says what time it is by the clock that dates its objects, not ahead of it", async () => {
      const before = await store.now();
      await store.putIfAbsent("dated", bytes("x"));
      const [object] = await listed(store, "dated");
      const after = await store.now();
      // Some servers know whole seconds only.
      expect(object?.modifiedAt).toBeGreaterThanOrEqual(Math.floor(before / 1000) * 1000);
      expect(after).toBeGreaterThan((object?.modifiedAt ?? 0) - 2000);
      expect(after - before).toBeLessThan(10_000);
    });

    test("deletes; what is absent is no error", async () => {
      await store.putIfAbsent("x/1", bytes("1"));
      await store.putIfAbsent("x/2", bytes("2"));
      await store.delete(["x/1", "x/none", "none/at/all"]);
      expect((await listed(store, "x/")).map(({ key }) => key)).toEqual(["x/2"]);
      expect(await store.putIfAbsent("x/1", bytes("again"))).toBe("created");
    });

    test("takes no name that leads out of it or hides", async () => {
      for (const key of [
        "../out",
        "a/../../out",
        "/etc/passwd",
        "a//b",
        "",
        "a/",
        ".hidden",
        "a/.incoming/x",
        "a\\b",
        "a\0b",
        "ü",
        "a b",
        "x".repeat(2000),
      ]) {
        await expect(store.get(key), key).rejects.toMatchObject({ code: "refused" });
        await expect(store.putIfAbsent(key, bytes("x")), key).rejects.toMatchObject({ code: "refused" });
        await expect(store.delete([key]), key).rejects.toMatchObject({ code: "refused" });
      }
      expect(await listed(store, "")).toEqual([]);
    });

    test("locations and keys turn into each other; a location elsewhere has no key", () => {
      const key = "gps_data/data/event_day=2026-01-01/x.parquet";
      expect(store.keyOf(store.location(key))).toBe(key);
      expect(store.keyOf("gs://elsewhere/x")).toBeNull();
      expect(store.keyOf(`${store.location("a")}/../../../etc/passwd`)).toBeNull();
      expect(store.keyOf("")).toBeNull();
    });

    test("takes files, and gives a file to read", async () => {
      const content = await harness.file("from a file");
      if (content === null) return;
      expect(await store.putIfAbsent("files/1", content)).toBe("created");
      expect(textOf(await store.get("files/1"))).toBe("from a file");
      const again = await harness.file("another");
      if (again === null) return;
      expect(await store.putIfAbsent("files/1", again)).toBe("exists");
      expect(await store.localFile("files/1")).toMatch(/1/);
      await expect(store.localFile("files/absent")).rejects.toThrow(/files\/absent/);
    });
  });
};
