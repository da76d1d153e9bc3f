import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import {
  hours,
  isoTime,
  MemoryMetrics,
  parseCommand,
  seconds,
  seededRandom,
  silentLogger,
  unixMillis,
  type UnixMillis,
} from "@roadstream/shared";
import { VirtualClock } from "@roadstream/shared/testing";
import { expect, test, vi } from "vitest";
import { BestClock } from "../clock/best-clock.ts";
import type { MachineTime } from "../clock/vouched-time.ts";
import { agentCommand } from "../config.ts";
import { AgentVoice } from "../events/agent-voice.ts";
import { rmc } from "../nmea/testing/bodies.ts";
import { sentence } from "../nmea/testing/make-sentence.ts";
import { LastFix } from "../sources/last-fix.ts";
import { ReadingIntake } from "../sources/reading-intake.ts";
import { parseSourceSpec, type SourceFlag, type SourceSpec } from "../sources/source-spec.ts";
import { MemoryDisk, MemorySegmentStore } from "../testing/memory-segment-store.ts";
import { openTestOutbox } from "../testing/open-test-outbox.ts";
import { openSources } from "./open-sources.ts";

const NOON = Date.UTC(2026, 8, 1, 12);

const agentValues = () => {
  const argv = ["--vehicle", "car-1", "--mqtt", "mqtt://127.0.0.1", "--data", "unused"];
  const parsed = parseCommand(agentCommand, { argv, env: {}, readFile: () => "" });
  if (parsed.kind !== "run") throw new Error("the command line is right");
  return parsed.values;
};

/** A receiver behind a socket, and everything between it and the outbox, put together as the agent does. */
const receiver = async (system: { machine: MachineTime["source"] | null }) => {
  const clock = new VirtualClock({ now: NOON });
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const specs = Object.fromEntries(
    (["gps", "obd", "camera", "weather", "emergency"] as const).map((flag) => [
      flag,
      parseSourceSpec(
        flag,
        flag === "gps" ? `tcp://127.0.0.1:${(server.address() as AddressInfo).port}` : null,
      ),
    ]),
  ) as Readonly<Record<SourceFlag, SourceSpec>>;
  const machineTime = (): MachineTime | null =>
    system.machine === null ? null : { at: clock.now(), source: system.machine };
  const bestClock = new BestClock({ clock, machineTime, tripTime: null });
  const disk = new MemoryDisk();
  const { outbox } = openTestOutbox({ store: new MemorySegmentStore(disk), clock });
  const voice = new AgentVoice({ outbox, clock, bestClock });
  const metrics = new MemoryMetrics();
  const lastFix = new LastFix();
  const common = { clock, metrics, logger: silentLogger, lastFix };
  const intake = new ReadingIntake({ ...common, outbox, bestClock, incidents: null, voice });
  const [opened] = openSources({
    ...common,
    values: agentValues(),
    specs,
    bench: null,
    machineTime,
    path: (text) => text,
    random: seededRandom(1),
  });
  const stop = new AbortController();
  const ended = opened!.source.run(intake.sink("live"), stop.signal);
  const [line] = (await once(server, "connection")) as [NodeJS.WritableStream];
  let said = 0;
  return {
    clock,
    /** The receiver says what time it is, once, and a second passes. */
    second: async (at: number, status: "A" | "V"): Promise<void> => {
      const text = isoTime(unixMillis(at));
      const date = text.slice(8, 10) + text.slice(5, 7) + text.slice(2, 4);
      const mode = status === "A" ? "A" : "N";
      line.write(sentence(rmc(text.slice(11, 19).replaceAll(":", ""), { status, date, mode })));
      said += 1;
      await vi.waitUntil(
        () => metrics.value("roadstream_agent_gps_sentences_total", { type: "RMC" }) === said,
        { timeout: 5000, interval: 1 },
      );
      await clock.advance(seconds(1));
    },
    stamp: () => bestClock.stamp(clock.uptime()),
    /** How far the newest row's time of capture is from the true one; null where it has none. */
    lastRowIsOffMs: (): number | null => {
      const text = disk.segments
        .findLast(({ stream }) => stream === "gps_data")!
        .text.split("\n")
        .at(-1)!;
      const at = (JSON.parse(text) as { captured_at?: string }).captured_at;
      return at === undefined ? null : Date.parse(at) - (clock.now() - seconds(1));
    },
    [Symbol.asyncDispose]: async (): Promise<void> => {
      stop.abort();
      await ended;
      server.close();
    },
  };
};

const isNear = (at: UnixMillis | null, now: number): boolean =>
  at !== null && Math.abs(at - now) <= seconds(2);

test.each([null, "ntp", "rtc"] as const)(
  "after thirty hours of sleep the receiver is believed again, whether the machine's clock is %s",
  async (machine) => {
    const system: { machine: MachineTime["source"] | null } = { machine: null };
    await using rig = await receiver(system);
    for (let s = 0; s < 5; s += 1) await rig.second(rig.clock.now(), "A");
    expect(rig.lastRowIsOffMs()).toBe(0);
    // Asleep, the monotonic clock stands still.
    rig.clock.jumpWall(hours(30));
    system.machine = machine;
    for (let s = 0; s < 12; s += 1) await rig.second(rig.clock.now(), "A");
    expect(rig.lastRowIsOffMs()).toBe(0);
    expect(rig.stamp().clock).toBe("gnss");
    expect(isNear(rig.stamp().capturedAt, rig.clock.now())).toBe(true);
  },
);

test("a cold receiver's flat clock is not believed, its first fix is", async () => {
  await using rig = await receiver({ machine: null });
  for (let s = 0; s < 12; s += 1) await rig.second(Date.UTC(2026, 0, 2, 0, 0, s), "V");
  expect(rig.lastRowIsOffMs()).toBe(null);
  expect(rig.stamp()).toMatchObject({ capturedAt: null, clock: "unsynced" });
  await rig.second(rig.clock.now(), "A");
  expect(rig.lastRowIsOffMs()).toBe(0);
  expect(isNear(rig.stamp().capturedAt, rig.clock.now())).toBe(true);
});

test("time servers that answer later put a wrong receiver right, row by row", async () => {
  const system: { machine: MachineTime["source"] | null } = { machine: null };
  await using rig = await receiver(system);
  const isSlow = hours(5);
  for (let s = 0; s < 3; s += 1) await rig.second(rig.clock.now() - isSlow, "A");
  expect(rig.lastRowIsOffMs()).toBe(0 - isSlow);
  system.machine = "ntp";
  expect(rig.stamp()).toMatchObject({ capturedAt: rig.clock.now(), clock: "ntp" });
  await rig.second(rig.clock.now() - isSlow, "A");
  expect(rig.lastRowIsOffMs()).toBe(0);
});
