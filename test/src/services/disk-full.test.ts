import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { capture } from "../kills/capture.ts";
import { runStage, startStage } from "../processes/start-stage.ts";

const DISK = "3m";
const DEADLINE_MS = 60_000;

/** A process that sees a small disk of its own, in namespaces that need no privilege. */
const onSmallDisk = (at: string): readonly [string, ...string[]] => [
  ...(["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"] as const),
  `mount -t tmpfs -o size=${DISK} small "${at}" && exec "$@"`,
  "sh",
];

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "roadstream-full-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const canMount = (): boolean => {
  const probe = mkdtempSync(join(tmpdir(), "roadstream-mount-"));
  const [program, ...args] = [...onSmallDisk(probe), "true"] as [string, ...string[]];
  const { status } = spawnSync(program, args);
  rmSync(probe, { recursive: true });
  if (status !== 0) process.stderr.write("skipped: this kernel gives no disk to who is not root\n");
  return status === 0;
};

const log = (): readonly string[] => ["--log", `sqlite:${folder}/log.sqlite`];

/** Puts a car's trip into the log. */
const drive = async (vehicle: string): Promise<void> => {
  await using gateway = await startStage("gateway", [...log(), "--listen", "mqtt://127.0.0.1:0"]);
  const file = join(folder, `${vehicle}.nmea`);
  writeFileSync(file, capture(0, 120));
  const own = ["--vehicle", vehicle, "--mqtt", String(gateway.ready.listen), "--data", join(folder, vehicle)];
  const end = await runStage("agent", [...own, "--gps", `file:${file}`, "--exit-when-drained"]);
  expect([end.code, end.stderr]).toEqual([0, expect.any(String)]);
  await gateway.stop();
};

/** To the last byte. */
const fill = (file: string): void => {
  for (const bytes of [1 << 20, 1 << 14, 1 << 10]) {
    const piece = Buffer.alloc(bytes);
    try {
      for (;;) writeFileSync(file, piece, { flag: "a" });
    } catch (error) {
      expect((error as NodeJS.ErrnoException).code).toBe("ENOSPC");
    }
  }
};

test.skipIf(!canMount())(
  "a lake's disk that is full holds a worker up, and loses and rejects nothing",
  async () => {
    await drive("car-1");
    const disk = join(folder, "disk");
    mkdirSync(disk);
    const lake = ["--lake", `file:${disk}/lake`];
    const run = ["run", ...log(), ...lake, "--commit-interval", "50ms"];
    await using cloud = await startStage("cloud", run, { under: onSmallDisk(disk) });
    const isGps = { table: "gps_data" };
    await cloud.logged("committed", { fields: isGps, deadlineMs: DEADLINE_MS });
    const inside = `/proc/${cloud.pid}/root${disk}`;
    fill(`${inside}/ballast`);
    const from = cloud.stderr.count;
    await drive("car-2");
    const held = await cloud.logged("retrying", { fields: isGps, from, deadlineMs: DEADLINE_MS });
    expect(held["reason"]).toMatch(/ENOSPC|No space left/);
    rmSync(`${inside}/ballast`);
    const after = { fields: isGps, from: cloud.stderr.count, deadlineMs: DEADLINE_MS };
    expect((await cloud.logged("committed", after))["rejected"]).toBe(0);
    // The disk goes with the process; in the same place a copy of it is the same lake.
    cpSync(`${inside}/lake`, `${disk}/lake`, { recursive: true });
    expect((await cloud.stop()).code).toBe(0);
    const rest = await runStage("cloud", ["run", ...log(), ...lake, "--until-drained"]);
    expect([rest.code, rest.stderr]).toEqual([0, expect.any(String)]);
    const verdict = await runStage("cloud", ["verify", ...log(), ...lake, "--json"]);
    expect([verdict.code, verdict.stdout]).toEqual([0, expect.any(String)]);
    expect(JSON.parse(verdict.stdout)).toMatchObject({
      clean: true,
      totals: { landed: expect.any(Number) as number, rejected: 0, lost: 0, doubled: 0, in_log: 0 },
    });
  },
);
