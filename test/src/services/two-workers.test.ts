import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { NOTHING, type Verdict } from "../kills/judge-run.ts";
import { oneVehicleIn } from "../processes/fleet-names.ts";
import { runStage, startStage, type Stage } from "../processes/start-stage.ts";
import { StormBed } from "../storms/storm-bed.ts";
import { services } from "./services.ts";

const PARTITIONS = 2;
/** Of each worker, to the same table, while the other commits to it, too. */
const COMMITS = 20;
const DEADLINE_MS = 120_000;

const commitsOf = (worker: Stage): number =>
  worker.stderr
    .text()
    .split("\n")
    .filter((line) => line.includes('"event":"committed"') && line.includes('"table":"gps_data"')).length;

describe.skipIf(services("kafka", "versitygw").skip)("two workers", () => {
  test("that commit to one table all the time hinder each other, and neither is held up, nor is anything lost or doubled", async () => {
    await using bed = await StormBed.start();
    const place = bed.fresh();
    const options = { env: place.env, deadlineMs: DEADLINE_MS };
    const places = ["--log", place.log, "--lake", place.lake];
    const listen = ["--listen", "mqtt://127.0.0.1:0", "--log", place.log, "--partitions", String(PARTITIONS)];
    await using gateway = await startStage("gateway", listen, options);
    const run = ["run", ...places, "--group", place.name, "--commit-interval", "100ms"];
    await using one = await startStage("cloud", run, options);
    await using other = await startStage("cloud", run, options);
    const drive = (vehicle: string): Promise<Stage> => {
      const mqtt = ["--mqtt", String(gateway.ready.listen), "--data", join(place.folder, vehicle)];
      const ends = ["--duration", "2m", "--exit-when-drained", "--linger", "20ms"];
      return startStage(
        "agent",
        ["--vehicle", vehicle, ...mqtt, "--gps", "simulated?pace=60", ...ends],
        options,
      );
    };
    const [first = "", second = ""] = oneVehicleIn(PARTITIONS);
    await using left = await drive(first);
    await using right = await drive(second);
    const least = (): number => Math.min(commitsOf(one), commitsOf(other));
    await expect.poll(least, { timeout: DEADLINE_MS, interval: 200 }).toBeGreaterThanOrEqual(COMMITS);
    for (const stage of [left, right, one, other]) expect((await stage.stop()).code).toBe(0);
    const cloud = async (command: string, ...args: readonly string[]): Promise<string> => {
      const ended = await runStage("cloud", [command, ...args, "--json"], options);
      expect([ended.code, ended.stderr]).toEqual([0, expect.any(String)]);
      return ended.stdout;
    };
    await cloud("run", ...places, "--until-drained", "--group", "after");
    const { clean, totals } = JSON.parse(await cloud("verify", ...places)) as Verdict;
    expect([clean, ...NOTHING.map((count) => totals[count])]).toEqual([true, ...NOTHING.map(() => 0)]);
    const status = JSON.parse(await cloud("status", "--lake", place.lake)) as {
      readonly tables: readonly { readonly table: string; readonly conflicts: number }[];
    };
    expect(status.tables.find(({ table }) => table === "gps_data")?.conflicts).toBeGreaterThan(0);
  });
});
