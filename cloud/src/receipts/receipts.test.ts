import {
  MemoryMetrics,
  parseReceipt,
  SeqRanges,
  silentLogger,
  type CheckpointStream,
  type SeqRange,
  type TableName,
} from "@roadstream/shared";
import { partitionOf, type AppendOutcome, type LogAppend } from "@roadstream/shared/event-log";
import { VirtualClock } from "@roadstream/shared/testing";
import { expect, test } from "vitest";
import { emptySeries } from "../ledger/series-ranges.ts";
import { SimulatedCloud } from "../testing/simulated-cloud.ts";
import { TINY_BOOT, tinyRecord } from "../testing/tiny-lake.ts";
import { buildReceipts, MAX_RECEIPT_TEXT } from "./build-receipts.ts";
import { ReceiptSender } from "./receipt-sender.ts";
import type { SettledSeries } from "./settled-series.ts";

const SENT = "roadstream_cloud_receipts_total";

const settled = (
  ranges: readonly SeqRange[],
  bootId = TINY_BOOT,
  table: TableName = "gps_data",
): SettledSeries => {
  const series = emptySeries({ vehicleId: "car-1", bootId, stream: "gps_data" });
  for (const [from, to] of ranges) series.landed.add(from, to);
  return { table, series };
};

/** What a car knows that heard these. */
const heard = (receipts: readonly string[]): Record<string, SeqRange[]> => {
  const known = new Map<string, SeqRanges>();
  for (const text of receipts) {
    for (const { boot_id, stream, ranges } of parseReceipt(text)?.settled ?? []) {
      const key = `${stream}/${boot_id}`;
      const all = known.get(key) ?? new SeqRanges();
      known.set(key, all);
      for (const [from, to] of ranges) all.add(from, to);
    }
  }
  return Object.fromEntries([...known].map(([key, ranges]) => [key, ranges.toJSON()]));
};

test("a vehicle with very many holes gets several receipts, none too long, that add up", () => {
  const holes = Array.from({ length: 5000 }, (_, n): SeqRange => [1e12 + 10 * n, 1e12 + 10 * n + 3]);
  const receipts = buildReceipts("car-1", [settled(holes), settled([[1, 7]], "other-boot")]);
  expect(receipts.length).toBeGreaterThan(2);
  for (const text of receipts) expect(text.length).toBeLessThan(MAX_RECEIPT_TEXT + 200);
  expect(heard(receipts)).toEqual({ [`gps_data/${TINY_BOOT}`]: holes, "gps_data/other-boot": [[1, 7]] });
});

const sender = (append: (records: readonly LogAppend[]) => Promise<AppendOutcome>) => {
  const clock = new VirtualClock();
  const metrics = new MemoryMetrics();
  const made = new ReceiptSender({
    writer: { append },
    topic: "receipts",
    clock,
    logger: silentLogger,
    metrics,
    maxWaitingSeries: 50,
  });
  return { made, clock, count: (outcome: string): number => metrics.value(SENT, { outcome }) };
};

test("while the log hangs, what waits is bounded and told of once, with the newest ranges; the end is not held up", async () => {
  const sent: string[] = [];
  let answer = (): void => undefined;
  const { made, clock, count } = sender(async (records) => {
    sent.push(...records.map(({ value }) => value));
    await new Promise<void>((resolve) => (answer = resolve));
    return { kind: "durable", positions: [] };
  });
  made.tell([settled([[1, 1]])]);
  await clock.advance(1);
  made.tell([settled([[1, 2]])]);
  made.tell([settled([[1, 3]])]);
  let isOver = false;
  const finished = made.finish().then(() => (isOver = true));
  await clock.advance(1900);
  expect([sent.length, isOver]).toEqual([1, false]);
  await clock.advance(200);
  await finished;
  for (let n = 0; n < 55; n += 1) made.tell([settled([[1, 1]], `boot-${n}`)]);
  // One more waits already.
  expect(count("left_out")).toBe(6);
  answer();
  await clock.advance(1);
  expect(heard(sent.slice(1))[`gps_data/${TINY_BOOT}`]).toEqual([[1, 3]]);
  expect(count("sent")).toBe(1);
});

test("a log that refuses receipts costs nothing but them", async () => {
  const { made, clock, count } = sender((records) =>
    records.some(({ value }) => value.includes("throws"))
      ? Promise.reject(new Error("broken"))
      : Promise.resolve({ kind: "unavailable", reason: "away" }),
  );
  made.tell([settled([[1, 1]])]);
  await clock.advance(1);
  made.tell([settled([[1, 1]], "throws")]);
  await clock.advance(1);
  await made.finish();
  expect([count("failed"), count("sent")]).toEqual([2, 0]);
});

const TABLES = ["gps_data", "agent_events", "dead_letters"] as const;

const simulated = async (tables: readonly TableName[] = TABLES, partitions = 2) => {
  const cloud = new SimulatedCloud({
    seed: 1,
    lake: "memory",
    tables,
    partitions,
    refuses: (line) => line.includes('"latitude":91'),
  });
  cloud.world.heal();
  cloud.log.store.create("receipts", 2);
  const writer = await cloud.log.writer();
  const receipts = (): string[] =>
    [0, 1].flatMap((partition) => {
      const slice = cloud.log.store.read({ topic: "receipts", partition }, 0, 1e9);
      return "kind" in slice ? [] : [...slice.values];
    });
  return { cloud, receipts, append: (records: readonly LogAppend[]) => writer.append(records) };
};

const gps = (seq: number, latitude = 41): LogAppend =>
  tinyRecord("gps_data", { seq, at: "10:00:00" }, { fix: "3d", latitude, longitude: -95 });

