import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MemoryMetrics, silentLogger } from "@roadstream/shared";
import { systemClock, systemRandom } from "@roadstream/shared/adapters";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openExistingLog } from "./open-log.ts";
import { openOutput } from "./open-output.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "output-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

test("a file takes text and files, whole when it is closed", async () => {
  const path = join(folder, "out");
  const other = join(folder, "other");
  const long = "x".repeat(1_000_000);
  await writeFile(other, "bytes");
  {
    await using output = await openOutput(path);
    expect([output.isTerminal, output.width]).toEqual([false, Infinity]);
    await output.write(long);
    await output.copy(other);
    await output.write("end");
  }
  expect(await readFile(path, "utf8")).toBe(`${long}bytesend`);
});

test("a file that cannot be made is told at once", async () => {
  await expect(openOutput(join(folder, "no/out"))).rejects.toMatchObject({ code: "usage" });
});

test.skipIf(!existsSync("/dev/full"))(
  "a disk that is full is told by name, of text and of files",
  async () => {
    const other = join(folder, "other");
    await writeFile(other, "bytes");
    const full = expect.objectContaining({
      code: "storage",
      message: expect.stringContaining("ENOSPC") as unknown,
      hint: expect.stringContaining("Make room") as unknown,
    });
    await using output = await openOutput("/dev/full");
    await expect(output.write("text")).rejects.toEqual(full);
    await expect(output.copy(other)).rejects.toEqual(full);
  },
);

test("who only reads a log makes none", async () => {
  const options = {
    clock: systemClock(),
    random: systemRandom(),
    logger: silentLogger,
    metrics: new MemoryMetrics(),
    env: {},
    path: (text: string) => join(folder, text),
  };
  await expect(openExistingLog("sqlite:log.sqlite", options)).rejects.toMatchObject({ code: "usage" });
  expect(await readdir(folder)).toEqual([]);
});
