import {
  Elm327Socket,
  ENGINE_ECU,
  IDLING_CAR,
  noFaults,
  TRANSMISSION_ECU,
  type CarState,
  type Elm327Faults,
  type VirtualElm327Options,
} from "@roadstream/hardware";
import { MemoryMetrics, millis, seededRandom, silentLogger, type ByteChannel } from "@roadstream/shared";
import { VirtualClock } from "@roadstream/shared/testing";
import { afterEach, expect, test } from "vitest";
import type { SampledReadingOf, SourceEvents } from "../ports.ts";
import { ObdSource } from "./obd-source.ts";
import { CHARGING_V } from "./parked-car.ts";

type Reading = SampledReadingOf<"vehicle_data">;

const DRIVING_CAR: CarState = {
  ...IDLING_CAR,
  speedKmh: 97,
  engineRpm: 2150,
  storedCodes: ["P0420"],
  pendingCodes: ["P0133"],
};

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

/** A source on a bench, with everything it tells and every command it writes. */
const bench = (options: Partial<VirtualElm327Options> & { car?: CarState } = {}) => {
  const clock = new VirtualClock();
  const metrics = new MemoryMetrics();
  const faults: Elm327Faults = options.faults ?? noFaults();
  const world = { car: options.car ?? DRIVING_CAR };
  const socket = new Elm327Socket({
    readCar: () => world.car,
    random: seededRandom(7),
    clock,
    chunkBytes: 5,
    ...options,
    faults,
  });
  const readings: Reading[] = [];
  const events: string[] = [];
  const commands: string[] = [];
  const open = async (signal: AbortSignal): Promise<ByteChannel> => {
    const channel = await socket.open(signal);
    return {
      name: channel.name,
      read: (signal) => channel.read(signal),
      write: (bytes) => {
        commands.push(new TextDecoder().decode(bytes));
        return channel.write(bytes);
      },
      [Symbol.asyncDispose]: () => channel[Symbol.asyncDispose](),
    };
  };
  const source = new ObdSource({
    open,
    clock,
    random: seededRandom(3),
    metrics,
    logger: silentLogger,
    car: { make: "Roadster", model: null, year: null, fuelType: "electric" },
    lastFix: () => ({ latitude: 41.26, longitude: -95.93 }),
  });
  const sink: SourceEvents = {
    reading: (reading) => {
      if (reading.stream === "vehicle_data") readings.push(reading);
      return Promise.resolve();
    },
    keep: () => Promise.resolve("kept"),
    lost: (_name, reason) => void events.push(`lost ${reason}`),
    back: () => void events.push("back"),
  };
  const abort = new AbortController();
  const ended = source.run(sink, abort.signal);
  stops.push(async () => {
    abort.abort();
    await clock.advance(10_000);
    expect(await ended).toBe("ended");
  });
  return {
    clock,
    metrics,
    faults,
    world,
    socket,
    readings,
    events,
    commands,
    last: () => readings.at(-1)?.columns,
  };
};

const expectValues = (columns: Reading["columns"] | undefined, car: CarState): void => {
  expect(columns).toMatchObject({ speed_kmh: car.speedKmh, engine_rpm: car.engineRpm, vin: car.vin });
  expect(columns?.coolant_temp_c).toBe(car.coolantTempC);
  expect(columns?.odometer_km).toBe(car.odometerKm);
};

test("a car on CAN: every column arrives, once a second, with one request for the six fast ones", async () => {
  const b = bench();
  await b.clock.advance(15_000);
  expect(b.last()).toEqual({
    latitude: 41.26,
    longitude: -95.93,
    speed_kmh: 97,
    engine_rpm: 2150,
    engine_load_pct: 21.96,
    throttle_pct: 14.12,
    coolant_temp_c: 89,
    intake_air_temp_c: 31,
    ambient_air_temp_c: 21,
    mass_air_flow_g_s: 3.2,
    fuel_level_pct: 61.96,
    fuel_rate_l_h: 0.9,
    battery_v: 14.1,
    odometer_km: 48_210.4,
    run_time_s: 640,
    mil_on: false,
    dtc_codes: "P0133 P0420",
    vin: "1M8GDM9AXKP042788",
    make: "Roadster",
    model: null,
    year: 1989,
    fuel_type: "gasoline",
  });
  expect(b.commands).toContain("010D0C0411105E\r");
  const gaps = b.readings.slice(1).map((reading, i) => reading.uptime - b.readings[i]!.uptime);
  expect(b.readings.length).toBeGreaterThan(8);
  expect(Math.max(...gaps)).toBeLessThan(1500);
  expect(b.readings[0]).toMatchObject({ capturedAt: null, clock: "unsynced", stream: "vehicle_data" });
  expect(b.events).toEqual([]);
});

