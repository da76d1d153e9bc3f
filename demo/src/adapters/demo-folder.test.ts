import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@roadstream/shared/adapters";
import { afterEach, beforeEach, expect, test } from "vitest";
import { demoPaths, type DemoPaths } from "../plan/demo-paths.ts";
import { openDemoFolder } from "./demo-folder.ts";

let parent: string;
let paths: DemoPaths;
const notes: string[] = [];
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "demo-folder-"));
  paths = demoPaths(join(parent, "demo"));
  notes.length = 0;
});
afterEach(() => rmSync(parent, { recursive: true }));

const open = (reset = false) =>
  openDemoFolder({ paths, reset, clock: systemClock(), note: (text) => notes.push(text) });

test("a second run finds the cars of the first; a reset finds none, and keeps what is not the demo's", async () => {
  {
    using _first = await open();
    mkdirSync(join(paths.agents, "car-1"));
    writeFileSync(join(paths.folder, "notes.txt"), "mine");
  }
  {
    using second = await open();
    expect(second.vehicles).toEqual(["car-1"]);
  }
  using third = await open(true);
  expect(third.vehicles).toEqual([]);
  expect(readFileSync(join(paths.folder, "notes.txt"), "utf8")).toBe("mine");
});

test("a folder that no demo made is neither used nor emptied", async () => {
  mkdirSync(paths.lake, { recursive: true });
  writeFileSync(join(paths.lake, "precious"), "x");
  for (const reset of [false, true]) {
    await expect(open(reset)).rejects.toMatchObject({ code: "usage" });
  }
  expect(existsSync(join(paths.lake, "precious"))).toBe(true);
  expect(existsSync(paths.lock)).toBe(false);
});

test("one demo at a time; the lock of one that is gone does not hold", async () => {
  {
    using _running = await open();
    await expect(open()).rejects.toMatchObject({ code: "usage" });
  }
  writeFileSync(paths.lock, JSON.stringify({ pid: process.pid, argv: ["some", "other", "program"] }));
  using again = await open();
  expect(again.vehicles).toEqual([]);
});

test("stages that an earlier demo left running are ended first, and only those", async () => {
  const left = spawn("/bin/sh", ["-c", "while :; do sleep 0.1; done", "gateway", "--log", "left-by-a-test"]);
  const other = spawn("/bin/sh", ["-c", "while :; do sleep 0.1; done", "gateway", "--log", "of-somebody"]);
  try {
    (await open())[Symbol.dispose]();
    const entry = (pid: number | undefined) => ({
      stage: "gateway",
      pid,
      argv: ["/bin/roadstream", "gateway", "--log", "left-by-a-test"],
      cwd: "/",
      restarts: 0,
    });
    // The second number belongs to somebody else by now.
    writeFileSync(paths.run, JSON.stringify([entry(left.pid), entry(other.pid)]));
    const ended = once(left, "exit");
    (await open())[Symbol.dispose]();
    await ended;
    expect(left.signalCode).toBe("SIGTERM");
    expect(other.exitCode ?? other.signalCode).toBeNull();
    expect(notes).toHaveLength(1);
  } finally {
    left.kill("SIGKILL");
    other.kill("SIGKILL");
  }
});

test("run.json is whole at any moment", async () => {
  using folder = await open();
  const entry = { stage: "cloud", pid: 7, argv: ["a"], cwd: "/", restarts: 2 } as const;
  folder.writeRun([entry]);
  expect(JSON.parse(readFileSync(paths.run, "utf8"))).toEqual([entry]);
  expect(existsSync(`${paths.run}.tmp`)).toBe(false);
});
