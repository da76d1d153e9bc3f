import { GlueStandIn } from "@roadstream/cloud/testing";
import { allTopics, logTopics, MemoryMetrics, silentLogger } from "@roadstream/shared";
import { systemClock, systemRandom } from "@roadstream/shared/adapters";
import { openEventLog } from "@roadstream/shared/event-log";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runStage, type StageExit } from "../processes/start-stage.ts";

const BOOT = "0190d5e4-7b1a-7abc-8def-0123456789ab";
const TOPICS = logTopics({});

const gps = (seq: number): string =>
  `{"v":1,"vehicle_id":"car-1","boot_id":"${BOOT}","machine_boot":"m1","received_at":"2026-03-01T10:00:01.000Z",` +
  `"seq":${seq},"captured_at":"2026-03-01T10:00:00.000Z","clock":"gnss","uptime_ms":4000,"fix":"3d","latitude":41.25,"longitude":-95.5}`;

test("a lake that begins in files moves to Glue: every command follows it there, and is refused elsewhere", async () => {
  const folder = await mkdtemp(join(tmpdir(), "roadstream-glue-"));
  await using glue = new GlueStandIn("lake");
  const env = {
    AWS_ENDPOINT_URL_GLUE: await glue.listen(),
    AWS_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
  };
  const log = `sqlite:${join(folder, "log.sqlite")}`;
  const opened = await openEventLog(log, {
    clock: systemClock(),
    random: systemRandom(),
    logger: silentLogger,
    metrics: new MemoryMetrics(),
    env: {},
  });
  await opened.createTopics(allTopics(TOPICS), 2);
  const append = async (from: number, to: number): Promise<void> => {
    await using writer = await opened.writer();
    const seqs = Array.from({ length: to - from + 1 }, (_, i) => from + i);
    await writer.append(
      seqs.map((seq) => ({ topic: TOPICS.streams.gps_data, key: "car-1", value: gps(seq) })),
    );
  };
  const cloud = (...args: readonly string[]): Promise<StageExit> =>
    runStage("cloud", [...args, "--lake", `file:${join(folder, "lake")}`], { env });
  const inGlue = ["--catalog", "glue:lake"];
  const land = ["run", "--log", log, "--until-drained"];
  const count = ["sql", "SELECT count(*) AS n FROM gps_data", "--format", "csv"];
  try {
    await append(1, 3);
    expect((await cloud(...land)).code).toBe(0);
    const early = await cloud(...land, ...inGlue);
    expect([early.code, early.stderr]).toEqual([1, expect.stringContaining("--move-catalog")]);
    await append(2, 5);
    expect((await cloud(...land, ...inGlue, "--move-catalog")).code).toBe(0);
    expect((await cloud(...count, ...inGlue)).stdout).toContain("5");
    const elsewhere = await cloud(...count);
    expect([elsewhere.code, elsewhere.stderr]).toEqual([1, expect.stringContaining("--catalog glue:lake")]);
    expect((await cloud(...land)).code).toBe(1);
    expect(glue.tables.get("gps_data")?.version).toBeGreaterThan(0);

    // Also from the last version that files kept, which names the last record of each partition.
    const erase = ["erase", "--vehicle", "car-1", "--json"];
    expect((await cloud(...erase)).code).toBe(1);
    const erased = await cloud(...erase, ...inGlue);
    expect([erased.code, erased.stdout]).toEqual([0, expect.stringContaining('"rows":5')]);
    expect((await cloud(...count, ...inGlue)).stdout).toContain("0");
    const metadata = join(folder, "lake/gps_data/metadata");
    for (const name of await readdir(metadata))
      expect(await readFile(join(metadata, name), "latin1"), name).not.toContain("car-1");
    expect((await cloud(...land, ...inGlue)).code).toBe(0);
  } finally {
    await opened[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  }
});
