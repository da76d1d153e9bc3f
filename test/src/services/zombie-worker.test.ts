import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { NOTHING, type Verdict } from "../kills/judge-run.ts";
import { runStage, startStage, type Stage } from "../processes/start-stage.ts";
import { StormBed, type StormPlace } from "../storms/storm-bed.ts";
import type { S3LineFault } from "./faulty-s3-line.ts";
import { services } from "./services.ts";

/** Of one step, on a machine that does much else; a session of the consumer group is ten seconds. */
const DEADLINE_MS = 120_000;
const PARTITIONS = ["--partitions", "2"];

/** Where in its commit of gps_data the worker is stopped, and what becomes of the request that it has under way. */
const MOMENTS = [
  { put: "its data file", ends: ".parquet", fate: null },
  { put: "its manifest list", ends: ".avro", fate: "lost_answer" },
  { put: "the metadata, its commit point, which arrives long after", ends: ".metadata.json", fate: "late" },
] as const satisfies readonly { put: string; ends: string; fate: S3LineFault | null }[];

/** Whether the kernel has it stopped: `T` after the name, which stands in parentheses (proc(5)). */
const isStopped = async (pid: number): Promise<boolean> =>
  /\) T /.test(await readFile(`/proc/${pid}/stat`, "utf8"));

describe.skipIf(services("kafka", "versitygw").skip)("a worker that is stopped within a commit", () => {
  let bed: StormBed;
  beforeAll(async () => {
    bed = await StormBed.start();
  });
  afterAll(() => bed?.[Symbol.asyncDispose]());

  const placesOf = ({ log, lake }: StormPlace): readonly string[] => ["--log", log, "--lake", lake];
  const worker = (place: StormPlace): Promise<Stage> => {
    const args = ["run", ...placesOf(place), "--group", place.name, "--commit-interval", "200ms"];
    return startStage("cloud", args, { env: place.env, deadlineMs: DEADLINE_MS });
  };
  const drive = async (place: StormPlace): Promise<void> => {
    const listen = ["--listen", "mqtt://127.0.0.1:0", "--log", place.log, ...PARTITIONS];
    await using gateway = await startStage("gateway", listen, { env: place.env });
    const car = ["--vehicle", "car-1", "--data", join(place.folder, "car-1"), "--gps", "simulated?pace=60"];
    const ends = ["--mqtt", String(gateway.ready.listen), "--duration", "2s", "--exit-when-drained"];
    const agent = await runStage("agent", [...car, ...ends]);
    expect([agent.code, agent.stderr]).toEqual([0, expect.any(String)]);
    expect((await gateway.stop()).code).toBe(0);
  };
  const cloud = async (place: StormPlace, command: string, ...args: readonly string[]): Promise<string> => {
    const options = { env: place.env, deadlineMs: DEADLINE_MS };
    const ended = await runStage("cloud", [command, ...placesOf(place), ...args, "--json"], options);
    expect([ended.code, ended.stderr]).toEqual([0, expect.any(String)]);
    return ended.stdout;
  };

  test.each(MOMENTS)(
    "at the put of $put: another lands its partitions; awake, it finds a conflict, and nothing is doubled",
    async ({ ends, fate }) => {
      const place = bed.fresh();
      await drive(place);
      await cloud(place, "run", "--until-drained", "--group", place.name);
      await drive(place);

      const reached = Promise.withResolvers<void>();
      let zombie: Stage | null = null;
      bed.line.fault = ({ headers, key }) => {
        const isIt = headers["if-none-match"] === "*" && key.includes("/gps_data/") && key.endsWith(ends);
        if (!isIt || zombie === null) return null;
        zombie.signal("SIGSTOP");
        zombie = null;
        reached.resolve();
        return fate;
      };
      await using one = (zombie = await worker(place));
      await reached.promise;

      await using other = await worker(place);
      const isGps = { fields: { table: "gps_data" }, deadlineMs: DEADLINE_MS };
      const landed = await other.logged("committed", isGps);
      expect(landed["landed"]).toBeGreaterThan(0);
      // All of the log is in the tables before the zombie wakes, by the other's hand.
      const before = JSON.parse(await cloud(place, "verify")) as Verdict;
      expect(before.totals).toMatchObject({ in_log: 0, lost: 0, doubled: 0 });
      expect(await isStopped(one.ready.pid)).toBe(true);
      expect(one.stderr.text()).not.toContain('"event":"conflict"');

      while (await bed.line.deliverLate());
      one.signal("SIGCONT");
      const conflict = await one.logged("conflict", isGps);
      expect(conflict["reason"]).toMatch(/^partition_moved:\d$/);
      expect((await one.stop()).code).toBe(0);
      expect((await other.stop()).code).toBe(0);
      const { clean, totals } = JSON.parse(await cloud(place, "verify")) as Verdict;
      expect(clean).toBe(true);
      for (const count of NOTHING) expect([count, totals[count]]).toEqual([count, 0]);
      expect(totals).toEqual(before.totals);
      await bed.forget(place);
    },
  );
});
