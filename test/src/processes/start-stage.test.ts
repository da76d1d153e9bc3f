import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { leash } from "./leashed-process.ts";
import { runStage, startStage } from "./start-stage.ts";

const folder = mkdtempSync(join(tmpdir(), "roadstream-processes-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const runs = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe("a leashed process", () => {
  test("has its own input, output and exit code", async () => {
    await using child = await leash("sh", ["-c", 'read -r word; echo "heard $word"; echo no >&2; exit 3']);
    child.stdin.write("this\n");
    expect(await child.exit).toEqual({ code: 3, signal: null });
    expect([child.stdout.text(), child.stderr.text()]).toEqual(["heard this\n", "no\n"]);
  });

  test("that is killed says by which signal", async () => {
    await using child = await leash("sleep", ["60"]);
    await child.kill9();
    expect(await child.exit).toEqual({ code: null, signal: "SIGKILL" });
    expect(runs(child.pid)).toBe(false);
    child.signal("SIGTERM");
  });

  test("ends with the process that started it, even when that is killed", async () => {
    const source = new URL("./leashed-process.ts", import.meta.url).href;
    const program = `import { leash } from ${JSON.stringify(source)};
      const child = await leash("sleep", ["60"]);
      process.stdout.write(String(child.pid), () => process.kill(process.pid, "SIGKILL"));`;
    const script = `"$@"; true`;
    const node = [process.execPath, "--input-type=module", "-e", program];
    const pid = Number(execFileSync("sh", ["-c", script, "sh", ...node], { encoding: "utf8" }));
    expect(pid).toBeGreaterThan(1);
    await expect.poll(() => runs(pid), { timeout: 5000 }).toBe(false);
  });
});

describe("a stage", () => {
  test("is there once it is ready, and stops when it is told to", async () => {
    await using gateway = await startStage("gateway", [
      "--listen",
      "mqtt://127.0.0.1:0",
      "--log",
      `sqlite:${folder}/log.sqlite`,
    ]);
    expect(gateway.ready).toMatchObject({ stage: "gateway", pid: gateway.pid });
    expect((await gateway.stop()).code).toBe(0);
  });

  test("that cannot start fails with what it said", async () => {
    await expect(startStage("gateway", ["--lisen", "x"])).rejects.toThrow(
      /gateway is ready: the process ended.*--lisen/s,
    );
    expect(await runStage("gateway", ["--lisen", "x"])).toMatchObject({ code: 2, stdout: "" });
  });
});
