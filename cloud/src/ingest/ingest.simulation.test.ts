import { describe, expect, test } from "vitest";
import { contend } from "../testing/contention.ts";
import { runWorkerSchedule, runWorkerSchedules } from "../testing/worker-schedule.ts";

/** The fault suite runs thousands (test/src/faults/schedules.test.ts). */
const SEEDS = Array.from({ length: 40 }, (_, i) => i + 1);
/** In the last one somebody drops days and removes orphans from a machine that is 400 days ahead. */
const ICEBERG_SEEDS = [...SEEDS.slice(0, 7), 11];
const GLUE_SEEDS = SEEDS.slice(0, 6);
const ONLY = process.env["ROADSTREAM_SEED"];

describe("workers on an unkind machine", () => {
  test.each([
    ["memory", SEEDS],
    ["iceberg", ICEBERG_SEEDS],
    ["glue", GLUE_SEEDS],
  ] as const)(
    "every record lands exactly once or is in the dead letters, and readers see whole batches: %s",
    async (lake, seeds) => {
      await runWorkerSchedules({
        lake,
        seeds: ONLY === undefined ? seeds : [Number(ONLY)],
        alone: (seed) =>
          `ROADSTREAM_SEED=${seed} npx -y pnpm@12 exec vitest run --project unit ingest.simulation -t ${lake}`,
      });
    },
    600_000,
  );

  test.each(["memory", "iceberg", "glue"] as const)("a seed gives the same run again: %s", async (lake) => {
    const [one, two] = [await runWorkerSchedule(7, lake), await runWorkerSchedule(7, lake)];
    expect(one.happened).toEqual(two.happened);
    expect(one.objects.keys).toEqual(two.objects.keys);
    expect(await one.rows("gps_data")).toEqual(await two.rows("gps_data"));
  });

  test.each([
    ["kept", 1],
    // A partition that was placed, and placed again after a conflict, was once begun twice.
    ["moving", 70],
  ] as const)(
    "two that commit to one table all the time both come through, their partitions %s",
    async (partitions, seed) => {
      await contend({ seed, partitions, windows: 1 });
    },
    120_000,
  );
});
