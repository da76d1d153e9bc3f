import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { objectStoreContract } from "../object-store/object-store.contract.ts";
import { FolderObjectStore, incomingFolder } from "./folder-object-store.ts";

const temporary = (): Promise<string> => mkdtemp(join(tmpdir(), "roadstream-folder-"));

objectStoreContract("folder", async () => {
  const folder = await temporary();
  const lake = join(folder, "lake");
  let files = 0;
  return {
    open: () => Promise.resolve(new FolderObjectStore({ folder: lake })),
    file: async (text) => {
      const file = join(await incomingFolder(lake), `file-${(files += 1)}`);
      await writeFile(file, text);
      return { file, size: text.length };
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
});

describe("the folder", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await temporary();
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  test("a location is a plain path, and Java's spelling of it is known", () => {
    const store = new FolderObjectStore({ folder: join(folder, "with blank") });
    expect(store.location("t/x")).toBe(`file://${folder}/with blank/t/x`);
    expect(store.keyOf(`file:${folder}/with blank/t/x`)).toBe("t/x");
    expect(store.keyOf(`${folder}/with blank/t/x`)).toBe("t/x");
    expect(store.keyOf(`file://${folder}/other/t/x`)).toBeNull();
  });

  test("nothing is left over after puts that won, lost, or failed", async () => {
    const store = new FolderObjectStore({ folder });
    await store.putIfAbsent("a", new Uint8Array([1]));
    await store.putIfAbsent("a", new Uint8Array([2]));
    await store.put("b", new Uint8Array([3]));
    await mkdir(join(folder, "taken"));
    await expect(store.put("taken", new Uint8Array([1]))).rejects.toMatchObject({ code: "storage" });
    await expect(store.putIfAbsent("a/below", new Uint8Array([4]))).rejects.toMatchObject({
      code: "storage",
    });
    expect(await readdir(join(folder, ".incoming"))).toEqual([]);
  });

  test("goes with the last object in it, up to the lake's first level", async () => {
    const store = new FolderObjectStore({ folder });
    for (const key of ["pictures/car-1/boot/1.jpg", "pictures/car-1/boot/2.jpg", "pictures/car-2/boot/1.jpg"])
      await store.putIfAbsent(key, new Uint8Array([1]));
    await store.delete(["pictures/car-1/boot/1.jpg"]);
    expect(await readdir(join(folder, "pictures"))).toEqual(["car-1", "car-2"]);
    await store.delete([
      "pictures/car-1/boot/2.jpg",
      "pictures/car-2/boot/1.jpg",
      "pictures/car-3/boot/1.jpg",
    ]);
    expect(await readdir(join(folder, "pictures"))).toEqual([]);
    expect(await store.putIfAbsent("pictures/car-1/boot/3.jpg", new Uint8Array([1]))).toBe("created");
  });

  test("of writers whose folder is removed under them again and again, each finds what it was told is there", async () => {
    const stores = Array.from({ length: 4 }, () => new FolderObjectStore({ folder }));
    const keep = "lake/kept/x";
    await stores[0]?.putIfAbsent(keep, new Uint8Array([1]));
    const work = async (store: FolderObjectStore, writer: number): Promise<void> => {
      for (let i = 0; i < 40; i += 1) {
        const key = `lake/${i % 2}/below/${writer}-${i}`;
        expect(await store.putIfAbsent(key, new Uint8Array([writer]))).toBe("created");
        expect(await store.get(key)).not.toBeNull();
        const listed: string[] = [];
        for await (const object of store.list("lake/")) listed.push(object.key);
        expect(listed).toContain(keep);
        await store.delete([key]);
      }
    };
    await Promise.all(stores.map(work));
    expect(await readdir(join(folder, "lake"))).toEqual(["kept"]);
  });

  test("what a crash left in the incoming folder goes a day later; what is being built stays", async () => {
    const incoming = await incomingFolder(folder);
    await writeFile(join(incoming, "old"), "x");
    await writeFile(join(incoming, "new"), "x");
    const yesterday = Date.now() / 1000 - 86_401;
    await utimes(join(incoming, "old"), yesterday, yesterday);
    await incomingFolder(folder);
    expect(await readdir(incoming)).toEqual(["new"]);
  });
});
