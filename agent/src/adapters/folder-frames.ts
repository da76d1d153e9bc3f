import type { Stats } from "node:fs";
import { lstat, mkdir, readdir, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { MAX_PICTURE_BYTES, seconds, type Clock, type DurationMs } from "@roadstream/shared";
import type { FrameGrabber, GrabbedFrame } from "../ports.ts";

const FOLDER_LOOK_EVERY: DurationMs = seconds(1);
const TAKEN = "taken";
const REFUSED = "refused";
const PICTURE = /\.jpe?g$/i;
/** Files watched at a time; the rest is for later. */
const FILES_AT_ONCE = 256;

interface Look {
  readonly size: number;
  readonly mtimeMs: number;
}

const isSame = (a: Look | undefined, b: Look): boolean => a?.size === b.size && a.mtimeMs === b.mtimeMs;

/**
 * Pictures that something else puts into a folder, in the order of their names. One is taken when two looks in a row found
 * the same size and time, so that it is complete, and moved to `taken/` once the agent's disk has it (to `refused/` when
 * it is unusable): what lies in the folder itself is what is still to do, also after a restart. Links are not followed.
 */
export class FolderFrames implements FrameGrabber {
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #every: DurationMs;
  #before = new Map<string, Look>();
  #ready: string[] = [];
  /** Files that are done with and could not be moved: each is taken once all the same. */
  readonly #stuck = new Map<string, Look>();

  constructor(options: { readonly folder: string; readonly clock: Clock; readonly every?: DurationMs }) {
    this.#folder = options.folder;
    this.#clock = options.clock;
    this.#every = options.every ?? FOLDER_LOOK_EVERY;
  }

  async next(signal: AbortSignal): Promise<GrabbedFrame> {
    while (!signal.aborted) {
      try {
        const frame = await this.#nextReady();
        if (frame !== null) return frame;
        await this.#look();
      } catch (error) {
        this.#ready = [];
        return { failure: "no_folder", cause: error };
      }
      if (this.#ready.length === 0) await this.#clock.sleep(this.#every, signal).catch(() => undefined);
    }
    return "ended";
  }

  async #look(): Promise<void> {
    const names = (await readdir(this.#folder)).filter((name) => PICTURE.test(name)).sort();
    const present = new Set(names);
    for (const name of this.#stuck.keys()) if (!present.has(name)) this.#stuck.delete(name);
    const now = new Map<string, Look>();
    for (const name of names) {
      const found = await this.#find(name);
      if (found === null || isSame(this.#stuck.get(name), found)) continue;
      now.set(name, { size: found.size, mtimeMs: found.mtimeMs });
      if (found.size > 0 && isSame(this.#before.get(name), found)) this.#ready.push(name);
      if (now.size >= FILES_AT_ONCE) break;
    }
    this.#before = now;
  }

  /** Null for one that has gone meanwhile. */
  async #find(name: string): Promise<Stats | null> {
    try {
      return await lstat(join(this.#folder, name));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
      throw error;
    }
  }

  async #nextReady(): Promise<GrabbedFrame | null> {
    for (let name = this.#ready.shift(); name !== undefined; name = this.#ready.shift()) {
      const found = await this.#find(name);
      // Gone, or written to again: then it is looked at anew.
      if (found === null || !isSame(this.#before.get(name), found)) continue;
      if (!found.isFile()) return await this.#unusable(name, found, "not_a_file");
      if (found.size > MAX_PICTURE_BYTES) return await this.#unusable(name, found, "too_large");
      return this.#picture(name, found, await readFile(join(this.#folder, name)));
    }
    return null;
  }

  #picture(name: string, found: Look, bytes: Uint8Array): GrabbedFrame {
    const done = (outcome: "kept" | "refused"): Promise<void> =>
      this.#move(name, found, outcome === "kept" ? TAKEN : REFUSED);
    return { bytes, trigger: "event", done };
  }

  async #unusable(name: string, found: Look, unusable: "too_large" | "not_a_file"): Promise<GrabbedFrame> {
    // It is counted all the same; where it stays, it is not looked at again.
    await this.#move(name, found, REFUSED).catch(() => undefined);
    return { unusable, name, bytes: found.size };
  }

  async #move(name: string, found: Look, to: string): Promise<void> {
    this.#stuck.set(name, found);
    await mkdir(join(this.#folder, to), { recursive: true });
    await rename(join(this.#folder, name), join(this.#folder, to, name));
    this.#stuck.delete(name);
  }
}
