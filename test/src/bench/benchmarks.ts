import { benchGateway } from "./gateway.bench.ts";
import { benchIngest } from "./ingest.bench.ts";
import { benchNmea } from "./nmea.bench.ts";
import { benchOutbox } from "./outbox.bench.ts";

/** By the name under which they are asked for, in the order in which they run. */
export const BENCHMARKS = {
  nmea: benchNmea,
  outbox: benchOutbox,
  gateway: benchGateway,
  ingest: benchIngest,
} as const;

export type BenchmarkName = keyof typeof BENCHMARKS;

export const isBenchmark = (name: string): name is BenchmarkName => Object.hasOwn(BENCHMARKS, name);
