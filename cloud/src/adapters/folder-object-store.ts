import { constants } from "node:fs";
import { link, mkdir, open, readdir, readFile, rename, rm, stat, type FileHandle } from "node:fs/promises";
import { dirname, join, relative, resolve, sep } from "node:path";
import { RoadstreamError } from "@roadstream/shared";
import { isObjectKey } from "../object-store/object-key.ts";
import type { ObjectContent, ObjectInfo, ObjectStore } from "../ports.ts";
import { storageError, systemCode } from "./storage-error.ts";

/*
 * Objects are files. A new one is written in the folder `.incoming`, fsynced, and linked to its name: link(2) fails when the name is
 * taken, so it is the create-only put; the folder is fsynced after it. A crash leaves at most a temporary file, which
 * no listing shows and which is removed a day later. Folders are never removed, so that a fsynced name stays reachable.
 */
const INCOMING = ".incoming";
/** What lies in the incoming folder for longer was left there by a crash. */
const LEFT_BEHIND_MS = 86_400_000;

export interface FolderObjectStoreOptions {
  readonly folder: string;
}

export class FolderObjectStore implements ObjectStore {
  readonly root: string;
  readonly #folder: string;
  /** Folders whose own name is known to be durable. */
  readonly #durable = new Set<string>();
  #incoming: Promise<string> | null = null;
  #temporaries = 0;

  constructor(options: FolderObjectStoreOptions) {
    this.#folder = resolve(options.folder);
    this.root = `file:${this.#folder}`;
  }

  async putIfAbsent(key: string, content: ObjectContent): Promise<"created" | "exists" | "unknown"> {
    const path = this.#path(key);
    try {
      const source =
        content instanceof Uint8Array
          ? await this.#write(path, content)
          : await this.#taken(path, content.file);
      try {
        await link(source, path);
      } catch (error) {
        if (systemCode(error) === "EEXIST") return "exists";
        throw error;
      } finally {
        await rm(source, { force: true });
      }
      await syncFolder(dirname(path));
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
        await rename(source, path);
      } catch (error) {
        await rm(source, { force: true });
        throw error;
      }
      await syncFolder(dirname(path));
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

  async delete(keys: readonly string[]): Promise<void> {
    for (const key of keys) {
      const path = this.#path(key);
      try {
        await rm(path, { force: true });
        await syncFolder(dirname(path));
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

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  #path(key: string): string {
    if (!isObjectKey(key)) throw new RoadstreamError("refused", `not an object's name: ${key.slice(0, 200)}`);
    return join(this.#folder, ...key.split("/"));
  }

  /** The content in a durable temporary file on the same file system. */
  async #write(path: string, bytes: Uint8Array): Promise<string> {
    await this.#folderOf(path);
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
    await this.#folderOf(path);
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

  /** Makes the folder, each new level fsynced into the one above it. */
  async #folderOf(path: string): Promise<void> {
    const folder = dirname(path);
    if (this.#durable.has(folder)) return;
    const first = await mkdir(folder, { recursive: true });
    if (first !== undefined) {
      for (let at = folder; at.length >= first.length; at = dirname(at)) await syncFolder(dirname(at));
    }
    this.#durable.add(folder);
  }

  async #keysBelow(folder: string): Promise<readonly string[]> {
    try {
      const found = await readdir(folder, { recursive: true, withFileTypes: true });
      return found
        .filter((entry) => entry.isFile() && !entry.name.startsWith("."))
        .map((entry) => relative(this.#folder, join(entry.parentPath, entry.name)).split(sep).join("/"));
    } catch (error) {
      if (systemCode(error) === "ENOENT" || systemCode(error) === "ENOTDIR") return [];
      throw storageError(`list ${folder}`, error);
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

const synced = async (path: string, work: (file: FileHandle) => Promise<void>): Promise<void> => {
  const file = await open(path, constants.O_RDONLY);
  try {
    await work(file);
  } finally {
    await file.close();
  }
};
const syncFolder = (path: string): Promise<void> => synced(path, (file) => file.sync());
const syncFile = (path: string): Promise<void> => synced(path, (file) => file.datasync());
