import { constants } from "node:fs";
import { link, mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join, relative, resolve, sep } from "node:path";
import { RoadstreamError, unixMillis, type UnixMillis } from "@roadstream/shared";
import { isObjectKey } from "../object-store/object-key.ts";
import type { ObjectContent, ObjectInfo, ObjectStore } from "../ports.ts";
import { DurableFolders, syncFile, syncFolder } from "./durable-folders.ts";
import { storageError, systemCode } from "./storage-error.ts";

/*
 * Objects are files. A new one is written in the folder `.incoming`, fsynced, and linked to its name: link(2) fails when the name is
 * taken, so it is the create-only put; the folder is fsynced after it. A crash leaves at most a temporary file, which
 * no listing shows and which is removed a day later. A folder goes with the last object in it, since its name may be
 * what had to be erased; who puts an object finds out whether its folder is still the one that he knows to be durable.
 */
const INCOMING = ".incoming";
/** How often a listing begins anew because a folder has gone below it. */
const MAX_TRIES = 100;
/** What lies in the incoming folder for longer was left there by a crash. */
const LEFT_BEHIND_MS = 86_400_000;

export interface FolderObjectStoreOptions {
  readonly folder: string;
}

export class FolderObjectStore implements ObjectStore {
  readonly root: string;
  readonly #folder: string;
  readonly #folders: DurableFolders;
  #incoming: Promise<string> | null = null;
  #temporaries = 0;

  constructor(options: FolderObjectStoreOptions) {
    this.#folder = resolve(options.folder);
    this.root = `file:${this.#folder}`;
    this.#folders = new DurableFolders(this.#folder);
  }

  async putIfAbsent(key: string, content: ObjectContent): Promise<"created" | "exists" | "unknown"> {
    const path = this.#path(key);
    try {
      const source =
        content instanceof Uint8Array
          ? await this.#write(path, content)
          : await this.#taken(path, content.file);
      try {
        await this.#folders.within(path, () => link(source, path));
      } catch (error) {
        if (systemCode(error) === "EEXIST") return "exists";
        throw error;
      } finally {
        await rm(source, { force: true });
      }
      await this.#folders.sync(path);
      return "created";
    } catch (error) {
      throw storageError(`put ${key}`, error);
    }
  }

  async put(key: string, content: ObjectContent): Promise<void> {
    const path = this.#path(key);
    try {
      const source =
        content instanceof Uint8Array
          ? await this.#write(path, content)
          : await this.#taken(path, content.file);
      try {
        await this.#folders.within(path, () => rename(source, path));
      } catch (error) {
        await rm(source, { force: true });
        throw error;
      }
      await this.#folders.sync(path);
    } catch (error) {
      throw storageError(`put ${key}`, error);
    }
  }

  async get(key: string): Promise<Uint8Array | null> {
    try {
      return await readFile(this.#path(key));
    } catch (error) {
      if (systemCode(error) === "ENOENT" || systemCode(error) === "ENOTDIR") return null;
      throw storageError(`get ${key}`, error);
    }
  }

  async *list(prefix: string): AsyncIterable<ObjectInfo> {
    const slash = prefix.lastIndexOf("/");
    const folder = slash === -1 ? "" : prefix.slice(0, slash);
    const start = folder === "" ? this.#folder : this.#path(folder);
    const keys = (await this.#keysBelow(start)).filter((key) => key.startsWith(prefix)).sort();
    for (const key of keys) {
      const info = await stat(this.#path(key)).catch((error: unknown) => {
        if (systemCode(error) === "ENOENT") return null;
        throw storageError(`list ${prefix}`, error);
      });
      if (info !== null) yield { key, size: info.size, modifiedAt: Math.floor(info.mtimeMs) };
    }
  }

  /** The machine's clock, which dates the files; of a folder on a file server, that server's may differ. */
  now(): Promise<UnixMillis> {
    return Promise.resolve(unixMillis(Date.now()));
  }

  async delete(keys: readonly string[]): Promise<void> {
    for (const key of keys) {
      const path = this.#path(key);
      try {
        await rm(path, { force: true });
        await syncFolder(dirname(path));
        await this.#folders.removeEmpty(dirname(path));
      } catch (error) {
        if (systemCode(error) !== "ENOENT") throw storageError(`delete ${key}`, error);
      }
    }
  }

  location(key: string): string {
    return `file://${this.#path(key)}`;
  }

  keyOf(location: string): string | null {
    // Table metadata holds plain paths, nothing percent-encoded; Java writes `file:/path`, others `file:///path`.
    const path = location.replace(/^file:(?:\/\/)?/, "");
    if (!path.startsWith("/")) return null;
    const key = relative(this.#folder, resolve(path)).split(sep).join("/");
    return isObjectKey(key) ? key : null;
  }

  async localFile(key: string): Promise<string> {
    const path = this.#path(key);
    try {
      await stat(path);
      return path;
    } catch (error) {
      throw storageError(`read ${key}`, error);
    }
  }

  /** The objects themselves are read: there are none. */
  dropCopies(): Promise<void> {
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  #path(key: string): string {
    if (!isObjectKey(key)) throw new RoadstreamError("refused", `not an object's name: ${key.slice(0, 200)}`);
    return join(this.#folder, ...key.split("/"));
  }

  /** The content in a durable temporary file on the same file system. */
  async #write(path: string, bytes: Uint8Array): Promise<string> {
    await this.#folders.make(path);
    const temporary = await this.#temporary();
    const file = await open(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o644);
    try {
      await file.writeFile(bytes);
      await file.datasync();
    } finally {
      await file.close();
    }
    return temporary;
  }

  /** A finished file moved in; copied where it lies on another file system. */
  async #taken(path: string, from: string): Promise<string> {
    await this.#folders.make(path);
    const temporary = await this.#temporary();
    try {
      await rename(from, temporary);
    } catch (error) {
      if (systemCode(error) !== "EXDEV") throw error;
      const bytes = await readFile(from);
      await rm(from, { force: true });
      return this.#write(path, bytes);
    }
    await syncFile(temporary);
    return temporary;
  }

  async #temporary(): Promise<string> {
    this.#incoming ??= incomingFolder(this.#folder);
    this.#temporaries += 1;
    return join(await this.#incoming, `${process.pid}-${process.hrtime.bigint()}-${this.#temporaries}`);
  }

  async #keysBelow(folder: string): Promise<readonly string[]> {
    for (let looks = 1; ; looks += 1) {
      try {
        const found = await readdir(folder, { recursive: true, withFileTypes: true });
        return found
          .filter((entry) => entry.isFile() && !entry.name.startsWith("."))
          .map((entry) => relative(this.#folder, join(entry.parentPath, entry.name)).split(sep).join("/"));
      } catch (error) {
        const isGone = systemCode(error) === "ENOENT" || systemCode(error) === "ENOTDIR";
        if (isGone && !(await isFolder(folder))) return [];
        // One below it went while it was being walked through: that is no reason to see nothing.
        if (!isGone || looks === MAX_TRIES) throw storageError(`list ${folder}`, error);
      }
    }
  }
}

/** Where a writer of large files builds them, so that they can be moved in: on the store's own file system. */
export const incomingFolder = async (folder: string): Promise<string> => {
  const path = join(resolve(folder), INCOMING);
  await mkdir(path, { recursive: true });
  for (const name of await readdir(path)) {
    const file = join(path, name);
    const info = await stat(file).catch(() => null);
    if (info !== null && Date.now() - info.mtimeMs > LEFT_BEHIND_MS)
      await rm(file, { recursive: true, force: true });
  }
  return path;
};

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (info) => info.isDirectory(),
    () => false,
  );
