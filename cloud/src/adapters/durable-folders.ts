import { mkdir, open, rmdir, stat, type FileHandle } from "node:fs/promises";
import { constants } from "node:fs";
import { dirname, sep } from "node:path";
import { systemCode } from "./storage-error.ts";

/** How often work begins anew because another process has just removed a folder of it. */
const MAX_TRIES = 100;

/**
 * The folders of objects: made when one is put, with names that outlive a power cut, and removed with the last one, since a
 * folder's name may be what had to be erased. Other processes do the same meanwhile.
 */
export class DurableFolders {
  readonly #root: string;
  /** Folders whose own name is known to be durable, and which folder of that name it was. */
  readonly #durable = new Map<string, string>();

  constructor(root: string) {
    this.#root = root;
  }

  /** Makes the folder, each new level fsynced into the one above it. */
  async make(path: string): Promise<void> {
    const folder = dirname(path);
    if (this.#durable.has(folder)) return;
    await whileFoldersGo(async () => {
      const first = await mkdir(folder, { recursive: true });
      if (first !== undefined) {
        for (let at = folder; at.length >= first.length; at = dirname(at)) await syncFolder(dirname(at));
      }
      this.#durable.set(folder, await whichFolder(folder));
    });
  }

  /** Does what gives an object its name; its folder may have been removed since it was made. */
  within(path: string, name: () => Promise<void>): Promise<void> {
    return whileFoldersGo(async () => {
      await this.make(path);
      try {
        await name();
      } catch (error) {
        if (systemCode(error) === "ENOENT") this.#durable.delete(dirname(path));
        throw error;
      }
    });
  }

  async sync(path: string): Promise<void> {
    const folder = dirname(path);
    try {
      await syncFolder(folder);
      const which = await whichFolder(folder);
      if (this.#durable.get(folder) === which) return;
      // Removed and made again by others, who may not have come to fsync its name.
      for (let at = folder; at !== this.#root; at = dirname(at)) await syncFolder(dirname(at));
      this.#durable.set(folder, which);
    } catch (error) {
      // Another has deleted the object already, and the folder with it.
      if (systemCode(error) !== "ENOENT") throw error;
    }
  }

  /** Upwards as far as folders are empty, but for the lake's own first level. */
  async removeEmpty(folder: string): Promise<void> {
    for (let at = folder; at.startsWith(this.#root + sep); at = dirname(at)) {
      if (dirname(at) === this.#root) return;
      try {
        await rmdir(at);
      } catch (error) {
        if (systemCode(error) === "ENOTEMPTY" || systemCode(error) === "EEXIST") return;
        throw error;
      }
      this.#durable.delete(at);
      await syncFolder(dirname(at));
    }
  }
}

/** Folders go when they are empty, also between two steps of who is about to use one. */
const whileFoldersGo = async (work: () => Promise<void>): Promise<void> => {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      if (systemCode(error) !== "ENOENT" || tries === MAX_TRIES) throw error;
    }
  }
};

/** A folder that is made again under the same name is another one. */
const whichFolder = async (path: string): Promise<string> => {
  const { ino, birthtimeNs } = await stat(path, { bigint: true });
  return `${ino}/${birthtimeNs}`;
};

const synced = async (path: string, work: (file: FileHandle) => Promise<void>): Promise<void> => {
  const file = await open(path, constants.O_RDONLY);
  try {
    await work(file);
  } finally {
    await file.close();
  }
};
export const syncFolder = (path: string): Promise<void> => synced(path, (file) => file.sync());
export const syncFile = (path: string): Promise<void> => synced(path, (file) => file.datasync());
