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
