import { Bench, OMAHA_TO_DES_MOINES, Route } from "@roadstream/hardware";
import {
  MemoryMetrics,
  millis,
  minutes,
  parseCheckpoint,
  seconds,
  seededRandom,
  silentLogger,
  type Logger,
  type StreamName,
} from "@roadstream/shared";
import { nodeZstd } from "@roadstream/shared/adapters";
import { VirtualClock } from "@roadstream/shared/testing";
import { describe, expect, test } from "vitest";
import { AgentRun, StorageAlarm, type AgentPlan } from "./agent-run.ts";
import { BestClock } from "./clock/best-clock.ts";
import { AgentVoice } from "./events/agent-voice.ts";
import { GpsSource } from "./gps/gps-source.ts";
import { ObdSource } from "./obd/obd-source.ts";
import type { FrameGrabber, Source } from "./ports.ts";
import { CameraSource } from "./sources/camera-source.ts";
import { intervalFrames } from "./sources/interval-frames.ts";
import { LastFix } from "./sources/last-fix.ts";
import { ReadingIntake } from "./sources/reading-intake.ts";
import { sampleJpeg } from "./sources/testing/sample-jpeg.ts";
import { numbered } from "./testing/sample-readings.ts";
import { uplinkRig } from "./uplink/testing/uplink-rig.ts";

type Row = Readonly<Record<string, unknown>>;

/** A whole agent in virtual time: real sources, outbox and uplink; the bench, a line and a disk in memory around it. */
const start = async (
  makeSources: (clock: VirtualClock, metrics: MemoryMetrics) => readonly Source[],
  plan: Partial<AgentPlan> = {},
) => {
  const clock = new VirtualClock();
  const rig = uplinkRig({ clock });
  const metrics = new MemoryMetrics();
  const random = seededRandom(5);
  const bestClock = new BestClock({ clock, machineTime: () => null, tripTime: null });
  const voice = new AgentVoice({ outbox: rig.outbox, clock, bestClock });
  const lastFix = new LastFix();
  const warned: string[] = [];
  const logger: Logger = { ...silentLogger, warn: (event) => void warned.push(event) };
  const intake = new ReadingIntake({
    outbox: rig.outbox,
    bestClock,
    lastFix,
    incidents: null,
    voice,
    metrics,
    logger,
  });
  const sources = makeSources(clock, metrics).map((source) => ({ source, time: "live" as const }));
  const { outbox, uplink } = rig;
  const agent = new AgentRun(
    { outbox, uplink, intake, voice, sources, clock, random, logger, metrics },
    { duration: null, exitWhenDrained: false, about: { started: "{}", config: "{}" }, ...plan },
  );
  const stop = new AbortController();
  let endedAt: number | null = null;
  const done = agent.run(stop.signal, () => undefined).then(() => (endedAt = clock.uptime()));
  await clock.settle();
  /** Every record that the broker got, by stream. */
  const arrived = (stream: StreamName): Row[] =>
    rig.broker.deliveries
      .filter(({ run }) => run?.stream === stream)
      .flatMap(({ payload }) => {
        const newline = payload.indexOf(0x0a);
        const { encoding } = JSON.parse(new TextDecoder().decode(payload.subarray(0, newline))) as Row;
        const body = payload.subarray(newline + 1);
        const plain = encoding === "zstd" ? (nodeZstd.decompress(body, 1e8) as Uint8Array) : body;
        return new TextDecoder()
          .decode(plain)
          .split("\n")
          .map((line) => JSON.parse(line) as Row);
      });
  /** How many records of a stream the broker got. */
  const count = (stream: StreamName): number =>
    rig.broker.records.filter((record) => record.startsWith(`${stream}/`)).length;
  return { clock, rig, stop, done, warned, arrived, count, endedAt: () => endedAt };
};

const events = (rows: readonly Row[]): string[] =>
  rows.map(({ kind, detail, reason }) =>
    [kind, kind === "checkpoint" ? undefined : detail, reason].filter(Boolean).join(" "),
  );

