import {
  isoTime,
  MemoryMetrics,
  seededRandom,
  silentLogger,
  unixMillis,
  uptimeMillis,
} from "@roadstream/shared";
import { VirtualClock } from "@roadstream/shared/testing";
import { expect, test } from "vitest";
import { BestClock } from "../clock/best-clock.ts";
import type { MachineTime } from "../clock/vouched-time.ts";
import { AgentVoice } from "../events/agent-voice.ts";
import { MemoryDisk, MemorySegmentStore } from "../testing/memory-segment-store.ts";
import { openTestOutbox } from "../testing/open-test-outbox.ts";
import { gpsSample, pictureSample } from "../testing/sample-readings.ts";
import { IncidentWatch } from "./incident-watch.ts";
import { LastFix } from "./last-fix.ts";
import { MAX_ON_THE_WAY, ReadingIntake } from "./reading-intake.ts";

const rig = (options: { machineTime?: () => MachineTime | null; watches?: boolean } = {}) => {
  const clock = new VirtualClock();
  const disk = new MemoryDisk();
  const store = new MemorySegmentStore(disk);
  const { outbox } = openTestOutbox({ store, clock });
  const metrics = new MemoryMetrics();
  const random = seededRandom(1);
  const bestClock = new BestClock({
    clock,
    machineTime: options.machineTime ?? (() => null),
    tripTime: null,
  });
  const intake = new ReadingIntake({
    outbox,
    bestClock,
    lastFix: new LastFix(),
    incidents: options.watches === true ? new IncidentWatch({ clock, random }) : null,
    voice: new AgentVoice({ outbox, clock, bestClock }),
    metrics,
    logger: silentLogger,
  });
  const rows = (stream: string): Record<string, unknown>[] =>
    disk.segments
      .filter((segment) => segment.stream === stream)
      .flatMap(({ text }) => text.split("\n").map((line) => JSON.parse(line) as Record<string, unknown>));
  const count = (what: string, labels: Record<string, string>): number =>
    metrics.value(`roadstream_agent_readings_${what}_total`, labels);
  return { clock, store, outbox, intake, rows, count };
};

const NOON = unixMillis(Date.UTC(2026, 5, 1, 12));

test("a source lost and back is said in agent_events", async () => {
  const { intake, rows } = rig();
  const sink = intake.sink("live");
  sink.lost("gps", "channel_lost");
  sink.back("gps");
  await intake.durable();
  expect(rows("agent_events")).toMatchObject([
    { seq: 1, kind: "source_lost", reason: "channel_lost", detail: "gps" },
    { seq: 2, kind: "source_back", detail: "gps" },
  ]);
});

test("a picture gets the time and the position of now, where they are known and young", async () => {
  const { intake, rows } = rig();
  const sink = intake.sink("live");
  await sink.keep({ ...pictureSample(10), uptime: uptimeMillis(1000) });
  await sink.reading(
    gpsSample({ capturedAt: NOON, clock: "gnss", clockErrorMs: 1, uptime: uptimeMillis(2000) }),
  );
  await sink.keep({ ...pictureSample(10), uptime: uptimeMillis(6999) });
  await sink.keep({ ...pictureSample(10), uptime: uptimeMillis(7000) });
  const [early, young, old] = rows("traffic_data");
  expect(early).toMatchObject({ clock: "unsynced" });
  expect(early).not.toHaveProperty("latitude");
  expect(young).toMatchObject({
    captured_at: "2026-06-01T12:00:04.999Z",
    clock: "gnss",
    latitude: 41.5868,
    longitude: -93.625,
  });
  expect(old).not.toHaveProperty("latitude");
});

test("nothing of now is filled into a replay, nor learned from it", async () => {
  const { intake, rows } = rig({ machineTime: () => ({ at: NOON, source: "ntp" }) });
  const replay = intake.sink("replay");
  await replay.reading(gpsSample({ capturedAt: unixMillis(Date.UTC(2020, 5, 1)), clock: "gnss" }));
  await replay.reading(gpsSample());
  await intake.durable();
  expect(rows("gps_data").map(({ clock }) => clock)).toEqual(["gnss", "unsynced"]);
  expect(rows("agent_events")).toEqual([]);
  await intake.sink("live").keep(pictureSample(10));
  expect(rows("traffic_data")).toMatchObject([{ clock: "ntp" }]);
});

