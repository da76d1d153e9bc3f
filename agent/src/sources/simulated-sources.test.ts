import { Bench, type BenchOptions, OMAHA_TO_DES_MOINES, Route } from "@roadstream/hardware";
import { MAX_PICTURE_BYTES, minutes, seconds } from "@roadstream/shared";
import { VirtualClock } from "@roadstream/shared/testing";
import { expect, test } from "vitest";
import { checkJpeg } from "./jpeg.ts";
import { simulatedEmergency, simulatedFrames, simulatedWeather } from "./simulated-sources.ts";
import { recordingSink } from "./testing/recording-sink.ts";

const rig = (more: Partial<BenchOptions> = { duration: minutes(5) }) => {
  const clock = new VirtualClock();
  const bench = new Bench({
    clock,
    route: new Route(OMAHA_TO_DES_MOINES),
    seed: 7,
    pace: 60,
    ...more,
  });
  return { clock, bench, signal: new AbortController().signal };
};

test("synthetic pictures are whole, far below the limit, one each interval of the trip's time, and end with it", async () => {
  const { clock, bench, signal } = rig();
  const frames = simulatedFrames(bench, seconds(60));
  const pictures: Uint8Array[] = [];
  const run = async (): Promise<void> => {
    for (;;) {
      const frame = await frames.next(signal);
      if (frame === "ended") return;
      if ("trigger" in frame) pictures.push(frame.bytes);
    }
  };
  const ended = run();
  await clock.advance(15_000);
  await ended;
  expect(pictures.length).toBeGreaterThanOrEqual(5);
  expect(pictures.length).toBeLessThanOrEqual(6);
  for (const picture of pictures) {
    expect(checkJpeg(picture)).toMatchObject({ ok: true, widthPx: 320, heightPx: 180 });
    expect(picture.length).toBeLessThan(MAX_PICTURE_BYTES / 4);
  }
  // They show what was at that moment: no two are the same.
  expect(new Set(pictures.map((picture) => Buffer.from(picture).toString("base64"))).size).toBe(
    pictures.length,
  );
});

test("weather comes at once and each interval of the trip's time, stamped with it", async () => {
  const { clock, bench, signal } = rig();
  const sink = recordingSink();
  const ended = simulatedWeather(bench, clock, seconds(120)).run(sink, signal);
  await clock.advance(15_000);
  expect(await ended).toBe("ended");
  const times = sink.readings.map(({ capturedAt, clock: by }) => [by, capturedAt ?? 0] as const);
  expect(times.length).toBeGreaterThanOrEqual(3);
  expect(times.every(([by]) => by === "simulated")).toBe(true);
  const gaps = times.slice(1).map(([, at], index) => at - times[index]![1]);
  for (const gap of gaps) expect(Math.abs(gap - 120_000)).toBeLessThan(2000);
});

test("an incident of the trip is active, then resolved, under one id", async () => {
  const { clock, bench, signal } = rig({ incidents: "each" });
  const sink = recordingSink();
  const ended = simulatedEmergency(bench, clock).run(sink, signal);
  // Something reads the trip's time on.
  const weather = simulatedWeather(bench, clock, minutes(10)).run(recordingSink(), signal);
  await clock.advance(minutes(5));
  await Promise.all([ended, weather]);
  const byId = new Map<string, string[]>();
  for (const reading of sink.readings)
    if (reading.stream === "emergency_data")
      byId.set(reading.columns.incident_id, [
        ...(byId.get(reading.columns.incident_id) ?? []),
        reading.columns.status,
      ]);
  expect(byId.size).toBeGreaterThan(2);
  for (const statuses of byId.values()) expect(statuses).toEqual(["active", "resolved"]);
});