test.each([
  ["29-bit CAN", { protocol: "7" }],
  ["ISO 9141-2", { protocol: "3" }],
  ["a clone that lacks half the AT commands", { model: "clone" }],
  ["a clone on ISO 9141-2", { model: "clone", protocol: "3", ecus: [ENGINE_ECU] }],
  ["an ECU that takes one PID at a time", { ecus: [{ ...ENGINE_ECU, severalPids: false }] }],
  ["NUL bytes in between", { faults: { ...noFaults(), nuls: 0.2 } }],
] as const)("%s gives the same values", async (_name, options) => {
  const b = bench({ ecus: [ENGINE_ECU, TRANSMISSION_ECU], ...options });
  await b.clock.advance(60_000);
  expectValues(b.last(), DRIVING_CAR);
  expect(b.last()?.dtc_codes).toBe("P0133 P0420");
  expect(b.events).toEqual([]);
});

test("an ECU that ignores requests for several PIDs is asked one by one after two tries", async () => {
  const b = bench({ ecus: [{ ...ENGINE_ECU, severalPids: false }] });
  await b.clock.advance(30_000);
  const several = b.commands.filter((command) => /^01([0-9A-F]{2}){2,}\r$/.test(command));
  expect(several).toHaveLength(2);
});

test("three ECUs with several frames each are kept apart, the engine's word counts, the lamp is on if any says so", async () => {
  const b = bench({
    ecus: [ENGINE_ECU, TRANSMISSION_ECU, { ...TRANSMISSION_ECU, address: 2 }],
    car: { ...DRIVING_CAR, milOn: true, storedCodes: ["P0301", "P0420", "U0100", "C0035", "B0001"] },
  });
  await b.clock.advance(20_000);
  expect(b.last()).toMatchObject({
    mil_on: true,
    dtc_codes: "B0001 C0035 P0133 P0301 P0420 U0100",
    speed_kmh: 97,
  });
});

test("a late answer answers nothing else: each value is the one asked for", async () => {
  const b = bench();
  await b.clock.advance(15_000);
  b.faults.stubborn = true;
  for (const lateMs of [2900, 3100, 3600, 4400, 5200]) {
    b.faults.lateMs = lateMs;
    await b.clock.advance(20_000);
  }
  b.faults.lateMs = 0;
  await b.clock.advance(60_000);
  for (const { columns } of b.readings) {
    expect([97, null]).toContain(columns.speed_kmh);
    expect([2150, null]).toContain(columns.engine_rpm);
    expect([14.1, null]).toContain(columns.battery_v);
  }
  expectValues(b.last(), DRIVING_CAR);
  expect(b.metrics.value("roadstream_agent_obd_outcomes_total", { outcome: "timeout" })).toBeGreaterThan(0);
});

test("a silent adapter is told lost after each request's deadline, and back when it speaks", async () => {
  const b = bench();
  await b.clock.advance(15_000);
  b.faults.mute = true;
  await b.clock.advance(60_000);
  expect(b.events).toEqual(["lost adapter_unresponsive"]);
  const before = b.readings.length;
  await b.clock.advance(120_000);
  expect(b.readings).toHaveLength(before);
  b.faults.mute = false;
  await b.clock.advance(60_000);
  expect(b.events).toEqual(["lost adapter_unresponsive", "back"]);
  expectValues(b.last(), DRIVING_CAR);
});

test("an answer that never ends is stopped at its deadline; the next request goes on", async () => {
  const b = bench();
  await b.clock.advance(10_000);
  b.faults.troubles.push("no_answer");
  await b.clock.advance(12_000);
  expectValues(b.last(), DRIVING_CAR);
  expect(b.metrics.value("roadstream_agent_obd_outcomes_total", { outcome: "timeout" })).toBe(1);
  expect(b.events).toEqual([]);
});

