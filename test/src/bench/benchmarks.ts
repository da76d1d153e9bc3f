import { benchBigDay } from "./big-day.bench.ts";
import { benchFacts } from "./facts.bench.ts";
import { benchFreshness } from "./freshness.bench.ts";
import { benchGateway } from "./gateway.bench.ts";
import { benchGrowth } from "./growth.bench.ts";
import { benchIngest } from "./ingest.bench.ts";
import { benchLake, lakeLacks } from "./lake.bench.ts";
import { benchNmea } from "./nmea.bench.ts";
import { benchOutbox } from "./outbox.bench.ts";
import { benchScale } from "./scale.bench.ts";

/** By the name under which they are asked for, in the order in which they run. */
export const BENCHMARKS = {
  nmea: benchNmea,
  outbox: benchOutbox,
  gateway: benchGateway,
  ingest: benchIngest,
  freshness: benchFreshness,
  facts: benchFacts,
  scale: benchScale,
  lake: benchLake,
  growth: benchGrowth,
  "big-day": benchBigDay,
} as const;

export type BenchmarkName = keyof typeof BENCHMARKS;

/** What a benchmark needs that this machine lacks; null when nothing. */
export const lacks = (name: BenchmarkName): string | null => (name === "lake" ? lakeLacks() : null);

export const isBenchmark = (name: string): name is BenchmarkName => Object.hasOwn(BENCHMARKS, name);
