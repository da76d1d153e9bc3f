import { createHash } from "node:crypto";
import type { Dirent } from "node:fs";
import { mkdir, open, readdir, rename, rm, stat, utimes } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, join } from "node:path";
import { minutes, uuidV7, type Clock, type Random } from "@roadstream/shared";
import { incomingFolder } from "./folder-object-store.ts";
import { storageError, systemCode } from "./storage-error.ts";

/** A reader opens what it was given within this time: such a copy is not removed, however full the folder is. */
const KEPT_AFTER_USE = minutes(30);
/** The folder is looked through when this share of its limit has been added. */
const LOOK_SHARE = 1 / 16;
const MAX_NAME = 100;
const FULL = "ROADSTREAM_LAKE_CACHE names another folder for local copies.";

export interface LocalCopiesOptions {
  readonly folder: string;
  readonly limitBytes: number;
  readonly clock: Clock;
  readonly random: Random;
}

/** Where a user's caches are, by the XDG rules. */
export const userCacheFolder = (env: Readonly<Record<string, string | undefined>>): string => {
  const caches = env["XDG_CACHE_HOME"];
  return join(caches === undefined || caches === "" ? join(homedir(), ".cache") : caches, "roadstream/lake");
};

/**
 * Local copies of objects that never change, in one folder for all processes of a user. A copy comes in by a rename, so
 * it is whole or not there; its modification time says when it was last asked for. The ones asked for longest ago go
 * first when the folder is full.
 */
export class LocalCopies {
  readonly #options: LocalCopiesOptions;
  /** Copies that this process is fetching: who asks meanwhile waits for the same one. */
  readonly #coming = new Map<string, Promise<void>>();
  #incoming: Promise<string> | null = null;
  #addedBytes = Number.POSITIVE_INFINITY;

  constructor(options: LocalCopiesOptions) {
    this.#options = options;
  }

  /** A folder for files that are being built; what a crash left there goes a day later. */
  async incoming(): Promise<string> {
    try {
      return await (this.#incoming ??= this.#makeFolder());
    } catch (error) {
      this.#incoming = null;
      throw storageError(`make ${this.#options.folder}`, error, FULL);
    }
  }

  /** For the user alone: the fleet's data lies here. */
  async #makeFolder(): Promise<string> {
    const { folder } = this.#options;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return incomingFolder(folder);
  }

  /**
   * The path of a copy of the object at this location; `chunks` are asked for when it is not here yet, and their errors
   * are thrown as they are.
   */
  async path(location: string, chunks: () => AsyncIterable<Uint8Array>): Promise<string> {
    const name = nameOf(location);
    const path = join(this.#options.folder, name);
    while (!(await this.#touch(path))) {
      const coming =
        this.#coming.get(name) ?? this.#fetch(path, chunks).finally(() => this.#coming.delete(name));
      this.#coming.set(name, coming);
      await coming;
    }
    return path;
  }

  /** Lets a copy go, where there is one: its object is deleted, and what was in it may have to be erased. */
  async remove(location: string): Promise<void> {
    const path = join(this.#options.folder, nameOf(location));
    await here(path, rm(path, { force: true }));
  }

  /** Lets all copies go, but of these: also of objects that nobody knows any more, and of other lakes. */
  async removeAllBut(locations: Iterable<string>): Promise<void> {
    const { folder } = this.#options;
    const kept = new Set<string>();
    for (const location of locations) kept.add(nameOf(location));
    for (const entry of await here(folder, namesIn(folder)))
      if (entry.isFile() && !kept.has(entry.name))
        await here(folder, rm(join(folder, entry.name), { force: true }));
  }

  /** Whether it is here; if so, it was just asked for. */
  async #touch(path: string): Promise<boolean> {
    try {
      const now = this.#options.clock.now() / 1000;
      await utimes(path, now, now);
      return true;
    } catch (error) {
      if (systemCode(error) === "ENOENT") return false;
      throw storageError(`use ${path}`, error, FULL);
    }
  }

  async #fetch(path: string, chunks: () => AsyncIterable<Uint8Array>): Promise<void> {
    const { clock, random, limitBytes } = this.#options;
    const temporary = join(await this.incoming(), uuidV7(clock.now(), random));
    try {
      this.#addedBytes += await this.#write(temporary, chunks());
      await here(path, rename(temporary, path));
    } finally {
      await rm(temporary, { force: true });
    }
    if (this.#addedBytes < limitBytes * LOOK_SHARE) return;
    this.#addedBytes = 0;
    await here(this.#options.folder, this.#makeRoom());
  }

  async #write(path: string, chunks: AsyncIterable<Uint8Array>): Promise<number> {
    let size = 0;
    const now = this.#options.clock.now() / 1000;
    const file = await here(path, open(path, "wx", 0o600));
    try {
      for await (const chunk of chunks) {
        await here(path, file.writeFile(chunk));
        size += chunk.length;
      }
      await here(path, file.utimes(now, now));
      // Before the rename: after a power cut a name without its bytes would pass for the object.
      await here(path, file.datasync());
    } finally {
      await file.close();
    }
    return size;
  }

  async #makeRoom(): Promise<void> {
    const { folder, limitBytes, clock } = this.#options;
    const copies: { readonly path: string; readonly size: number; readonly usedAt: number }[] = [];
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      const info = entry.isFile() ? await stat(path).catch(() => null) : null;
      if (info !== null) copies.push({ path, size: info.size, usedAt: info.mtimeMs });
    }
    let bytes = copies.reduce((sum, { size }) => sum + size, 0);
    for (const { path, size } of copies.sort((a, b) => a.usedAt - b.usedAt)) {
      if (bytes <= limitBytes) return;
      // Asked again: another process may have been given it since.
      const info = await stat(path).catch(() => null);
      if (info !== null && clock.now() - info.mtimeMs < KEPT_AFTER_USE) continue;
      await rm(path, { force: true });
      bytes -= size;
    }
  }
}

/** None where no copy was ever made. */
const namesIn = async (folder: string): Promise<readonly Dirent[]> => {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw error;
  }
};

/** Flat, because one object's name may be another's folder; with the object's own last name, for people. */
const nameOf = (location: string): string =>
  `${createHash("sha256").update(location).digest("hex").slice(0, 32)}-${basename(location).slice(-MAX_NAME)}`;

/** What goes wrong with local files, told apart from what goes wrong on the way to them. */
const here = async <T>(path: string, work: Promise<T>): Promise<T> => {
  try {
    return await work;
  } catch (error) {
    throw storageError(`write ${path}`, error, FULL);
  }
};
