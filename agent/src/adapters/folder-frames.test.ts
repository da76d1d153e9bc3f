import { appendFile, chmod, mkdir, mkdtemp, readdir, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MAX_PICTURE_BYTES } from "@roadstream/shared";
import { VirtualClock } from "@roadstream/shared/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { GrabbedFrame } from "../ports.ts";
import { FolderFrames } from "./folder-frames.ts";

let folder = "";
let clock = new VirtualClock();
let frames = new FolderFrames({ folder, clock });
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "roadstream-frames-"));
  clock = new VirtualClock();
  frames = new FolderFrames({ folder, clock });
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const put = (name: string, text = name): Promise<void> => writeFile(join(folder, name), text);
const list = async (of = ""): Promise<string[]> => {
  const names = await readdir(join(folder, of));
  return names.filter((name) => name.includes(".")).sort();
};

interface Asked {
  readonly answer: Promise<GrabbedFrame>;
  isAnswered(): boolean;
}

const ask = (signal: AbortSignal): Asked => {
  const answers: GrabbedFrame[] = [];
  const answer = frames.next(signal).then((frame) => {
    answers.push(frame);
    return frame;
  });
  return { answer, isAnswered: () => answers.length > 0 };
};

/** Waits until the look under way is over: its answer is there, or it sleeps until the next one. */
const looked = async ({ isAnswered }: Asked): Promise<void> => {
  const deadline = Date.now() + 5000;
  while (!isAnswered() && clock.pending === 0 && Date.now() < deadline) await clock.settle();
};

/** What comes within some looks, "nothing" if nothing does. Each look's I/O is real: it is waited for, not slept for. */
const next = async (looks = 4): Promise<GrabbedFrame | "nothing"> => {
  const stop = new AbortController();
  const asked = ask(stop.signal);
  for (let look = 0; look < looks && !asked.isAnswered(); look += 1) {
    await looked(asked);
    if (!asked.isAnswered()) await clock.advance(1000);
  }
  if (!asked.isAnswered()) stop.abort();
  const frame = await asked.answer;
  return frame === "ended" ? "nothing" : frame;
};

const pictureOf = (frame: GrabbedFrame | "nothing"): Extract<GrabbedFrame, { trigger: string }> => {
  if (typeof frame === "string" || !("trigger" in frame)) throw new Error(JSON.stringify(frame));
  return frame;
};
const textOf = (frame: GrabbedFrame | "nothing"): string =>
  Buffer.from(pictureOf(frame).bytes).toString("utf8");

test("pictures come in the order of their names, and move when they are done with", async () => {
  await Promise.all([put("b.jpg"), put("a.JPEG"), put("notes.txt")]);
  const first = await next();
  expect(textOf(first)).toBe("a.JPEG");
  await pictureOf(first).done("kept");
  const second = await next();
  expect(textOf(second)).toBe("b.jpg");
  await pictureOf(second).done("refused");
  expect(await next()).toBe("nothing");
  expect([await list(), await list("taken"), await list("refused")]).toEqual([
    ["notes.txt"],
    ["a.JPEG"],
    ["b.jpg"],
  ]);
});

test("a file that is still written to is left alone until it rests", async () => {
  await put("a.jpg", "");
  const asked = ask(new AbortController().signal);
  for (let part = 1; part <= 3; part += 1) {
    await looked(asked);
    expect(asked.isAnswered()).toBe(false);
    await appendFile(join(folder, "a.jpg"), "part ");
    // As far apart as looks are in this test's time, which passes faster than the file system's.
    await utimes(join(folder, "a.jpg"), part, part);
    await clock.advance(1000);
  }
  await looked(asked);
  expect(asked.isAnswered()).toBe(false);
  await clock.advance(1000);
  expect(textOf(await asked.answer)).toBe("part part part ");
});

test("what was not told to be done is still there for the next start, and the same name later is a new picture", async () => {
  await put("a.jpg", "one");
  expect(textOf(await next())).toBe("one");
  frames = new FolderFrames({ folder, clock });
  const again = await next();
  expect(textOf(again)).toBe("one");
  await pictureOf(again).done("kept");
  await put("a.jpg", "two");
  const later = await next();
  expect(textOf(later)).toBe("two");
  await pictureOf(later).done("kept");
  expect(await next()).toBe("nothing");
});

test("an oversize file is refused unread, and others go on", async () => {
  await put("a.jpg", "x".repeat(MAX_PICTURE_BYTES + 1));
  await put("b.jpg");
  expect(await next()).toEqual({ unusable: "too_large", name: "a.jpg", bytes: MAX_PICTURE_BYTES + 1 });
  expect(textOf(await next())).toBe("b.jpg");
  expect(await list("refused")).toEqual(["a.jpg"]);
});

test("links and folders are not followed, whatever they are called", async () => {
  const outside = await mkdtemp(join(tmpdir(), "roadstream-outside-"));
  await writeFile(join(outside, "secret"), "secret");
  await symlink(join(outside, "secret"), join(folder, "a.jpg"));
  await mkdir(join(folder, "b.jpg"));
  expect(await next()).toMatchObject({ unusable: "not_a_file", name: "a.jpg" });
  expect(await next()).toMatchObject({ unusable: "not_a_file", name: "b.jpg" });
  expect(await next()).toBe("nothing");
  expect(await readdir(outside)).toEqual(["secret"]);
  await rm(outside, { recursive: true });
});

test("a file that vanished, or changed, between look and take is no failure", async () => {
  await Promise.all([put("a.jpg"), put("b.jpg", "b"), put("c.jpg")]);
  expect(textOf(await next())).toBe("a.jpg");
  await Promise.all([rm(join(folder, "b.jpg")), put("c.jpg", "longer than before")]);
  await rm(join(folder, "a.jpg"));
  // It may not be whole yet: it is not taken before it was looked at twice.
  expect(await next(0)).toBe("nothing");
  expect(textOf(await next())).toBe("longer than before");
});

test("a picture that cannot be moved away is taken once, not for ever", async () => {
  await put("a.jpg");
  // Nothing can be moved into a file.
  await put("taken", "in the way");
  const first = await next();
  await expect(pictureOf(first).done("kept")).rejects.toThrow();
  expect(await next()).toBe("nothing");
  await put("b.jpg");
  expect(textOf(await next())).toBe("b.jpg");
});

test("a folder that is missing is a failure until it is there", async () => {
  await rm(folder, { recursive: true });
  expect(await next()).toMatchObject({ failure: "no_folder" });
  await mkdir(folder);
  await chmod(folder, 0o755);
  await put("a.jpg");
  expect(textOf(await next())).toBe("a.jpg");
});