describe("sources fail and come back alone", () => {
  const car = (clock: VirtualClock, metrics: MemoryMetrics) => {
    const bench = new Bench({ clock, route: new Route(OMAHA_TO_DES_MOINES), seed: 3, pace: 1 });
    const parts = { clock, random: seededRandom(2), logger: silentLogger, metrics };
    const camera: { isHung: boolean } = { isHung: false };
    const jpeg = sampleJpeg();
    const grab = async () => {
      if (!camera.isHung) return jpeg;
      await clock.sleep(seconds(15));
      return { failure: "hung" as const, cause: new Error("no answer") };
    };
    const frames: FrameGrabber = intervalFrames({ grab, interval: seconds(5), clock });
    const sources: Source[] = [
      new GpsSource({ ...parts, open: bench.gps.open, mode: "live", machineTime: () => null }),
      new ObdSource({
        ...parts,
        open: bench.openObd,
        car: { make: null, model: null, year: null, fuelType: null },
        lastFix: () => null,
      }),
      new CameraSource({
        ...parts,
        frames,
        cameraId: "front",
        toBase64: (bytes) => Buffer.from(bytes).toString("base64"),
      }),
    ];
    return { bench, camera, sources };
  };

  test("an unplugged receiver, a pulled adapter and a hung camera, one after the other", async () => {
    let made: ReturnType<typeof car> | null = null;
    const agent = await start((clock, metrics) => (made = car(clock, metrics)).sources);
    const { bench, camera } = made!;
    const { clock, arrived, count, stop, done } = agent;
    const STREAMS = ["gps_data", "vehicle_data", "traffic_data"] as const;
    /** How many readings of each stream arrive in a quarter of a minute. */
    const quarter = async (): Promise<Record<(typeof STREAMS)[number], number>> => {
      const before = STREAMS.map(count);
      await clock.advance(15_000);
      const counts = STREAMS.map((stream, index) => [stream, count(stream) - before[index]!] as const);
      return Object.fromEntries(counts) as Record<(typeof STREAMS)[number], number>;
    };
    await clock.advance(15_000);
    const usual = await quarter();
    expect(usual.gps_data).toBeGreaterThan(11);
    expect(usual.vehicle_data).toBeGreaterThan(11);
    expect(usual.traffic_data).toBeGreaterThan(1);

    bench.gps.unplug();
    const withoutGps = await quarter();
    expect(withoutGps.gps_data).toBeLessThan(3);
    expect(withoutGps.vehicle_data).toBeGreaterThan(11);
    expect(withoutGps.traffic_data).toBeGreaterThan(1);
    bench.gps.plugIn();
    await clock.advance(20_000);

    bench.obd.unplug();
    await clock.advance(5000);
    const withoutObd = await quarter();
    expect(withoutObd.vehicle_data).toBeLessThan(3);
    expect(withoutObd.gps_data).toBeGreaterThan(11);
    bench.obd.plugIn();
    await clock.advance(40_000);

    camera.isHung = true;
    await clock.advance(20_000);
    const withoutCamera = await quarter();
    expect(withoutCamera.traffic_data).toBe(0);
    expect(withoutCamera.gps_data).toBeGreaterThan(11);
    expect(withoutCamera.vehicle_data).toBeGreaterThan(11);
    camera.isHung = false;
    await clock.advance(40_000);

    const again = await quarter();
    for (const stream of STREAMS) expect(again[stream]).toBeGreaterThan(usual[stream] - 4);
    stop.abort();
    await clock.advance(10_000);
    await done;
    const told = events(arrived("agent_events")).filter((event) => event.startsWith("source_"));
    expect(told).toEqual([
      "source_lost gps channel_lost",
      "source_back gps",
      expect.stringMatching(/^source_lost obd /),
      "source_back obd",
      "source_lost camera hung",
      "source_back camera",
    ]);
  });
});

/** Gives one reading a second. */
const ticking = (clock: VirtualClock, count = Infinity): Source => ({
  name: "gps",
  run: async (sink, signal) => {
    for (let n = 0; n < count && !signal.aborted; n += 1) {
      await sink.reading(tick(clock));
      await clock.sleep(seconds(1), signal).catch(() => undefined);
    }
    return "ended";
  },
});

const tick = (clock: VirtualClock) => ({
  stream: "weather_data" as const,
  capturedAt: null,
  clock: "unsynced" as const,
  clockErrorMs: null,
  uptime: clock.uptime(),
  columns: {
    latitude: null,
    longitude: null,
    observed_at: null,
    station_id: null,
    source: "vehicle" as const,
    temperature_c: 20,
    weather_condition: null,
    precipitation_mm_h: null,
    wind_speed_kmh: null,
    humidity_pct: null,
    aqi: null,
  },
});

