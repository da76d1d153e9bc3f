import {
  contend,
  killAtOperations,
  KILLED_CATALOGS,
  KILLED_COMMITS,
  LakeSimulation,
  runBusyErasures,
  runEraseSchedule,
  runKilledErasure,
  runWorkerSchedules,
  type SimulatedCatalog,
} from "@roadstream/cloud/testing";
import { describe, expect, test, vi } from "vitest";
import { simulateAll, UNKINDNESS } from "../simulation/run-schedules.ts";

/*
 * Schedules in process, in virtual time, on fake stores and logs that lose, delay, repeat, fill up and go away; the
 * code under test is the product's own. Real processes: kills.test.ts.
 */
// Minutes on a quiet machine; a busy one may take its time.
vi.setConfig({ testTimeout: 4 * 3_600_000 });

const ONLY = process.env["ROADSTREAM_SEED"];
/** Not those of the ordinary suite. */
const FIRST_SEED = 10_001;
const seeds = (count: number): readonly number[] =>
  ONLY === undefined ? Array.from({ length: count }, (_, i) => FIRST_SEED + i) : [Number(ONLY)];

const alone = (name: string) => (seed: number) =>
  `ROADSTREAM_SEED=${seed} npx -y pnpm@12 test:faults schedules -t "${name}"`;

const say = (name: string, happened: ReadonlyMap<string, number>): void =>
  void process.stderr.write(`${name}: ${JSON.stringify(Object.fromEntries(happened))}\n`);

describe("a group of workers", () => {
  test.each([
    ["simple tables", "memory", 3500],
    ["Iceberg tables", "iceberg", 1500],
    ["tables of Glue", "glue", 1500],
  ] as const)("workers on %s", async (name, lake, count) => {
    say(
      `workers on ${name}`,
      await runWorkerSchedules({ lake, seeds: seeds(count), alone: alone(`workers on ${name}`) }),
    );
  });

  test
    .skipIf(ONLY !== undefined)
    .each(KILLED_CATALOGS.flatMap((lake) => KILLED_COMMITS.map((commit) => ({ lake, commit }))))(
    "killed at each operation of its $commit commit, catalog $lake",
    async (scene) => {
      const deaths = await killAtOperations({ ...scene, stride: 1 });
      say(`killed at each operation, ${scene.commit} commit, ${scene.lake}`, new Map(Object.entries(deaths)));
      expect(deaths.before).toBeGreaterThan(100);
      expect(deaths.after).toBeGreaterThan(10);
    },
  );

  test.each(["kept", "moving"] as const)(
    "two that commit all the time, partitions %s",
    async (partitions) => {
      for (const seed of seeds(20)) {
        try {
          await contend({ seed, partitions, windows: 4 });
        } catch (cause) {
          throw new Error(`seed ${seed}; alone: ${alone(`partitions ${partitions}`)(seed)}`, { cause });
        }
      }
    },
  );
});

describe("a vehicle that is erased", () => {
  test.each([
    ["beside everything else", runEraseSchedule, 400, ["killed", "finished"]],
    ["in the middle of compactions", runBusyErasures, 200, ["clean"]],
  ] as const)("%s", async (name, run, count, often) => {
    const happened = new Map<string, number>();
    for (const seed of seeds(count)) {
      try {
        for (const [what, times] of await run(seed)) happened.set(what, (happened.get(what) ?? 0) + times);
      } catch (cause) {
        throw new Error(`seed ${seed}; alone: ${alone(name)(seed)}`, { cause });
      }
    }
    say(`erasures ${name}`, happened);
    if (ONLY === undefined) for (const what of often) expect(happened.get(what)).toBeGreaterThan(100);
  });

  test.skipIf(ONLY !== undefined)("killed at each operation", async () => {
    let kills = 0;
    let through = 0;
    // Each has a history of its own, and so a number of operations of its own.
    for (let operation = 1; through < 20; operation += 1) {
      if ((await runKilledErasure(operation)) === "killed") kills += 1;
      else through += 1;
    }
    expect(kills).toBeGreaterThan(150);
  });
});

describe("the commit protocol", () => {
  test.each([
    ["file", 1000],
    ["glue", 500],
  ] as const)("with the %s catalog", async (catalog: SimulatedCatalog, count) => {
    const happened = new Map<string, number>();
    for (const seed of seeds(count)) {
      try {
        for (const [what, times] of Object.entries(await new LakeSimulation(seed, catalog).run()))
          happened.set(what, (happened.get(what) ?? 0) + times);
      } catch (cause) {
        throw new Error(`seed ${seed}; alone: ${alone(`${catalog} catalog`)(seed)}`, { cause });
      }
    }
    say(`the commit protocol, ${catalog}`, happened);
  });
});

describe("the whole path", () => {
  test("cars that forget what is acknowledged", async () => {
    const all = seeds(1500);
    const name = "acknowledged";
    const happened = await simulateAll({ seeds: all, lake: "memory", alone: alone(name) });
    say(`the whole path, ${name}`, happened);
    if (ONLY !== undefined) return;
    for (const [what, share] of Object.entries(UNKINDNESS))
      expect(happened.get(what) ?? 0, what).toBeGreaterThan(share * all.length);
  });

  test("cars that forget what is settled", async () => {
    const options = { lake: "memory", forget: "settled", alone: alone("settled") } as const;
    const happened = await simulateAll({ ...options, seeds: seeds(200) });
    say("the whole path, settled", happened);
    if (ONLY === undefined) expect(happened.get("log replaced") ?? 0).toBeGreaterThan(10);
  });

  test("cars, gateway and workers on Iceberg tables", async () => {
    await simulateAll({ lake: "iceberg", seeds: seeds(200), alone: alone("gateway and workers") });
  });
});
