import { Bench, OMAHA_TO_DES_MOINES, Route, type Pace } from "@roadstream/hardware";
import { MemoryMetrics, minutes, parseCommand, seededRandom, silentLogger } from "@roadstream/shared";
import { VirtualClock } from "@roadstream/shared/testing";
import { expect, test } from "vitest";
import { agentCommand } from "../config.ts";
import type { SampledReading, SourceEvents } from "../ports.ts";
import { LastFix } from "../sources/last-fix.ts";
import { parseSourceSpec, type SourceFlag, type SourceSpec } from "../sources/source-spec.ts";
import { openSources } from "./open-sources.ts";

const TRIP = minutes(5);
const PATIENCE_MS = 10 * 60_000;
const SENSORS = ["gps", "obd", "camera", "weather", "emergency"] as const;

const specs = Object.fromEntries(
  SENSORS.map((sensor) => [sensor, parseSourceSpec(sensor, "simulated")]),
) as Readonly<Record<SourceFlag, SourceSpec>>;

const agentValues = () => {
  const argv = ["--vehicle", "car-1", "--mqtt", "mqtt://127.0.0.1", "--data", "unused"];
  const parsed = parseCommand(agentCommand, { argv, env: {}, readFile: () => "" });
  if (parsed.kind !== "run") throw new Error("the command line is right");
  return parsed.values;
};

/** Runs all simulated sources of one car until they end by themselves. */
const drive = async (pace: Pace) => {
  const clock = new VirtualClock();
  await using bench = new Bench({
    clock,
    route: new Route(OMAHA_TO_DES_MOINES),
    seed: 42,
    pace,
    duration: TRIP,
  });
  const readings: SampledReading[] = [];
  const told: string[] = [];
  const sink: SourceEvents = {
    reading: async (reading) => void readings.push(reading),
    keep: async (reading) => {
      readings.push(reading);
      return "kept";
    },
    lost: (source, reason) => void told.push(`${source} ${reason}`),
    back: () => undefined,
  };
  const sources = openSources({
    values: agentValues(),
    specs,
    bench,
    machineTime: () => null,
    lastFix: new LastFix(),
    path: (text) => text,
    clock,
    random: seededRandom(1),
    logger: silentLogger,
    metrics: new MemoryMetrics(),
  });
  const running = new Set(sources.map(({ source }) => source.name));
  const stop = new AbortController();
  const all = sources.map(async ({ source }) => {
    await source.run(sink, stop.signal);
    running.delete(source.name);
  });
  const beganAt = clock.uptime();
  while (running.size > 0 && clock.uptime() - beganAt < PATIENCE_MS) await clock.advance(100);
  const stillRunning = [...running];
  stop.abort();
  await Promise.all(all);
  const odometer = readings.flatMap((reading) =>
    reading.stream === "vehicle_data" ? [reading.columns.odometer_km ?? Number.NaN] : [],
  );
  const drivenKm = (odometer.at(-1) ?? Number.NaN) - (odometer[0] ?? Number.NaN);
  const trueKm = bench.truth().distanceKm;
  const rows = (stream: string): number => readings.filter((reading) => reading.stream === stream).length;
  return { stillRunning, told, rows, drivenKm, trueKm };
};

test.each([
  // At full speed the trip waits for the car's answers, so that they are spread over all of it.
  { pace: "max", vehicleRows: 28 },
  { pace: 60, vehicleRows: 40 },
] as const)("a whole simulated car ends with its trip at pace $pace", async ({ pace, vehicleRows }) => {
  const { stillRunning, told, rows, drivenKm, trueKm } = await drive(pace);
  expect(stillRunning).toEqual([]);
  // An adapter that is left at the trip's end is not lost.
  expect(told).toEqual([]);
  expect(rows("gps_data")).toBe(TRIP / 1000 + 1);
  expect(rows("traffic_data")).toBeGreaterThanOrEqual(10);
  expect(rows("weather_data")).toBeGreaterThanOrEqual(5);
  expect(rows("vehicle_data")).toBeGreaterThanOrEqual(vehicleRows);
  // Slowly changing values are asked for in the trip's time too. A few seconds are missing at either end.
  expect(Math.abs(trueKm - drivenKm)).toBeLessThan(0.6);
});