const checkpoint = (seq: number, gpsState: CheckpointStream): LogAppend => {
  const boots = [{ boot_id: TINY_BOOT, closed: false, streams: { gps_data: gpsState } }];
  const detail = JSON.stringify({ outbox_id: "outbox-1", boots });
  return tinyRecord("agent_events", { seq, at: "10:00:00" }, { kind: "checkpoint", detail });
};

const GPS = `gps_data/${TINY_BOOT}`;

test.each([
  ["until then only the log has its bytes", ["gps_data"], [[1, 2]]],
  ["with both tables landed all is told", ["gps_data", "dead_letters"], [[1, 3]]],
] as const)("a refusal is told of when its letter has landed: %s", async (_, tables, told) => {
  const { cloud, receipts, append } = await simulated(tables);
  cloud.log.store.create(cloud.topics.deadLetters, 2);
  await append([gps(1), gps(2), gps(3, 91)]);
  const worker = await cloud.start();
  await cloud.advance(3000);
  expect(heard(receipts())[GPS]).toEqual(told);
  expect(worker.error).toBe(null);
  worker.stop();
  await cloud.advance(500);
});

test("lost receipts heal: by the double of a reading, or by a checkpoint that still holds it; nothing is told before", async () => {
  const { cloud, receipts, append } = await simulated();
  cloud.log.store.recreate("receipts", 2);
  const worker = await cloud.start();
  await append([gps(1), gps(2)]);
  await cloud.advance(1500);
  expect(heard(receipts())[GPS]).toEqual([[1, 2]]);
  const lose = (): void => cloud.log.store.recreate("receipts", 2);
  lose();
  await append([checkpoint(1, { given: 2, acknowledged: [[1, 2]], held: [], dropped: [] })]);
  await cloud.advance(1500);
  expect(heard(receipts())[GPS]).toBe(undefined);
  await append([checkpoint(2, { given: 3, acknowledged: [], held: [[1, 3]], dropped: [] })]);
  await cloud.advance(1500);
  expect(heard(receipts())).toEqual({ [GPS]: [[1, 2]], [`agent_events/${TINY_BOOT}`]: [[1, 2]] });
  lose();
  await append([gps(1)]);
  await cloud.advance(1500);
  expect(heard(receipts())[GPS]).toEqual([[1, 2]]);
  expect(worker.error).toBe(null);
  worker.stop();
  await cloud.advance(500);
});

const EMERGENCY = {
  incident_id: "incident-1",
  type: "fire",
  status: "active",
  severity: "major",
  source: "button",
};
const BOOT_AFTER = "0190d5e4-7b1a-7abc-8def-0123456789ac";

/** A checkpoint by the boot after it, which says what the outbox still holds of the one before. */
const heldOfBootBefore = (vehicle: string, streams: Readonly<Record<string, number>>): LogAppend => {
  const held = Object.entries(streams).map(([stream, given]): [string, CheckpointStream] => [
    stream,
    { given, acknowledged: [[1, given]], held: [[1, given]], dropped: [] },
  ]);
  const boots = [{ boot_id: TINY_BOOT, closed: true, streams: Object.fromEntries(held) }];
  const detail = JSON.stringify({ outbox_id: "outbox-1", boots });
  const fields = { boot_id: BOOT_AFTER, kind: "checkpoint", detail };
  return tinyRecord("agent_events", { vehicle, seq: 1, at: "11:00:00" }, fields);
};

test("of two workers, the one that hears a checkpoint knows all series of an older boot, of which nothing is sent again", async () => {
  // An odd number is not split alike of each topic by itself.
  const partitions = 3;
  const { cloud, receipts, append } = await simulated(
    ["gps_data", "vehicle_data", "emergency_data", "agent_events", "dead_letters"],
    partitions,
  );
  const vehicles = Array.from({ length: 8 }, (_, n) => `car-${n}`);
  expect(new Set(vehicles.map((vehicle) => partitionOf(vehicle, partitions))).size).toBe(partitions);
  const workers = [await cloud.start(), await cloud.start()];
  await cloud.advance(1000);
  for (const vehicle of vehicles) {
    const fix = (seq: number, latitude: number): LogAppend =>
      tinyRecord("gps_data", { vehicle, seq, at: "10:00:00" }, { fix: "3d", latitude, longitude: -95 });
    await append([fix(1, 41), fix(2, 41), fix(3, 91)]);
    await append([tinyRecord("vehicle_data", { vehicle, seq: 1, at: "10:00:00" }, { speed_kmh: 50 })]);
    await append([tinyRecord("emergency_data", { vehicle, seq: 1, at: "10:00:00" }, EMERGENCY)]);
  }
  await cloud.advance(5000);
  expect((await cloud.rows("dead_letters")).length).toBe(vehicles.length);
  const commits = (): number[] => workers.map(({ metrics }) => metrics.of("gps_data").commits);
  expect(Math.min(...commits())).toBeGreaterThan(0);
  // All receipts so far are lost, and the boot is over.
  cloud.log.store.recreate("receipts", 2);
  await append(
    vehicles.map((vehicle) => heldOfBootBefore(vehicle, { gps_data: 3, vehicle_data: 1, emergency_data: 1 })),
  );
  await cloud.advance(3000);
  for (const vehicle of vehicles) {
    const its = receipts().filter((text) => parseReceipt(text)?.vehicle_id === vehicle);
    expect(heard(its), vehicle).toEqual({
      [GPS]: [[1, 3]],
      [`vehicle_data/${TINY_BOOT}`]: [[1, 1]],
      [`emergency_data/${TINY_BOOT}`]: [[1, 1]],
      [`agent_events/${BOOT_AFTER}`]: [[1, 1]],
    });
  }
  for (const worker of workers) {
    expect(worker.error).toBe(null);
    worker.stop();
  }
  await cloud.advance(500);
});
