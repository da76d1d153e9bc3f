import { MemoryMetrics, minutes, RoadstreamError, silentLogger, type Logger } from "@roadstream/shared";
import { VirtualClock } from "@roadstream/shared/testing";
import { beforeEach, expect, test } from "vitest";
import { whileTimePasses } from "../testing/lake-fixture.ts";
import { keepLoading } from "./keep-loading.ts";
import { LoadMetrics } from "./load-metrics.ts";
import type { TableLoad } from "./load-table.ts";
import { NO_ROUND, sumRounds } from "./sum-rounds.ts";
import type { LoadRound } from "./warehouse-loader.ts";

const load = (rows: number, more: Partial<TableLoad> = {}): TableLoad => ({
  table: "gps_data",
  mode: "append",
  files: 1,
  rows,
  days: 0,
  conflicts: 0,
  ...more,
});
const away = new RoadstreamError("unavailable", "nobody answers");

let clock: VirtualClock;
let metrics: MemoryMetrics;
let stopping: AbortController;
let warned: string[];
beforeEach(() => {
  clock = new VirtualClock();
  metrics = new MemoryMetrics();
  stopping = new AbortController();
  warned = [];
});

/** What all rounds did together; each element is one of them, or why it was none. */
const keep = async (script: readonly (LoadRound | Error)[]): Promise<LoadRound> => {
  const rest = [...script];
  const logger: Logger = { ...silentLogger, warn: (event) => void warned.push(event) };
  let sum = NO_ROUND;
  const kept = keepLoading({
    loader: {
      round: () => {
        const next = rest.shift();
        if (rest.length === 0) stopping.abort();
        return next instanceof Error ? Promise.reject(next) : Promise.resolve(next ?? NO_ROUND);
      },
    },
    every: minutes(1),
    clock,
    logger,
    metrics: new LoadMetrics(metrics, clock),
    signal: stopping.signal,
    onRound: (round) => void (sum = sumRounds(sum, round)),
  });
  await whileTimePasses(clock, kept);
  return sum;
};
const value = (what: string, table = "gps_data"): number =>
  metrics.value(`roadstream_warehouse_${what}_total`, { table });

test("a warehouse that is away, and a table that fails, are told and tried again; what was done adds up", async () => {
  const failed: LoadRound = {
    tables: [load(2)],
    failures: [{ table: "agent_events", error: away }],
    facts: null,
  };
  const good: LoadRound = {
    tables: [load(3, { conflicts: 1 })],
    failures: [],
    facts: { vehicles: 1, days: 2 },
  };
  const idle: LoadRound = { tables: [], failures: [], facts: null };
  const began = clock.uptime();
  const sum = await keep([away, failed, good, idle]);
  expect(sum).toEqual({
    tables: [load(5, { files: 2, conflicts: 1 })],
    failures: [],
    facts: { vehicles: 1, days: 2 },
  });
  expect(warned).toEqual(["warehouse_away"]);
  expect([value("rows"), value("files"), value("conflicts")]).toEqual([5, 2, 1]);
  expect([value("failures", ""), value("failures", "agent_events")]).toEqual([1, 1]);
  expect(metrics.value("roadstream_warehouse_loaded_timestamp_seconds")).toBeGreaterThan(0);
  expect(clock.uptime() - began).toBeGreaterThanOrEqual(minutes(3));
});

test("a setting that is wrong ends it", async () => {
  await expect(keep([new RoadstreamError("usage", "no such schema"), NO_ROUND])).rejects.toThrow(
    "no such schema",
  );
});
