import { millis, RoadstreamError, type ByteChannel, type OpenByteChannel } from "@roadstream/shared";
import { VirtualClock } from "@roadstream/shared/testing";
import { expect, test } from "vitest";
import { geoJsonPlan } from "../route/geojson-plan.ts";
import { Route } from "../route/route.ts";
import { Bench } from "./bench.ts";
import { control } from "./control-line.ts";
import { serveBench } from "./serve-bench.ts";
import { LINE_BACKLOG_BYTES, serveLine } from "./serve-line.ts";

const plan = geoJsonPlan('{"type":"LineString","coordinates":[[-94,41],[-93.98,41]]}', "short");
if (!plan.ok) throw new Error(plan.reason);
const route = new Route(plan.plan);

/** A line in memory. `drains`: what is written is taken at once; else it waits for ever. */
class FakeLine implements ByteChannel {
  readonly name = "fake";
  readonly drains: boolean;
  heard = "";
  isLost = false;
  #queue: Uint8Array[] = [];
  #wake: () => void = () => undefined;

  constructor(options: { drains: boolean }) {
    this.drains = options.drains;
  }

  say(text: string): void {
    this.#queue.push(Buffer.from(text));
    this.#wake();
  }

  lose(): void {
    this.isLost = true;
    this.#wake();
  }

  async *read(signal: AbortSignal): AsyncIterable<Uint8Array> {
    signal.addEventListener("abort", () => this.#wake(), { once: true });
    while (!signal.aborted) {
      if (this.isLost) throw new RoadstreamError("channel_lost", "pulled");
      const next = this.#queue.shift();
      if (next === undefined) await new Promise<void>((resolve) => (this.#wake = resolve));
      else yield next;
    }
  }

  write(bytes: Uint8Array): Promise<void> {
    this.heard += Buffer.from(bytes).toString("latin1");
    return this.drains ? Promise.resolve() : new Promise(() => undefined);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

async function* none(): AsyncGenerator<string> {}

const serve = (options: { drains: boolean; tripS?: number }) => {
  const clock = new VirtualClock();
  const bench = new Bench({ clock, route, seed: 3, pace: 1, duration: millis((options.tripS ?? 90) * 1000) });
  const [gpsLine, obdLine] = [new FakeLine(options), new FakeLine(options)];
  const stop = new AbortController();
  const logger = { debug: () => undefined } as never;
  const report = serveBench(
    {
      bench,
      gpsLine: async () => gpsLine,
      obdLine: async () => obdLine,
      commands: none(),
      reply: () => undefined,
      clock,
      logger,
    },
    stop.signal,
  );
  return { clock, bench, gpsLine, obdLine, stop, report };
};

test("receiver and adapter are served until the trip is over", async () => {
  const { clock, gpsLine, obdLine, report } = serve({ drains: true });
  await clock.advance(1000);
  obdLine.say("ATRV\r");
  await clock.advance(1000);
  expect(obdLine.heard).toMatch(/ATRV\r+\n?1[34]\.\dV/);
  await clock.advance(90_000);
  const { gps, trip_s } = await report;
  expect(trip_s).toBe(90);
  expect(gpsLine.heard.match(/GPRMC/g)!.length).toBe(90);
  expect(gps).toEqual({ sentBytes: gpsLine.heard.length, droppedBytes: 0 });
});

test("a line that nobody reads loses bytes, counted, and does not stop the car", async () => {
  const { clock, gpsLine, report } = serve({ drains: false });
  await clock.advance(95_000);
  const { gps } = await report;
  expect(gpsLine.heard.length).toBeLessThanOrEqual(LINE_BACKLOG_BYTES);
  expect(gps.sentBytes).toBe(0);
  expect(gps.droppedBytes).toBeGreaterThan(LINE_BACKLOG_BYTES);
});

test("an unplugged receiver leaves a dead line; plugged in, it speaks of the trip as it is then", async () => {
  const { clock, bench, gpsLine, stop, report } = serve({ drains: true });
  await clock.advance(30_000);
  control(bench, "gps unplug");
  const before = gpsLine.heard.length;
  await clock.advance(10_000);
  expect(gpsLine.heard.length).toBe(before);
  control(bench, "gps resume");
  await clock.advance(3000);
  expect(gpsLine.heard.slice(before).match(/GPGGA/g)!.length).toBeGreaterThanOrEqual(2);
  stop.abort();
  await report;
});

test("a line that goes away is waited for, and served as soon as it is there again", async () => {
  const clock = new VirtualClock();
  const bench = new Bench({ clock, route, seed: 3, pace: 1, duration: millis(90_000) });
  const lines: FakeLine[] = [];
  let isThere = true;
  const line: OpenByteChannel = async () => {
    if (!isThere) throw new RoadstreamError("channel_lost", "no such device");
    const opened = new FakeLine({ drains: true });
    lines.push(opened);
    return opened;
  };
  const counts = { sentBytes: 0, droppedBytes: 0 };
  const served = serveLine({ device: bench.gps.open, line, clock, counts }, new AbortController().signal);
  await clock.advance(30_000);
  isThere = false;
  lines[0]!.lose();
  await clock.advance(10_000);
  expect(lines[0]!.heard.match(/GPRMC/g)!.length).toBe(30);
  isThere = true;
  await clock.advance(60_000);
  await served;
  expect(lines[1]!.heard.match(/GPRMC/g)!.length).toBe(49);
  expect(counts.sentBytes).toBe(lines[0]!.heard.length + lines[1]!.heard.length);
});

test("a line that is not there at the start is a mistake, and said so", async () => {
  const clock = new VirtualClock();
  const bench = new Bench({ clock, route, seed: 3, pace: 1 });
  const line: OpenByteChannel = () => Promise.reject(new RoadstreamError("channel_lost", "no such device"));
  const counts = { sentBytes: 0, droppedBytes: 0 };
  await expect(
    serveLine({ device: bench.gps.open, line, clock, counts }, new AbortController().signal),
  ).rejects.toThrow("no such device");
});

test("control lines turn the knobs they name, and no others", async () => {
  const { bench, stop, report } = serve({ drains: true });
  expect(control(bench, "gps garbage")).toEqual({ ok: true, said: "done" });
  expect(control(bench, "obd late 3000").ok).toBe(true);
  expect(control(bench, "obd trouble buffer_full").ok).toBe(true);
  expect(bench.gps.faults.bytes).toBe("garbage");
  expect(bench.obd.adapter?.faults).toMatchObject({ lateMs: 3000, troubles: ["buffer_full"] });
  control(bench, "gps resume");
  control(bench, "obd resume");
  expect(bench.gps.faults).toMatchObject({ bytes: null, silent: false });
  expect(bench.obd.adapter?.faults).toMatchObject({ lateMs: 0, mute: false, troubles: [] });
  for (const line of [
    "",
    "gps",
    "gps explode",
    "obd late",
    "obd late -1",
    "obd late 1e9",
    "obd garbage 2",
    "car stop",
  ]) {
    expect(control(bench, line).ok).toBe(false);
  }
  control(bench, "obd unplug");
  expect(control(bench, "obd silence")).toEqual({ ok: false, said: "the adapter is unplugged" });
  stop.abort();
  await report;
});