describe("the agent's life", () => {
  test("drained: it ends once its sources have and everything is acknowledged, with a last checkpoint", async () => {
    const { clock, rig, done, arrived, endedAt } = await start((clock) => [ticking(clock, 5)], {
      exitWhenDrained: true,
    });
    rig.broker.connect = "unreachable";
    await clock.advance(120_000);
    expect(endedAt()).toBe(null);
    rig.broker.connect = "accept";
    await clock.advance(60_000);
    await done;
    expect(rig.outbox.usage().records).toBe(0);
    expect(arrived("weather_data")).toHaveLength(5);
    const said = arrived("agent_events");
    expect(events(said)).toEqual(["started {}", "config_applied {}", "stopped finished", "checkpoint"]);
    const own = parseCheckpoint(String(said.at(-1)?.["detail"]))?.boots.at(-1);
    expect(own).toMatchObject({
      closed: true,
      streams: { weather_data: { given: 5, acknowledged: [[1, 5]] } },
    });
  });

  test("with a duration its sources stop after it; without sources it is the agent's own", async () => {
    const withSource = await start((clock) => [ticking(clock)], {
      duration: seconds(10),
      exitWhenDrained: true,
    });
    await withSource.clock.advance(20_000);
    await withSource.done;
    expect(withSource.arrived("weather_data").length).toBeGreaterThanOrEqual(10);
    expect(withSource.arrived("weather_data").length).toBeLessThanOrEqual(11);
    const alone = await start(() => [], { duration: seconds(10), exitWhenDrained: true });
    await alone.clock.advance(9000);
    expect(alone.endedAt()).toBe(null);
    await alone.clock.advance(10_000);
    await alone.done;
  });

  test.each([
    ["the broker hears it", "accept"],
    ["the broker is away", "unreachable"],
    ["the broker does not answer", "never_answer"],
  ] as const)("told to stop, it ends within ten seconds, when %s", async (_, connect) => {
    const { clock, rig, stop, done, endedAt } = await start((clock) => [ticking(clock)]);
    rig.broker.connect = connect;
    rig.broker.cut();
    await clock.advance(30_000);
    const told = clock.uptime();
    stop.abort();
    await clock.advance(10_000);
    await done;
    expect(endedAt()! - told).toBeLessThan(10_000);
    if (connect === "accept") expect(rig.outbox.usage().records).toBe(0);
  });

  test("a source that does not let go holds nothing up", async () => {
    const stuck: Source = { name: "obd", run: () => new Promise(() => undefined) };
    const { clock, stop, done, warned, arrived } = await start((clock) => [ticking(clock), stuck]);
    await clock.advance(5000);
    stop.abort();
    await clock.advance(10_000);
    await done;
    expect(warned).toContain("sources_stop_slowly");
    expect(events(arrived("agent_events")).slice(-2)).toEqual(["stopped signal", "checkpoint"]);
  });

  test("checkpoints come each minute while connected, and one an hour while nobody hears them", async () => {
    const { clock, rig, stop, done, arrived } = await start(() => []);
    await clock.advance(minutes(5) + 1000);
    const checkpoints = (): number =>
      events(arrived("agent_events")).filter((event) => event === "checkpoint").length;
    expect(checkpoints()).toBe(5);
    rig.broker.connect = "unreachable";
    rig.broker.cut();
    await clock.advance(minutes(150));
    rig.broker.connect = "accept";
    await clock.advance(minutes(2));
    expect(checkpoints()).toBeGreaterThanOrEqual(7);
    expect(checkpoints()).toBeLessThanOrEqual(10);
    stop.abort();
    await clock.advance(10_000);
    await done;
  });
});

test("an outbox that fails for good stops the agent, and says what to do", async () => {
  const alarm = new StorageAlarm();
  expect(() => alarm.check()).not.toThrow();
  alarm.raise(new Error("disk I/O error"));
  expect(alarm.signal.aborted).toBe(true);
  expect(() => alarm.check()).toThrow(/the outbox cannot be written or read any more/);
  const { clock, rig, stop, done } = await start((clock) => [ticking(clock)]);
  await clock.advance(3000);
  rig.store.fault = "broken";
  expect(await rig.outbox.accept(numbered(1))).toEqual({ refused: "storage" });
  stop.abort();
  await clock.advance(millis(10_000));
  await done;
});