test("an incident that is seen in the readings follows them, with the position", async () => {
  const { intake, rows } = rig({ watches: true });
  const sink = intake.sink("live");
  for (const [second, speed] of [90, 0, 0].entries())
    await sink.reading(
      gpsSample({}, { speed_kmh: speed, fix_at: isoTime(unixMillis(NOON + second * 1000)) }),
    );
  await intake.durable();
  expect(rows("emergency_data")).toMatchObject([{ type: "accident", status: "active", latitude: 41.5868 }]);
});

test("what breaks the contract is refused by name and counted, and harms nothing else", async () => {
  const { intake, rows, count } = rig();
  const sink = intake.sink("live");
  await sink.reading(gpsSample({}, { speed_kmh: Number.NaN }));
  await sink.reading(gpsSample({}, { latitude: 91 }));
  await sink.reading(gpsSample({}, { longitude: null }));
  await sink.reading(gpsSample());
  await intake.durable();
  expect(rows("gps_data")).toHaveLength(1);
  expect(count("received", { stream: "gps_data" })).toBe(4);
  expect(count("accepted", { stream: "gps_data" })).toBe(1);
  expect(count("refused", { stream: "gps_data", reason: "half_position" })).toBe(1);
  expect(count("refused", { stream: "gps_data", reason: "out_of_range" })).toBe(1);
});

test("a full disk refuses readings, counts them, and takes them again when it has room", async () => {
  const { intake, rows, count, store } = rig();
  const sink = intake.sink("live");
  store.fault = "full";
  expect(await sink.keep(gpsSample())).toBe("refused");
  store.fault = null;
  expect(await sink.keep(gpsSample())).toBe("kept");
  expect(rows("gps_data")).toMatchObject([{ seq: 1 }]);
  expect(count("refused", { stream: "gps_data", reason: "storage" })).toBe(1);
});

test("a fast source is held back by the disk, so that little is on its way", async () => {
  const { intake, outbox } = rig();
  const sink = intake.sink("replay");
  let given = 0;
  const replay = async (): Promise<void> => {
    for (; given < 5000; given += 1) await sink.reading(gpsSample());
  };
  const done = replay();
  for (let n = 0; n < 100; n += 1) await Promise.resolve();
  expect(given).toBeLessThan(MAX_ON_THE_WAY);
  await done;
  await intake.durable();
  expect(outbox.usage().records).toBe(5000);
});

test("the moment the time becomes known is said once, by whom, and again only when it jumps", async () => {
  let ntp: MachineTime | null = null;
  const { clock, intake, rows } = rig({ machineTime: () => ntp });
  const sink = intake.sink("live");
  const fixAt = (uptimeS: number, at: number) =>
    sink.reading(
      gpsSample({
        capturedAt: unixMillis(at),
        clock: "gnss",
        clockErrorMs: 1,
        uptime: uptimeMillis(uptimeS * 1000),
      }),
    );
  await sink.keep({ ...pictureSample(10), uptime: clock.uptime() });
  ntp = { at: NOON, source: "ntp" };
  await sink.keep({ ...pictureSample(10), uptime: clock.uptime() });
  await sink.keep({ ...pictureSample(10), uptime: clock.uptime() });
  await fixAt(2, NOON + 1500);
  await fixAt(3, NOON + 2000);
  await fixAt(4, NOON + 7500);
  await intake.durable();
  const told = rows("agent_events");
  expect(told.map(({ kind, reason }) => [kind, reason])).toEqual([
    ["clock_corrected", "came_to_be"],
    ["clock_corrected", "jumped"],
  ]);
  expect(told.map(({ detail }) => JSON.parse(String(detail)) as unknown)).toEqual([
    { uptime_ms: 1000, utc: "2026-06-01T12:00:00.000Z", clock: "ntp" },
    { uptime_ms: 4000, utc: "2026-06-01T12:00:07.500Z", clock: "gnss" },
  ]);
  expect(rows("traffic_data").map(({ clock: by }) => by)).toEqual(["unsynced", "ntp", "ntp"]);
});
