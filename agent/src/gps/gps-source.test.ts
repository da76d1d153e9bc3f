import {
  MemoryMetrics,
  RoadstreamError,
  seededRandom,
  silentLogger,
  type OpenByteChannel,
} from "@roadstream/shared";
import { VirtualClock } from "@roadstream/shared/testing";
import { afterEach, describe, expect, it } from "vitest";
import { gga, gsa, rmc, zda } from "../nmea/testing/bodies.ts";
import { latin1, sentence } from "../nmea/testing/make-sentence.ts";
import type { SampledReadingOf, SourceEvents } from "../ports.ts";
import { CLOSE_DEADLINE, OPEN_DEADLINE } from "../sources/channel-deadline.ts";
import { GPS_SILENCE, GpsSource, type GpsSourceOptions } from "./gps-source.ts";
import { scriptedChannel, type ScriptedChannel, type Step } from "./testing/scripted-channel.ts";

const NOW = Date.UTC(2026, 0, 24, 10, 11, 12);
const bytes = (...bodies: readonly string[]): Step => ({ bytes: latin1(bodies.map(sentence).join("")) });
const cycle = (time: string): Step => bytes(rmc(time), gga(time), gsa("3"));

const SILENT: Step = { silent: true };
/** 9600 baud read at another rate. */
const GARBAGE: Step = { bytes: latin1("\u00f8\u0080\u0000x\u00fe".repeat(20)) };

interface Rig {
  readonly clock: VirtualClock;
  readonly metrics: MemoryMetrics;
  readonly rows: SampledReadingOf<"gps_data">[];
  readonly log: string[];
  readonly channels: ScriptedChannel[];
  readonly ended: Promise<string>;
  readonly stop: AbortController;
  /** Holds back the acceptance of readings until the given promise resolves. */
  hold: Promise<void>;
}

let running: Rig | null = null;
afterEach(async () => {
  running?.stop.abort();
  await running?.ended;
  running = null;
});

/** A source whose channels play these scripts one after the other; `null` is a device that cannot be opened. */
const start = (
  scripts: readonly (readonly Step[] | null)[],
  options: Partial<GpsSourceOptions> = {},
): Rig => {
  const clock = new VirtualClock({ now: NOW });
  const metrics = new MemoryMetrics();
  const channels: ScriptedChannel[] = [];
  const rows: SampledReadingOf<"gps_data">[] = [];
  const log: string[] = [];
  const stop = new AbortController();
  let opened = 0;
  const open: OpenByteChannel = () => {
    const script = scripts[opened];
    opened += 1;
    if (script === null || script === undefined)
      return Promise.reject(new RoadstreamError("channel_lost", "no device"));
    const channel = scriptedChannel(clock, script);
    channels.push(channel);
    return Promise.resolve(channel);
  };
  const source = new GpsSource({
    open,
    mode: "live",
    clock,
    random: seededRandom(1),
    logger: silentLogger,
    metrics,
    machineTime: () => ({ at: clock.now(), source: "ntp" }),
    ...options,
  });
  const sink: SourceEvents = {
    reading: async (reading) => {
      if (reading.stream === "gps_data") rows.push(reading);
      await rig.hold;
    },
    keep: () => Promise.resolve("kept"),
    lost: (name, reason) => log.push(`${name} lost: ${reason}`),
    back: (name) => log.push(`${name} back`),
  };
  const rig: Rig = {
    clock,
    metrics,
    rows,
    log,
    channels,
    stop,
    hold: Promise.resolve(),
    get ended() {
      return ended;
    },
  };
  const ended = source.run(sink, stop.signal);
  running = rig;
  return rig;
};

