import { mkdir, readdir, readFile, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import { MAX_PICTURE_BYTES, seconds, type Clock, type DurationMs } from "@roadstream/shared";
import type { FrameGrabber, GrabbedFrame } from "../ports.ts";

const FOLDER_LOOK_EVERY: DurationMs = seconds(1);
const TAKEN = "taken";
const REFUSED = "refused";
const PICTURE = /\.jpe?g$/i;
/** Files looked at in one go; the rest is for the next one. */
const FILES_AT_ONCE = 256;

interface Look {
  readonly size: number;
  readonly mtimeMs: number;
}

/**
 * Pictures that something else puts into a folder, in the order of their names. One is taken when two looks in a row found
 * the same size and time, so that it is complete, and moved to `taken/` once the agent's disk has it (to `refused/` when
 * it is unusable): what lies in the folder itself is what is still to do, also after a restart.
 */
export const folderFrames = (options: {
  readonly folder: string;
  readonly clock: Clock;
  readonly every?: DurationMs;
}): FrameGrabber => {
  const { folder, clock, every = FOLDER_LOOK_EVERY } = options;
  let before = new Map<string, Look>();
  let ready: string[] = [];

  const look = async (): Promise<void> => {
    const names = (await readdir(folder)).filter((name) => PICTURE.test(name)).sort();
    const now = new Map<string, Look>();
    for (const name of names.slice(0, FILES_AT_ONCE)) {
      const found = await stat(join(folder, name)).catch(() => null);
      if (found === null || !found.isFile()) continue;
      const { size, mtimeMs } = found;
      now.set(name, { size, mtimeMs });
      const last = before.get(name);
      if (size > 0 && last?.size === size && last.mtimeMs === mtimeMs) ready.push(name);
    }
    before = now;
  };

  const move = async (name: string, to: string): Promise<void> => {
    await mkdir(join(folder, to), { recursive: true });
    await rename(join(folder, name), join(folder, to, name));
    before.delete(name);
  };

  const take = async (name: string): Promise<GrabbedFrame | null> => {
    const { size } = await stat(join(folder, name));
    if (size > MAX_PICTURE_BYTES) {
      await move(name, REFUSED);
      return { failure: "too_large", cause: new Error(`${name}: ${size} bytes`) };
    }
    const bytes = await readFile(join(folder, name));
    return { bytes, trigger: "event", done: (outcome) => move(name, outcome === "kept" ? TAKEN : REFUSED) };
  };

  return {
    next: async (signal) => {
      while (!signal.aborted) {
        try {
          const name = ready.shift();
          if (name !== undefined) {
            const frame = await take(name);
            if (frame !== null) return frame;
          }
          await look();
        } catch (error) {
          ready = [];
          return { failure: "no_folder", cause: error };
        }
        if (ready.length === 0) await clock.sleep(every, signal).catch(() => undefined);
      }
      return "ended";
    },
  };
};
