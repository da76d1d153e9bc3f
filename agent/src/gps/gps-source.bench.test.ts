import { Bench, OMAHA_TO_DES_MOINES, Route } from "@roadstream/hardware";
import { MemoryMetrics, seconds, seededRandom, silentLogger } from "@roadstream/shared";
import { VirtualClock } from "@roadstream/shared/testing";
import { expect, test } from "vitest";
import { GpsSource } from "./gps-source.ts";

/** One epoch at each second, the first and the last included. */
const TRIP_S = 90;
const PATIENCE_MS = 5 * 60_000;

test.each(["max", 60, 1] as const)(
  "a simulated receiver ends with its trip at pace %s, without ever seeming lost",
  async (pace) => {
    const clock = new VirtualClock();
    const route = new Route(OMAHA_TO_DES_MOINES);
    const bench = new Bench({ clock, route, seed: 1, pace, duration: seconds(TRIP_S) });
    const log: string[] = [];
    const seen = { rows: 0, isEnded: false };
    const source = new GpsSource({
      open: bench.gps.open,
      mode: "live",
      clockName: "simulated",
      clock,
      random: seededRandom(1),
      logger: silentLogger,
      metrics: new MemoryMetrics(),
      machineTime: () => null,
    });
    const sink = {
      reading: () => Promise.resolve(void (seen.rows += 1)),
      keep: () => Promise.resolve("kept" as const),
      lost: (_: string, reason: string) => void log.push(`lost ${reason}`),
      back: () => void log.push("back"),
    };
    const stop = new AbortController();
    const ended = source.run(sink, stop.signal).then(() => (seen.isEnded = true));
    for (let waited = 0; waited < PATIENCE_MS && !seen.isEnded; waited += 250) await clock.advance(250);
    const wasEnded = seen.isEnded;
    stop.abort();
    await ended;
    await bench[Symbol.asyncDispose]();
    expect(wasEnded).toBe(true);
    expect(log).toEqual([]);
    expect(seen.rows).toBe(TRIP_S + 1);
  },
);