describe("GpsSource, live", () => {
  it("gives a row as soon as the epoch is over: by the next time or by 0.3 s of silence", async () => {
    const { clock, rows } = start([
      [cycle("101112.00"), { waitMs: 1000 }, cycle("101113.00"), { silent: true }],
    ]);
    await clock.advance(299);
    expect(rows).toHaveLength(0);
    await clock.advance(1);
    expect(rows).toEqual([
      {
        stream: "gps_data",
        capturedAt: NOW,
        clock: "gnss",
        clockErrorMs: 1,
        uptime: 1000,
        columns: {
          fix_at: "2026-01-24T10:11:12.000Z",
          fix: "3d",
          latitude: 41.25,
          longitude: -93.5,
          altitude_m: 310.2,
          speed_kmh: 18.52,
          heading_deg: 87.1,
          satellites_used: 9,
          hdop: 0.9,
          vehicle_type: null,
        },
      },
    ]);
    await clock.advance(1000);
    expect(rows.map(({ uptime }) => uptime)).toEqual([1000, 2000]);
  });

  it("keeps the row and says unsynced where the date is of a wrong era", async () => {
    const { clock, rows } = start([
      [
        bytes(rmc("000012.00", { status: "V", date: "060180" })),
        { waitMs: 1000 },
        bytes(rmc("101113.00", { date: "100606" })),
        { silent: true },
      ],
    ]);
    await clock.advance(2000);
    expect(rows.map(({ capturedAt, clock: name, clockErrorMs }) => [capturedAt, name, clockErrorMs])).toEqual(
      [
        [null, "unsynced", null],
        [null, "unsynced", null],
      ],
    );
    expect(rows.map(({ columns }) => [columns.fix_at, columns.fix, columns.latitude])).toEqual([
      [null, "none", null],
      ["2006-06-10T10:11:13.000Z", "2d", 41.25],
    ]);
  });

  it("replaces a lost channel by a new one, and says so once each way", async () => {
    const { clock, rows, log, channels } = start([
      [cycle("101112.00"), { fail: "channel_lost" }],
      null,
      null,
      [cycle("101120.00"), { silent: true }],
    ]);
    await clock.advance(200);
    expect(log).toEqual(["gps lost: channel_lost"]);
    expect(channels[0]?.isClosed).toBe(true);
    await clock.advance(5000);
    expect(log).toEqual(["gps lost: channel_lost", "gps back"]);
    expect(rows.map(({ columns }) => columns.fix_at)).toEqual([
      "2026-01-24T10:11:12.000Z",
      "2026-01-24T10:11:20.000Z",
    ]);
  });

  it("says that a device is missing from the start", async () => {
    const { clock, log } = start([null]);
    await clock.advance(100);
    expect(log).toEqual(["gps lost: open_failed"]);
  });

  it("gives up a port that never opens, tries again for ever, and says so once", async () => {
    let opened = 0;
    const open = (): Promise<never> => {
      opened += 1;
      return new Promise(() => undefined);
    };
    const { clock, log, stop, ended } = start([], { open });
    await clock.advance(OPEN_DEADLINE - 1);
    expect([opened, log]).toEqual([1, []]);
    await clock.advance(3_600_000);
    expect(opened).toBeGreaterThan(60);
    expect(log).toEqual(["gps lost: open_failed"]);
    stop.abort();
    expect(await ended).toBe("ended");
  });

  it("closes a channel that opens after it was given up", async () => {
    const late = Promise.withResolvers<ScriptedChannel>();
    const { clock } = start([], { open: () => late.promise });
    await clock.advance(OPEN_DEADLINE);
    const channel = scriptedChannel(clock, [SILENT]);
    late.resolve(channel);
    await clock.settle();
    expect(channel.isClosed).toBe(true);
  });

  it("leaves a port behind that never closes", async () => {
    const { clock, rows, channels } = start([
      [cycle("101112.00"), { fail: "channel_lost" }],
      [cycle("101120.00"), SILENT],
    ]);
    channels[0]![Symbol.asyncDispose] = () => new Promise<void>(() => undefined);
    await clock.advance(CLOSE_DEADLINE - 1);
    expect(channels).toHaveLength(1);
    await clock.advance(2000);
    expect(channels).toHaveLength(2);
    expect(rows).toHaveLength(2);
  });

  it("ends with a channel that ends for good, and keeps its last epoch", async () => {
    const { clock, log, rows, ended } = start([[cycle("101112.00")]]);
    await clock.advance(100);
    await expect(ended).resolves.toBe("ended");
    expect(rows).toHaveLength(1);
    expect(log).toEqual([]);
  });

  it.each([
    ["silent", SILENT, "silent"],
    ["at the wrong baud rate", GARBAGE, "no_nmea"],
  ])("replaces a channel that is %s", async (_, step, reason) => {
    const { clock, log, channels, rows } = start([
      [cycle("101112.00"), { waitMs: 500 }, step, { silent: true }],
      [cycle("101130.00"), { silent: true }],
    ]);
    await clock.advance(GPS_SILENCE - 1);
    expect(log).toEqual([]);
    await clock.advance(1);
    expect(log).toEqual([`gps lost: ${reason}`]);
    expect(channels[0]?.isClosed).toBe(true);
    await clock.advance(1000);
    expect(log).toEqual([`gps lost: ${reason}`, "gps back"]);
    expect(rows).toHaveLength(2);
  });

  it("loses nothing while the outbox is slow: what waited to be read is not late", async () => {
    let release = (): void => undefined;
    const rig = start([
      [
        bytes(rmc("101112.00"), rmc("101113.00")),
        { waitMs: 10 },
        bytes(gga("101113.00"), gsa("3"), rmc("101114.00")),
        SILENT,
      ],
    ]);
    rig.hold = new Promise((resolve) => (release = resolve));
    await rig.clock.advance(5000);
    expect(rig.rows).toHaveLength(1);
    rig.hold = Promise.resolve();
    release();
    await rig.clock.advance(1000);
    expect(rig.rows.map(({ columns }) => [columns.fix_at?.slice(17, 19), columns.altitude_m])).toEqual([
      ["12", null],
      ["13", 310.2],
      ["14", null],
    ]);
  });

  it("ends when told to, whatever it waits for", async () => {
    for (const script of [[[SILENT]], [null]]) {
      const { clock, stop, ended } = start(script);
      await clock.advance(50);
      stop.abort();
      await expect(ended).resolves.toBe("ended");
    }
  });

  it("counts what it dropped and why, over all channels", async () => {
    const garbage = latin1("garbage$GPRMC,1*00\r\n");
    const { clock, metrics } = start([
      [{ bytes: garbage }, cycle("101112.00"), bytes("GPGGA,1"), { fail: "channel_lost" }],
      [{ bytes: garbage }, cycle("101120.00"), { silent: true }],
    ]);
    await clock.advance(3000);
    const value = (name: string, labels: Record<string, string> = {}): number =>
      metrics.value(`roadstream_agent_gps_${name}_total`, labels);
    expect(value("discarded_bytes", { reason: "between_sentences" })).toBe(14);
    expect(value("discarded_bytes", { reason: "checksum_wrong" })).toBe(22);
    expect(value("sentences", { type: "RMC" })).toBe(2);
    expect(value("refused_sentences", { reason: "field_count" })).toBe(1);
    expect(value("readings", { fix: "3d" })).toBe(2);
    expect(value("epochs")).toBe(2);
  });
});

