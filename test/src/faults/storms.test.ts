import { expect } from "vitest";
import { stormSuite } from "../storms/storm-suite.ts";

/** Not those of the services' suite. */
const FIRST_SEED = 101;
const RUNS = Number(process.env["ROADSTREAM_STORMS"] ?? 200);

stormSuite({
  seeds: Array.from({ length: RUNS }, (_, i) => FIRST_SEED + i),
  beds: 3,
  command: "test:faults",
  expectMet: (met, runs) => {
    expect(met.killed).toBeGreaterThan(runs / 4);
    // One scene of fourteen.
    if (runs < 50) return;
    expect(met.compacted).toBeGreaterThan(runs / 4);
    expect(met.conflicts).toBeGreaterThan(runs / 4);
  },
});
