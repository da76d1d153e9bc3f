import { expect, test } from "vitest";
import { killAtOperations, KILLED_CATALOGS, KILLED_COMMITS } from "../testing/killed-ingest.ts";

/** The fault suite kills at each of them (test/src/faults/schedules.test.ts). */
const STRIDE = 9;

test.each(KILLED_CATALOGS.flatMap((lake) => KILLED_COMMITS.map((commit) => ({ lake, commit }))))(
  "a worker that is killed at an operation of its $commit commit, catalog $lake: the next goes on, nothing is lost or doubled",
  async ({ lake, commit }) => {
    const { before, after } = await killAtOperations({ lake, commit, stride: STRIDE });
    expect(before).toBeGreaterThan(5);
    expect(after).toBeGreaterThan(1);
  },
  120_000,
);