describe("GpsSource, replay", () => {
  it("reads a capture to its end, one row per epoch, and waits for each to be accepted", async () => {
    const rig = start(
      [[cycle("101112.00"), cycle("101113.00"), bytes(zda("101114.00")), cycle("101115.00")]],
      { mode: "replay" },
    );
    let release = (): void => undefined;
    rig.hold = new Promise((resolve) => (release = resolve));
    await rig.clock.settle();
    expect(rig.rows).toHaveLength(1);
    release();
    await expect(rig.ended).resolves.toBe("ended");
    expect(rig.rows.map(({ columns }) => columns.fix_at?.slice(17, 19))).toEqual(["12", "13", "15"]);
    expect(rig.log).toEqual([]);
  });

  it("keeps an epoch whole that a slow reader sees in two pieces", async () => {
    const { clock, rows, ended } = start(
      [[bytes(rmc("101112.00")), { waitMs: 60_000 }, bytes(gga("101112.00"), gsa("3"))]],
      { mode: "replay" },
    );
    await clock.advance(60_000);
    await ended;
    expect(rows.map(({ columns }) => columns.altitude_m)).toEqual([310.2]);
  });

  it("reports a past year as the receiver said it, and does not take it for the time of capture", async () => {
    const { rows, ended } = start([[bytes(rmc("101112.00", { date: "231207" }))]], { mode: "replay" });
    await ended;
    expect(rows).toMatchObject([
      { capturedAt: null, clock: "unsynced", columns: { fix_at: "2007-12-23T10:11:12.000Z", fix: "2d" } },
    ]);
  });

  it("calls the time simulated behind the bench", async () => {
    const { rows, ended } = start([[cycle("101112.00")]], {
      mode: "replay",
      clockName: "simulated",
      vehicleType: "car",
    });
    await ended;
    expect(rows).toMatchObject([{ capturedAt: NOW, clock: "simulated", columns: { vehicle_type: "car" } }]);
  });

  it("ends, and is not read again, where the capture breaks off", async () => {
    const broken: Step = { fail: "channel_lost" };
    const { rows, log, ended } = start([[cycle("101112"), broken], [cycle("101112")]], { mode: "replay" });
    expect(await ended).toBe("ended");
    expect(rows).toHaveLength(1);
    expect(log).toEqual(["gps lost: channel_lost"]);
  });

  it("counts a claimed fix at (0, 0), and keeps the row without it", async () => {
    const zero = rmc("101112", { position: "0000.0000,N,00000.0000,E" });
    const { rows, metrics, ended } = start([[bytes(zero)]], { mode: "replay" });
    await ended;
    expect(rows[0]?.columns).toMatchObject({ fix: "none", latitude: null, longitude: null });
    expect(metrics.value("roadstream_agent_gps_doubted_fixes_total", { reason: "null_island" })).toBe(1);
  });

  it("fails where the capture cannot be read", async () => {
    const rig = start([null], { mode: "replay" });
    await expect(rig.ended).rejects.toMatchObject({ code: "channel_lost" });
    running = null;
  });
});
