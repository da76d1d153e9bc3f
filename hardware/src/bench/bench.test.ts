import { isRoadstreamError, millis, seconds, unixMillis } from "@roadstream/shared";
import { VirtualClock } from "@roadstream/shared/testing";
import { expect, test } from "vitest";
import { geoJsonPlan } from "../route/geojson-plan.ts";
import { Route } from "../route/route.ts";
import { Bench, type BenchOptions } from "./bench.ts";
import { control } from "./control-line.ts";
import { START_GRACE } from "./trip-clock.ts";

const plan = geoJsonPlan(
  JSON.stringify({
    type: "LineString",
    coordinates: [
      [-94, 41],
      [-93.98, 41],
      [-93.97, 41.01],
    ],
  }),
  "short",
);
if (!plan.ok) throw new Error(plan.reason);
const route = new Route(plan.plan);
const NOW = Date.UTC(2026, 5, 1, 12);

const bench = (options: Partial<BenchOptions> = {}) => {
  const clock = new VirtualClock({ now: NOW });
  return { clock, bench: new Bench({ clock, route, seed: 7, pace: "max", incidents: "each", ...options }) };
};

/** Reads a channel to its end, as text. */
const listen = async (made: Bench, signal = new AbortController().signal): Promise<string> => {
  await using channel = await made.gps.open(signal);
  let text = "";
  for await (const bytes of channel.read(signal)) text += Buffer.from(bytes).toString("latin1");
  return text;
};

/** Moves the machine's clock until the work is done; each pass lets the trip make some of its moves. */
const finish = async <T>(clock: VirtualClock, work: Promise<T>): Promise<T> => {
  const state = { isDone: false };
  const watched = work.finally(() => {
    state.isDone = true;
  });
  for (let pass = 0; pass < 2000 && !state.isDone; pass += 1) await clock.advance(START_GRACE);
  expect(state.isDone).toBe(true);
  return await watched;
};

test("at full speed the receiver says every epoch, the trip ends now, and two runs say the same bytes", async () => {
  const run = async () => {
    const { clock, bench: made } = bench({ startAt: unixMillis(NOW) });
    const text = await finish(clock, listen(made));
    return { text, made };
  };
  const [first, second] = [await run(), await run()];
  expect(first.text).toBe(second.text);
  expect(first.text.match(/RMC/g)!.length).toBe(Math.floor(first.made.time.durationS));
  expect(first.made.time.over.aborted).toBe(true);
  expect(first.made.truth().distanceKm).toBeCloseTo(route.lengthM / 1000, 3);
});

test("without a given start, a trip at full speed lies in the past and ends about now", async () => {
  const { clock, bench: made } = bench();
  await finish(clock, listen(made));
  expect(Math.abs(made.tripTime() - NOW)).toBeLessThan(2000);
  expect(made.time.startAt % 1000).toBe(0);
});

test("at full speed a poller beside the receiver misses nothing, and both see the same moment", async () => {
  const { clock, bench: made } = bench();
  const seen: number[] = [];
  const poll = async (): Promise<void> => {
    using timer = made.timer();
    while (await timer.sleep(seconds(5))) {
      seen.push(made.time.tripS());
      await Promise.resolve();
      await Promise.resolve();
      expect(made.time.tripS()).toBe(seen.at(-1));
    }
  };
  const [, text] = await finish(clock, Promise.all([poll(), listen(made)]));
  expect(text.match(/RMC/g)!.length).toBe(Math.floor(made.time.durationS));
  expect(seen).toEqual(seen.map((_, index) => (index + 1) * 5));
  expect(seen.length).toBe(Math.floor(made.time.durationS / 5));
  expect(made.time.passedOver).toBe(0);
});

test("a follower that hangs is passed over, and counted", async () => {
  const { clock, bench: made } = bench();
  using hung = made.timer();
  const reading = listen(made);
  await clock.advance(10_000);
  expect(made.time.passedOver).toBeGreaterThan(1);
  expect(made.time.tripS()).toBeGreaterThan(0);
  hung[Symbol.dispose]();
  await finish(clock, reading);
});

test("at a pace, trip time runs with the clock", async () => {
  const { clock, bench: made } = bench({ pace: 60 });
  const began = made.tripTime();
  const reading = listen(made);
  await clock.advance(1000);
  expect(made.time.tripS()).toBeCloseTo(60, 6);
  expect(made.tripTime() - began).toBe(60_000);
  const realMs = (made.time.durationS * 1000) / 60;
  expect(Math.abs(began + made.time.durationS * 1000 - (NOW + realMs))).toBeLessThan(1001);
  await clock.advance(realMs);
  expect((await reading).match(/RMC/g)!.length).toBe(Math.floor(made.time.durationS));
  expect(made.time.over.aborted).toBe(true);
});

test("a duration cuts the trip off", async () => {
  const { clock, bench: made } = bench({ duration: seconds(40) });
  const text = await finish(clock, listen(made));
  expect(text.match(/GGA/g)).toHaveLength(41);
  expect(made.truth().durationS).toBe(40);
});