test.each(["no_data", "buffer_full", "can_error", "rx_error", "stopped", "lost_frame"] as const)(
  "%s costs values, never alters one, and polling goes on",
  async (trouble) => {
    const b = bench();
    await b.clock.advance(10_000);
    for (let i = 0; i < 12; i += 1) {
      b.faults.troubles.push(trouble);
      await b.clock.advance(1700);
    }
    for (const { columns } of b.readings) expect([97, null]).toContain(columns.speed_kmh);
    await b.clock.advance(20_000);
    expectValues(b.last(), DRIVING_CAR);
  },
);

test.each(["err94", "lv_reset"] as const)(
  "%s: the adapter is set up again and the readings go on",
  async (trouble) => {
    const b = bench();
    await b.clock.advance(10_000);
    b.commands.length = 0;
    b.faults.troubles.push(trouble);
    await b.clock.advance(20_000);
    expect(b.commands.filter((command) => command === "ATZ\r")).toHaveLength(1);
    expectValues(b.last(), DRIVING_CAR);
    expect(b.events).toEqual([]);
  },
);

test("an adapter that restarted between two requests is noticed before the next one", async () => {
  const b = bench();
  await b.clock.advance(10_500);
  b.commands.length = 0;
  b.socket.brownOut();
  await b.clock.advance(20_000);
  expect(b.commands.slice(0, 2)).toEqual(["\r", "ATZ\r"]);
  expectValues(b.last(), DRIVING_CAR);
});

test("unplugged in mid-answer and back: told lost, then back, nothing invented", async () => {
  const b = bench();
  await b.clock.advance(15_020);
  b.socket.unplug();
  await b.clock.advance(90_000);
  expect(b.events).toEqual(["lost channel_lost"]);
  b.socket.plugIn();
  await b.clock.advance(60_000);
  expect(b.events).toEqual(["lost channel_lost", "back"]);
  expectValues(b.last(), DRIVING_CAR);
});

test("noise on the line: some values are missing, none is wrong", async () => {
  const b = bench({ faults: { ...noFaults(), garbage: 0.01 } });
  await b.clock.advance(300_000);
  expect(b.readings.length).toBeGreaterThan(20);
  expect(b.metrics.value("roadstream_agent_obd_rejected_total", { reason: "spoiled_line" })).toBeGreaterThan(
    0,
  );
});

test("a parked car is left to sleep, and polled again when its voltage says that it starts", async () => {
  const b = bench();
  await b.clock.advance(20_000);
  b.world.car = { ...IDLING_CAR, ignition: "on", engineRpm: 0, batteryV: 12.5 };
  await b.clock.advance(180_000);
  expect(b.events).toEqual(["lost car_parked"]);
  b.commands.length = 0;
  const asleep = b.socket.adapter!.busRequests;
  await b.clock.advance(200_000);
  expect(new Set(b.commands)).toEqual(new Set(["ATRV\r"]));
  expect(b.socket.adapter!.busRequests).toBe(asleep);
  b.world.car = { ...IDLING_CAR, batteryV: CHARGING_V + 1 };
  await b.clock.advance(20_000);
  expect(b.events).toEqual(["lost car_parked", "back"]);
  expect(b.last()?.engine_rpm).toBe(780);
});

test("in a whole night a parked car's bus is touched a few times an hour at most", async () => {
  const b = bench();
  await b.clock.advance(20_000);
  b.world.car = { ...IDLING_CAR, ignition: "off", engineRpm: 0, batteryV: 12.5 };
  await b.clock.advance(600_000);
  const before = b.socket.adapter!.busRequests;
  await b.clock.advance(8 * 3_600_000);
  expect(b.socket.adapter!.busRequests - before).toBeLessThan(8 * 3);
  expect(b.events).toEqual(["lost car_silent"]);
});

test("a car that idles, or stands with a charging battery, is not taken for parked", async () => {
  const b = bench({ car: { ...IDLING_CAR, engineRpm: 0, batteryV: 14.2 } });
  await b.clock.advance(1_200_000);
  b.world.car = { ...IDLING_CAR, batteryV: 12.4 };
  await b.clock.advance(1_200_000);
  expect(b.events).toEqual([]);
});

test("before the ignition is on there is no car, soon after it there is", async () => {
  const b = bench({ car: { ...IDLING_CAR, ignition: "off", batteryV: 12.4 } });
  await b.clock.advance(60_000);
  expect(b.events).toEqual(["lost car_silent"]);
  expect(b.readings).toEqual([]);
  b.world.car = DRIVING_CAR;
  await b.clock.advance(30_000);
  expectValues(b.last(), DRIVING_CAR);
});

