import { readdir, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runCloud } from "../../testing/run-cloud.ts";
import { TINY_BOOT, tinyLake, tinyRecord, type TinyLake } from "../../testing/tiny-lake.ts";

const JPEG = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 1, 2, 3, 0xff, 0xd9]);
const FOUR_DAYS_MS = 4 * 86_400_000;

let tiny: TinyLake;
beforeEach(async () => {
  tiny = await tinyLake();
});
afterEach(() => tiny[Symbol.asyncDispose]());

const picture = (seq: number) =>
  tinyRecord(
    "traffic_data",
    { seq, at: "10:00:00" },
    {
      camera_id: "front",
      trigger: "interval",
      media_type: "image/jpeg",
      size_bytes: JPEG.length,
      snapshot: JPEG.toString("base64"),
    },
  );
const json = async (...args: readonly string[]): Promise<unknown> => {
  const { code, stdout } = await runCloud(tiny.folder, ...args, "--lake", "file:lake", "--json");
  expect(code).toBe(0);
  return JSON.parse(stdout) as unknown;
};

test(
  "pictures of a batch that never landed go; those of rows stay, and verify stays clean",
  { timeout: 60_000 },
  async () => {
    await tiny.append([picture(1), picture(2)]);
    await tiny.land();
    const folder = join(tiny.folder, `lake/pictures/car-1/${TINY_BOOT}`);
    const landed = (await readdir(folder)).toSorted();
    // As a worker leaves it that is killed before its commit.
    await writeFile(join(folder, "2-left.jpg"), JPEG);
    await writeFile(join(folder, "3-young.jpg"), JPEG);
    const then = (Date.now() - FOUR_DAYS_MS) / 1000;
    for (const name of [...landed, "2-left.jpg"]) await utimes(join(folder, name), then, then);
    const found = { objects: 1, bytes: JPEG.length };
    expect(await json("orphans", "traffic_data")).toMatchObject({ removed: false, pictures: found });
    expect(await json("orphans", "gps_data", "--remove")).toMatchObject({ pictures: null });
    expect(await readdir(folder)).toHaveLength(4);
    expect(await json("orphans", "--remove")).toMatchObject({ removed: true, pictures: found });
    expect((await readdir(folder)).toSorted()).toEqual([...landed, "3-young.jpg"].toSorted());
    expect(await json("verify", "--log", tiny.logSpec)).toMatchObject({ clean: true });
  },
);
