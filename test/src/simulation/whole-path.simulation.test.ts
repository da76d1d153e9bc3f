import type { ForgetWhen } from "@roadstream/agent/testing";
import type { SimulatedLake } from "@roadstream/cloud/testing";
import { describe, expect, test } from "vitest";
import { judge } from "./judge.ts";
import { bringHome, runSchedule } from "./schedule.ts";
import { WholePath } from "./whole-path.ts";

const SCHEDULES = Number(process.env["ROADSTREAM_SIMULATIONS"] ?? 1000);
const FIRST_SEED = Number(process.env["ROADSTREAM_SEED"] ?? 1);
/** Of so many schedules one runs on the real table over objects in memory, which takes ten times as long. */
const ICEBERG_EVERY = 50;
/** And one with cars that wait for receipts. */
const SETTLED_EVERY = 25;

/** What must have happened, and in at least which share of the schedules: one in which nothing goes wrong proves nothing. */
const UNKINDNESS: Readonly<Record<string, number>> = {
  "agent before_commit": 0.1,
  "agent after_commit": 0.1,
  "agent before_publish": 0.1,
  "agent after_publish": 0.1,
  "gateway before_append": 0.1,
  "gateway after_append": 0.1,
  "gateway after_puback": 0.1,
  "broker away for the trip": 0.03,
  "worker died": 1,
  "worker stopped": 0.3,
  "commits in conflict": 0.03,
  "log replaced": 0.05,
  "log refused": 0.03,
  "copies dropped": 1,
  "readings in declared gaps": 0.03,
  "readings landed": 10,
};

const simulate = async (seed: number, lake: SimulatedLake, forget?: ForgetWhen): Promise<WholePath> => {
  const path = new WholePath(seed, lake, forget);
  try {
    await runSchedule(path);
    await bringHome(path);
    await judge(path);
  } catch (cause) {
    throw new Error(`seed ${seed}: run again with ROADSTREAM_SEED=${seed} ROADSTREAM_SIMULATIONS=1`, {
      cause,
    });
  }
  for (const { metrics, process } of path.cloud.workers) {
    path.count(
      "commits in conflict",
      metrics.of("gps_data").conflicts + metrics.of("agent_events").conflicts,
    );
    if (process.isDead) path.count("worker died");
  }
  return path;
};

const runAll = async (
  lake: SimulatedLake,
  schedules: number,
  forget?: ForgetWhen,
): Promise<ReadonlyMap<string, number>> => {
  const happened = new Map<string, number>();
  for (let seed = FIRST_SEED; seed < FIRST_SEED + schedules; seed += 1) {
    const path = await simulate(seed, lake, forget);
    for (const [what, times] of path.happened) happened.set(what, (happened.get(what) ?? 0) + times);
  }
  return happened;
};

/** Every row, as text. */
const outcome = async ({ cloud }: WholePath): Promise<string> =>
  JSON.stringify([await cloud.rows("gps_data"), await cloud.rows("agent_events")]);

describe("car, gateway, log and cloud, each of which dies at any moment", () => {
  test(`every reading that a car kept lands once or is a declared gap: ${SCHEDULES} schedules`, async () => {
    const happened = await runAll("memory", SCHEDULES);
    if (SCHEDULES < 100) return;
    for (const [what, share] of Object.entries(UNKINDNESS))
      expect(happened.get(what) ?? 0, what).toBeGreaterThan(share * SCHEDULES);
  }, 600_000);

  test("with cars that forget only what is settled, not even a deleted log loses anything", async () => {
    const schedules = Math.ceil(SCHEDULES / SETTLED_EVERY);
    const happened = await runAll("memory", schedules, "settled");
    if (SCHEDULES < 1000) return;
    expect(happened.get("log replaced") ?? 0).toBeGreaterThan(schedules * 0.05);
    expect(happened.get("lost with the log") ?? 0).toBeGreaterThan(schedules * 0.2);
  }, 600_000);

  test("the same on Iceberg tables", async () => {
    await runAll("iceberg", Math.ceil(SCHEDULES / ICEBERG_EVERY));
  }, 600_000);

  test("a seed gives the same run again", async () => {
    const [one, two] = [await simulate(FIRST_SEED, "memory"), await simulate(FIRST_SEED, "memory")];
    expect(await outcome(one)).toBe(await outcome(two));
    expect(one.happened).toEqual(two.happened);
  });
});
