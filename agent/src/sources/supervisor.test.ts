import { MemoryMetrics, seededRandom, silentLogger } from "@roadstream/shared";
import { VirtualClock } from "@roadstream/shared/testing";
import { expect, test } from "vitest";
import type { Source } from "../ports.ts";
import { gpsSample } from "../testing/sample-readings.ts";
import { superviseSource } from "./supervisor.ts";
import { recordingSink } from "./testing/recording-sink.ts";

const rig = () => {
  const clock = new VirtualClock();
  const metrics = new MemoryMetrics();
  const sink = recordingSink();
  const stop = new AbortController();
  const supervise = (run: Source["run"], name = "gps"): Promise<void> =>
    superviseSource({ name, run }, sink, {
      clock,
      random: seededRandom(1),
      logger: silentLogger,
      metrics,
      signal: stop.signal,
    });
  return { clock, metrics, sink, stop, supervise };
};

test("a source that throws is lost, started again alone, and back with its first reading", async () => {
  const { clock, metrics, sink, supervise } = rig();
  let starts = 0;
  const done = supervise(async (to) => {
    starts += 1;
    if (starts <= 3) throw new Error("decoder broke");
    await to.reading(gpsSample());
    return "ended";
  });
  await clock.advance(30_000);
  await done;
  expect(starts).toBe(4);
  expect(sink.events).toEqual(["lost gps failed", "back gps"]);
  expect(metrics.value("roadstream_agent_source_failures_total", { source: "gps" })).toBe(3);
});

test("it is back also by a picture that is kept", async () => {
  const { clock, sink, supervise } = rig();
  let starts = 0;
  const done = supervise(async (to) => {
    starts += 1;
    if (starts === 1) throw new Error("x");
    await to.keep(gpsSample());
    return "ended";
  }, "camera");
  await clock.advance(5000);
  await done;
  expect(sink.events).toEqual(["lost camera failed", "back camera"]);
});

test("pauses grow to a minute, and begin anew after a long run", async () => {
  const { clock, stop, supervise } = rig();
  const startedAt: number[] = [];
  let runs = 0;
  const done = supervise(async (_, signal) => {
    startedAt.push(clock.uptime());
    runs += 1;
    if (runs === 12) await clock.sleep(120_000 as never, signal).catch(() => undefined);
    throw new Error("x");
  });
  await clock.advance(20 * 60_000);
  const gaps = startedAt.slice(1).map((at, index) => at - startedAt[index]!);
  expect(gaps[0]).toBeLessThanOrEqual(1000);
  expect(Math.max(...gaps.slice(0, 10))).toBeGreaterThan(40_000);
  expect(Math.max(...gaps.slice(0, 10))).toBeLessThanOrEqual(60_000);
  expect(gaps[12]!).toBeLessThan(3000);
  stop.abort();
  await clock.advance(0);
  await done;
});

test("the end of one source is no end of another, nor is its failure", async () => {
  const { clock, sink, stop, supervise } = rig();
  const broken = supervise(() => Promise.reject(new Error("x")), "obd");
  const healthy = supervise(async (to, signal) => {
    while (!signal.aborted) {
      await to.reading(gpsSample());
      await clock.sleep(1000 as never, signal).catch(() => undefined);
    }
    return "ended";
  });
  await clock.advance(10_500);
  expect(sink.readings).toHaveLength(11);
  stop.abort();
  await clock.advance(0);
  await Promise.all([broken, healthy]);
  expect(sink.events).toEqual(["lost obd failed"]);
});
