import {
  MemoryMetrics,
  parseReceipt,
  SeqRanges,
  silentLogger,
  type CheckpointStream,
  type SeqRange,
  type TableName,
} from "@roadstream/shared";
import type { AppendOutcome, LogAppend } from "@roadstream/shared/event-log";
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

const simulated = async (tables: readonly TableName[] = TABLES) => {
  const cloud = new SimulatedCloud({
    seed: 1,
    lake: "memory",
    tables,
    partitions: 2,
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
