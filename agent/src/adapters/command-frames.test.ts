import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { millis, type DurationMs } from "@roadstream/shared";
import { systemClock } from "@roadstream/shared/adapters";
import { expect, test } from "vitest";
import { commandGrab } from "./command-frames.ts";

const clock = systemClock();
const never = new AbortController().signal;
const shell = (script: string, deadline: DurationMs = millis(10_000)) =>
  commandGrab({ program: "/bin/sh", args: ["-c", script], clock, deadline });

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

/** Waits for a condition, not for a time. */
const until = async (holds: () => boolean | Promise<boolean>): Promise<void> => {
  const deadline = clock.uptime() + 8000;
  while (!(await holds())) {
    if (clock.uptime() > deadline) throw new Error("not in time");
    await clock.sleep(millis(10));
  }
};

test("what the program writes is the picture, whatever it says beside it", async () => {
  const taken = await shell("printf 'jpeg\\000bytes'; echo warming up >&2")(never);
  expect(Buffer.from(taken as Uint8Array).toString("latin1")).toBe("jpeg\0bytes");
});

test("a program that fails says why", async () => {
  const taken = await shell("echo 'no camera found' >&2; exit 3")(never);
  expect(taken).toMatchObject({ failure: "failed" });
  expect(String((taken as { cause: unknown }).cause)).toMatch(/ended with 3: no camera found/);
});

test("a program that is not there is a failure like any other", async () => {
  const taken = await commandGrab({ program: "/nowhere/rpicam-still", args: [], clock })(never);
  expect(taken).toMatchObject({ failure: "failed" });
});

test("a program that writes without end is stopped", async () => {
  expect(await shell("cat /dev/zero")(never)).toMatchObject({ failure: "failed" });
});

test.each([
  ["at the deadline", "hung"],
  ["when the agent stops", "failed"],
])("a hanging program and what it started are killed %s", async (_, failure) => {
  const folder = await mkdtemp(join(tmpdir(), "roadstream-command-"));
  const script = `sleep 600 & echo $! > ${folder}/child; echo $$ > ${folder}/self; wait`;
  const stop = new AbortController();
  const taking = shell(script, millis(failure === "hung" ? 400 : 60_000))(stop.signal);
  const pid = async (name: string): Promise<number> =>
    Number(await readFile(join(folder, name), "utf8").catch(() => "0"));
  await until(async () => (await pid("self")) > 0);
  const pids = [await pid("child"), await pid("self")];
  if (failure === "failed") stop.abort();
  expect(await taking).toMatchObject({ failure });
  await until(() => !pids.some(isAlive));
  await rm(folder, { recursive: true });
});

test("a child that outlives its program and holds its output is killed with it", async () => {
  const folder = await mkdtemp(join(tmpdir(), "roadstream-command-"));
  const taken = await shell(`sleep 600 & echo $! > ${folder}/child; exit 0`, millis(400))(never);
  expect(taken).toMatchObject({ failure: "hung" });
  const child = Number(await readFile(join(folder, "child"), "utf8"));
  await until(() => !isAlive(child));
  await rm(folder, { recursive: true });
});
