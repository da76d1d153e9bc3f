import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runStage, startStage, type Stage } from "../processes/start-stage.ts";

interface RunEntry {
  readonly stage: string;
  readonly pid: number;
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly restarts: number;
}

const DEADLINE_MS = 60_000;
const LOOK_MS = 50;

let folder = "";
let data = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "roadstream-demo-"));
  data = join(folder, "demo");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const until = async <T>(what: string, look: () => T | null): Promise<T> => {
  for (const deadline = Date.now() + DEADLINE_MS; Date.now() < deadline; await sleep(LOOK_MS)) {
    const found = look();
    if (found !== null) return found;
  }
  throw new Error(`${what}: not within ${DEADLINE_MS} ms`);
};

const running = (): readonly RunEntry[] =>
  JSON.parse(readFileSync(join(data, "run.json"), "utf8")) as RunEntry[];

const stage = (name: string): RunEntry | null => running().find((entry) => entry.stage === name) ?? null;

/** Command lines of processes that have to do with the demo's folder. */
const processes = (): string[] =>
  readdirSync("/proc").flatMap((pid) => {
    try {
      const line = /^\d+$/.test(pid) ? readFileSync(`/proc/${pid}/cmdline`, "utf8") : "";
      return line.includes(data) && Number(pid) !== process.pid ? [line.replaceAll("\0", " ")] : [];
    } catch {
      return [];
    }
  });

/** The shell that holds the test's leash has the folder in its command line, until the test lets go of it. */
const stagesLeft = (): string[] =>
  processes().filter((line) => /\/(agent|gateway|cloud)\/src\/main/.test(line));

const demo = (...args: readonly string[]): Promise<Stage> =>
  startStage("demo", ["--data", data, ...args], { deadlineMs: DEADLINE_MS });

const hasLanded = (): boolean =>
  readFileSync(join(data, "output", "cloud.log"), "utf8").includes(" committed ");

const COUNTS = {
  captured: expect.any(Number),
  acknowledged: expect.any(Number),
  landed: expect.any(Number),
  rejected: 0,
  declared_gap: 0,
  lost: 0,
  doubled: 0,
};

test("a demo that is killed takes its stages with it", async () => {
  await using killed = await demo("--pace", "60");
  expect(running().map((entry) => entry.stage)).toEqual(["gateway", "cloud", "agent"]);
  expect(stagesLeft()).toHaveLength(3);
  process.kill(killed.ready.pid, "SIGKILL");
  await killed.exit;
  await until("its stages are gone", () => (stagesLeft().length === 0 ? true : null));
});

test("a killed demo does not stand in the way of the next; Ctrl-C leaves no process and says how to go on", async () => {
  await using stopped = await demo("--pace", "60", "--vehicles", "2");
  expect(running().map((entry) => entry.stage)).toEqual(["gateway", "cloud", "agent", "agent"]);
  expect(stagesLeft()).toHaveLength(4);
  await until("something has landed", () => (hasLanded() ? true : null));
  stopped.signal("SIGINT");
  const end = await stopped.exit;
  expect(end, end.stderr).toMatchObject({ code: 0 });
  expect(stagesLeft()).toEqual([]);
  expect(running()).toEqual([]);
  expect(end.stderr).toContain("no process is left running");
  expect(end.stderr).toMatch(/(?:roadstream|pnpm@12) demo .*--reset/);
});

test("the next run delivers what was left, adds its trip, survives a killed stage, and accounts for all", async () => {
  await using third = await demo("--pace", "max", "--duration", "10m", "--json");
  const before = await until("the cloud stage runs", () => stage("cloud"));
  expect(before.argv.slice(1, 3)).toEqual(["cloud", "run"]);
  process.kill(before.pid, "SIGKILL");
  const after = await until("it was started again", () => {
    const now = stage("cloud");
    return now !== null && now.restarts === 1 ? now : null;
  });
  expect(after.pid).not.toBe(before.pid);
  const end = await third.exit;
  expect(end, end.stderr).toMatchObject({ code: 0 });
  expect(stagesLeft()).toEqual([]);
  const report = JSON.parse(end.stdout) as Record<string, never> & {
    readonly streams: Readonly<Record<string, Readonly<Record<string, number>>>>;
    readonly verify: { readonly totals: Readonly<Record<string, number>> };
  };
  expect(report).toEqual({
    ok: true,
    seed: 42,
    elapsed_s: expect.any(Number),
    streams: {
      gps_data: COUNTS,
      vehicle_data: COUNTS,
      traffic_data: COUNTS,
      weather_data: COUNTS,
      emergency_data: COUNTS,
      agent_events: COUNTS,
    },
    latency_ms: { p50: expect.any(Number), p99: expect.any(Number) },
    bytes_per_km: expect.any(Number),
    distance_km: expect.any(Number),
    files: expect.any(Number),
    restarts: 1,
    verify: expect.objectContaining({ clean: true, complete_through: expect.any(String) }),
    paths: {
      data,
      log: join(data, "log.sqlite"),
      lake: join(data, "lake"),
      run: join(data, "run.json"),
      output: join(data, "output"),
    },
  });
  // One row a second of the trip, but for what was driven before the receiver was open.
  expect(report.streams["gps_data"]?.["captured"]).toBeGreaterThan(500);
  expect(report.streams["gps_data"]?.["captured"]).toBeLessThanOrEqual(601);
  for (const { captured, acknowledged, landed } of Object.values(report.streams))
    expect([acknowledged, landed]).toEqual([captured, captured]);
  expect(report["distance_km"]).toBeGreaterThan(1);
  // The earlier runs are in it: two cars, both closed and complete.
  const { totals } = report.verify;
  expect(totals).toMatchObject({ in_car: 0, in_log: 0, unknown: 0, lost: 0, doubled: 0 });
  expect(totals["given"]).toBe(totals["landed"]);
  const captured = Object.values(report.streams).reduce((sum, counts) => sum + (counts["captured"] ?? 0), 0);
  expect(totals["landed"]).toBeGreaterThan(captured);
});

test("what cannot be is refused before anything is started", async () => {
  const foreign = await runStage("demo", ["--data", join(import.meta.dirname, ".."), "--pace", "fast"]);
  expect(foreign).toMatchObject({ code: 2, stdout: "" });
  expect(foreign.stderr).toContain("pace must be max or a number");
});
