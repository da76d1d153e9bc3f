import { expect, test } from "vitest";
import { LakeSimulation, type SimulationReport } from "../testing/lake-simulation.ts";

/** More by `ROADSTREAM_SCHEDULES`; one alone by `ROADSTREAM_SEED`. */
const SCHEDULES = Number(process.env["ROADSTREAM_SCHEDULES"] ?? 100);
const ONLY = process.env["ROADSTREAM_SEED"];

const run = async (seed: number): Promise<SimulationReport> => {
  try {
    return await new LakeSimulation(seed).run();
  } catch (cause) {
    throw new Error(`schedule ROADSTREAM_SEED=${seed} failed: ${String(cause)}`, { cause });
  }
};

test("workers, readers and a housekeeper on a store that loses, delays and repeats: nothing lost, nothing doubled", async () => {
  const total: Record<string, number> = {};
  const seeds = ONLY === undefined ? Array.from({ length: SCHEDULES }, (_, i) => i + 1) : [Number(ONLY)];
  for (const seed of seeds) {
    for (const [key, value] of Object.entries(await run(seed))) total[key] = (total[key] ?? 0) + value;
  }
  if (SCHEDULES > 1000) process.stderr.write(`${JSON.stringify(total)}\n`);
  if (ONLY !== undefined) return;
  // The schedules must reach what they are for.
  for (const reached of ["committed", "conflicts", "killed", "compacted", "orphans", "unanswered"]) {
    expect(total[reached], reached).toBeGreaterThan(0);
  }
}, 1_800_000);

test("a schedule follows from its seed alone", async () => {
  expect(await run(7)).toEqual(await run(7));
});
