import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { CREDENTIALS } from "../services/run-s3.ts";
import { services } from "../services/services.ts";
import { runStorm, type StormOutcome } from "./judge-storm.ts";
import { StormBeds } from "./storm-beds.ts";

export interface StormSuite {
  readonly seeds: readonly number[];
  /** Runs at the same time, each on services of its own: much of a run is waiting. */
  readonly beds: number;
  /** The command that runs the suite: with a seed in the environment, that one alone. */
  readonly command: string;
  /** What all of them together must have met. */
  readonly expectMet: (sum: StormOutcome, runs: number) => void;
}

/** Storms by their seeds; `ROADSTREAM_SEED` chooses one. */
export const stormSuite = (suite: StormSuite): void => {
  const only = process.env["ROADSTREAM_SEED"];
  const seeds = only === undefined ? suite.seeds : [Number(only)];

  describe.skipIf(services("kafka", "versitygw").skip)("real processes on Kafka and S3", () => {
    const beds = new StormBeds(suite.beds);
    const outcomes: StormOutcome[] = [];
    beforeAll(() => {
      // The SDK of the reader in this process looks for them here.
      for (const [name, value] of Object.entries(CREDENTIALS)) vi.stubEnv(name, value);
    });
    afterAll(async () => {
      await beds[Symbol.asyncDispose]();
      vi.unstubAllEnvs();
    });

    test.concurrent.for(seeds)("seed %i", async (seed) => {
      const began = performance.now();
      const outcome = await beds.with((bed) => runStorm(seed, bed, suite.command));
      outcomes.push(outcome);
      const seconds = Math.round((performance.now() - began) / 1000);
      process.stderr.write(`storm ${seed} (${seconds} s): ${JSON.stringify(outcome)}\n`);
    });

    test("they met what was planned for them", () => {
      const sum = (of: (one: StormOutcome) => number): number =>
        outcomes.reduce((all, one) => all + of(one), 0);
      const met = {
        killed: sum(({ killed }) => killed),
        gaveUp: sum(({ gaveUp }) => gaveUp),
        slowStops: sum(({ slowStops }) => slowStops),
        compacted: sum(({ compacted }) => compacted),
        conflicts: sum(({ conflicts }) => conflicts),
        looks: sum(({ looks }) => looks),
      };
      process.stderr.write(`${outcomes.length} storms: ${JSON.stringify(met)}\n`);
      expect(met.looks).toBeGreaterThanOrEqual(outcomes.length);
      if (only === undefined) suite.expectMet(met, outcomes.length);
    });
  });
};
