import { expect, test } from "vitest";
import { interruptedLoads } from "../testing/interrupted-loads.ts";
import { DuckDbRedshift } from "../testing/redshift-engine.ts";

/** On a busy machine. */
const LIMIT_MS = 60_000;

test(
  "loaders that die at a request, alone or two at a time, leave the same rows, each once",
  { timeout: LIMIT_MS },
  async () => {
    const differences = await interruptedLoads({
      seed: 11,
      deaths: [20, 45, 59],
      engine: async (written) => {
        const engine = await DuckDbRedshift.open();
        engine.stores.push(written.lake.store);
        return engine;
      },
    });
    expect(differences).toEqual([]);
  },
);
