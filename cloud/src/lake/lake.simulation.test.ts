import { expect, test } from "vitest";
import { LakeSimulation, type SimulatedCatalog, type SimulationReport } from "../testing/lake-simulation.ts";

/** More by `ROADSTREAM_SCHEDULES`; one alone by `ROADSTREAM_SEED`. */
const schedules = (otherwise: number): number => Number(process.env["ROADSTREAM_SCHEDULES"] ?? otherwise);
const ONLY = process.env["ROADSTREAM_SEED"];

const run = async (seed: number, catalog: SimulatedCatalog): Promise<SimulationReport> => {
  try {
    return await new LakeSimulation(seed, catalog).run();
  } catch (cause) {
    const alone = `ROADSTREAM_SEED=${seed} npx -y pnpm@12 exec vitest run --project unit lake.simulation -t "${catalog} catalog"`;
    throw new Error(`seed ${seed}; alone: ${alone}`, { cause });
  }
};

/** Glue's rules are the file catalog's but for the swap itself. */
const CATALOGS: readonly { readonly catalog: SimulatedCatalog; readonly count: number }[] = [
  { catalog: "file", count: schedules(50) },
  { catalog: "glue", count: schedules(20) },
];
/** The schedules must reach what they are for. */
const REACHED: Readonly<Record<SimulatedCatalog, readonly string[]>> = {
  file: ["committed", "conflicts", "killed", "unanswered", "orphans", "compacted"],
  glue: ["committed", "conflicts", "killed", "unanswered"],
};

test.each(CATALOGS)(
  "workers, readers and a housekeeper on a store that loses, delays and repeats, $catalog catalog: nothing lost, nothing doubled",
  async ({ catalog, count }) => {
    const total: Record<string, number> = {};
    const seeds = ONLY === undefined ? Array.from({ length: count }, (_, i) => i + 1) : [Number(ONLY)];
    for (const seed of seeds) {
      for (const [key, value] of Object.entries(await run(seed, catalog)))
        total[key] = (total[key] ?? 0) + value;
    }
    if (count > 1000) process.stderr.write(`${catalog} ${JSON.stringify(total)}\n`);
    if (ONLY !== undefined) return;
    for (const reached of REACHED[catalog]) expect(total[reached], reached).toBeGreaterThan(0);
  },
  1_800_000,
);

test("a schedule follows from its seed alone", async () => {
  expect(await run(7, "file")).toEqual(await run(7, "file"));
});
