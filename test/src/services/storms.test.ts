import { expect } from "vitest";
import { stormSuite } from "../storms/storm-suite.ts";

/** A worker and a gateway killed at some time, Kafka and S3 killed, clocks set, tables compacted; two hundred by test:faults. */
const SEEDS = [2, 6, 9, 11, 13, 28];

stormSuite({
  seeds: SEEDS,
  beds: 2,
  command: "test:services",
  expectMet: (met) => {
    expect(met.killed).toBeGreaterThan(0);
    expect(met.compacted).toBeGreaterThan(0);
    expect(met.conflicts).toBeGreaterThan(0);
  },
});