test("nothing but the read-only services and the listed AT commands was ever written", async () => {
  const b = bench({ faults: { ...noFaults(), garbage: 0.02 } });
  await b.clock.advance(200_000);
  const allowed = /^(AT(Z|I|E0|L0|S0|H1|CAF1|AT1|SP0|DPN|RV)|(01|02|03|07|09|0A)([0-9A-F]{2}){0,6})?\r$/;
  expect(b.commands.filter((command) => !allowed.test(command))).toEqual([]);
});

test("an adapter that cannot be opened, or hangs while it is, is tried for ever", async () => {
  const clock = new VirtualClock();
  let opened = 0;
  const events: string[] = [];
  const source = new ObdSource({
    open: () => {
      opened += 1;
      return new Promise<ByteChannel>(() => undefined);
    },
    clock,
    random: seededRandom(1),
    metrics: new MemoryMetrics(),
    logger: silentLogger,
    car: { make: null, model: null, year: null, fuelType: null },
    lastFix: () => null,
    cycle: millis(1000),
  });
  const abort = new AbortController();
  const ended = source.run(
    {
      reading: () => Promise.resolve(),
      keep: () => Promise.resolve("kept"),
      lost: (_name, reason) => void events.push(reason),
      back: () => undefined,
    },
    abort.signal,
  );
  await clock.advance(3_600_000);
  expect(opened).toBeGreaterThan(60);
  expect(events).toEqual(["open_failed"]);
  abort.abort();
  expect(await ended).toBe("ended");
});

test("a port that opens after it was given up is closed, so that it does not block the next one", async () => {
  const clock = new VirtualClock();
  let closed = 0;
  const late: ByteChannel = {
    name: "late",
    read: () => ({ [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => undefined) }) }),
    write: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(void (closed += 1)),
  };
  const source = new ObdSource({
    open: () => clock.sleep(millis(16_000)).then(() => late),
    clock,
    random: seededRandom(1),
    metrics: new MemoryMetrics(),
    logger: silentLogger,
    car: { make: null, model: null, year: null, fuelType: null },
    lastFix: () => null,
  });
  const abort = new AbortController();
  const ended = source.run(
    {
      reading: () => Promise.resolve(),
      keep: () => Promise.resolve("kept"),
      lost: () => undefined,
      back: () => undefined,
    },
    abort.signal,
  );
  await clock.advance(16_100);
  expect(closed).toBe(1);
  abort.abort();
  await clock.advance(30_000);
  expect(await ended).toBe("ended");
});

test("every request has exactly one outcome, and every byte its kind", async () => {
  const b = bench({ faults: { ...noFaults(), garbage: 0.001, nuls: 0.01 } });
  await b.clock.advance(10_000);
  b.faults.troubles.push("no_answer", "can_error", "err94");
  await b.clock.advance(60_000);
  const sum = (name: string, label: string, values: readonly string[]): number =>
    values.reduce(
      (total, value) => total + b.metrics.value(`roadstream_agent_obd_${name}_total`, { [label]: value }),
      0,
    );
  const outcomes = ["answered", "timeout", "unresponsive", "reset", "oversize"];
  expect(b.metrics.value("roadstream_agent_obd_requests_total")).toBe(sum("outcomes", "outcome", outcomes));
  expect(sum("outcomes", "outcome", ["timeout"])).toBeGreaterThan(0);
  expect(sum("bytes", "kind", ["nul"])).toBeGreaterThan(0);
  expect(sum("errors", "error", ["can_error"])).toBeGreaterThan(0);
});

test("a speed tells between which moments it was measured, however late its answer is read", async () => {
  const b = bench();
  await b.clock.advance(15_000);
  const spans = b.readings.map(({ uptime, speedBetween }) => [
    speedBetween!.to - speedBetween!.from,
    uptime - speedBetween!.from,
  ]);
  expect(spans.length).toBeGreaterThan(10);
  for (const [answered, measured] of spans) {
    expect(answered).toBeGreaterThan(0);
    expect(answered).toBeLessThan(500);
    expect(measured).toBeGreaterThanOrEqual(answered!);
  }
  const starts = b.readings.map(({ speedBetween }) => speedBetween!.from);
  expect(starts.slice(1).map((from, i) => from - starts[i]!)).toEqual(starts.slice(1).map(() => 1000));
});