test.each(["max", 60] as const)(
  "a trip that begins midway at pace %s says what the whole one says from there",
  async (pace) => {
    const startAt = unixMillis(NOW);
    const whole = bench({ pace, startAt, duration: seconds(60) });
    const rest = bench({ pace, startAt, duration: seconds(60), from: seconds(30) });
    const epochs = (text: string): string[] => text.match(/\$G.RMC[^\r]*/g) ?? [];
    const all = epochs(await finish(whole.clock, listen(whole.bench)));
    const later = epochs(await finish(rest.clock, listen(rest.bench)));
    expect(later.length).toBeGreaterThanOrEqual(30);
    expect(later).toEqual(all.slice(-later.length));
    const heard: number[] = [];
    const incidents = bench({ from: seconds(1e6) });
    for await (const { at } of incidents.bench.incidents(new AbortController().signal)) heard.push(at);
    expect(heard).toEqual([]);
  },
);

test("an unplugged receiver is a lost channel; plugged in, it goes on where the trip is", async () => {
  const { clock, bench: made } = bench({ pace: 1 });
  const outcome = listen(made).catch((error: unknown) => error);
  await clock.advance(30_000);
  expect(control(made, "gps unplug").ok).toBe(true);
  expect(isRoadstreamError(await outcome, "channel_lost")).toBe(true);
  await expect(made.gps.open(new AbortController().signal)).rejects.toMatchObject({ code: "channel_lost" });
  await clock.advance(10_000);
  control(made, "gps resume");
  const stop = new AbortController();
  const reading = listen(made, stop.signal);
  await clock.advance(2000);
  stop.abort();
  const text = await reading;
  expect(text.startsWith("$")).toBe(false);
  expect(text.match(/\$GPGGA/g)).toHaveLength(3);
});

test("the adapter tells the car of the same moment, and its line ends with the trip", async () => {
  const { clock, bench: made } = bench({ pace: 1, duration: seconds(90), incidents: "none" });
  const signal = new AbortController().signal;
  const channel = await made.openObd(signal);
  let heard = "";
  const reading = (async () => {
    for await (const bytes of channel.read(signal)) heard += Buffer.from(bytes).toString("latin1");
  })();
  const ask = async (command: string): Promise<void> => {
    await channel.write(Buffer.from(`${command}\r`));
    await clock.advance(3000);
  };
  made.tripTime();
  await clock.advance(2000);
  await ask("ATE0");
  await ask("0100");
  await clock.advance(40_000);
  heard = "";
  await channel.write(Buffer.from("010D\r"));
  const truth = made.trip.carState(made.time.tripS()).speedKmh;
  await clock.advance(1000);
  const said = Number.parseInt(/41 0D ([0-9A-F]{2})/.exec(heard)?.[1] ?? "", 16);
  expect(Math.abs(said - truth)).toBeLessThanOrEqual(1);
  expect(truth).toBeGreaterThan(10);
  await clock.advance(60_000);
  await reading;
});

test("a hurried trip hurries its adapter: the protocol search of seconds does not take minutes of it", async () => {
  const { clock, bench: made } = bench({ pace: 60 });
  const signal = new AbortController().signal;
  const channel = await made.openObd(signal);
  let heard = "";
  const reading = (async () => {
    for await (const bytes of channel.read(signal)) heard += Buffer.from(bytes).toString("latin1");
  })();
  await clock.advance(20);
  await channel.write(Buffer.from("0100\r"));
  made.tripTime();
  await clock.advance(100);
  expect(heard).toContain("41 00");
  expect(made.time.tripS()).toBeLessThan(10);
  await made[Symbol.asyncDispose]();
  await reading.catch((error: unknown) => error);
});

test("incidents are told when they begin and when they are over, in order", async () => {
  const { clock, bench: made } = bench();
  const told: string[] = [];
  const follow = async (): Promise<void> => {
    for await (const event of made.incidents(new AbortController().signal)) {
      expect(event.at).toBe(made.tripTime());
      told.push(`${event.type} ${event.status}`);
    }
  };
  await finish(clock, Promise.all([follow(), listen(made)]));
  expect(told).toEqual([
    "breakdown active",
    "breakdown resolved",
    "medical active",
    "medical resolved",
    "accident active",
    "accident resolved",
  ]);
});

test("weather and pictures are of the trip's moment", async () => {
  const { clock, bench: made } = bench({ pace: 10 });
  expect(made.weather()).toMatchObject({ observedAt: made.tripTime(), stationId: "SIM001", position: null });
  await clock.advance(6000);
  const sample = made.weather();
  expect(sample.observedAt).toBe(made.time.startAt + 60_000);
  expect(sample.position).not.toBe(null);
  expect(made.frame().jpeg.length).toBeGreaterThan(3000);
});

test("closing the bench ends every wait", async () => {
  const { clock, bench: made } = bench({ pace: 1 });
  const reading = listen(made).catch((error: unknown) => error);
  using timer = made.timer();
  const sleeping = timer.sleep(millis(5000)).catch((error: unknown) => error);
  await clock.advance(100);
  await made[Symbol.asyncDispose]();
  expect(isRoadstreamError(await sleeping, "aborted")).toBe(true);
  await reading;
  expect(clock.pending).toBe(0);
});
