import { MemoryMetrics, RoadstreamError, silentLogger } from "@roadstream/shared";
import { partitionOf, type TopicPartition } from "@roadstream/shared/event-log";
import { MemoryEventLog, VirtualClock } from "@roadstream/shared/testing";
import { expect, test } from "vitest";
import { ReceiptRelay } from "./receipt-relay.ts";

const receipt = (vehicle: string, to: number): string =>
  JSON.stringify({
    v: 1,
    vehicle_id: vehicle,
    settled: [{ boot_id: "b", stream: "gps_data", ranges: [[1, to]] }],
  });

const setUp = async () => {
  const clock = new VirtualClock();
  const log = new MemoryEventLog({ clock });
  await log.createTopics(["receipts"], 2);
  const writer = await log.writer();
  const sent: string[] = [];
  const sendReceipt = (vehicleId: string, payload: string): boolean => {
    if (vehicleId === "away") return false;
    sent.push(payload);
    return true;
  };
  const metrics = new MemoryMetrics();
  const relay = new ReceiptRelay({
    log,
    topic: "receipts",
    ingest: { sendReceipt },
    clock,
    logger: silentLogger,
    metrics,
  });
  const write = (key: string, value: string) => writer.append([{ topic: "receipts", key, value }]);
  return { clock, log, metrics, relay, sent, write };
};

test("receipts written from now on reach those who are connected, each once", async () => {
  const { metrics, relay, sent, write } = await setUp();
  await write("car-1", receipt("car-1", 1));
  await relay.poll();
  await write("car-1", receipt("car-1", 2));
  await write("car-2", receipt("car-2", 3));
  await write("away", receipt("away", 4));
  await write("x", "{}");
  await write("x", receipt("a/+", 1));
  await relay.poll();
  await relay.poll();
  expect(sent.sort()).toEqual([receipt("car-1", 2), receipt("car-2", 3)]);
  const count = (outcome: string): number => metrics.value("roadstream_gateway_receipts_total", { outcome });
  expect([count("sent"), count("not_connected"), count("invalid")]).toEqual([2, 1, 2]);
});

test("it goes on after the log was away, or was cut", async () => {
  const { clock, log, relay, sent, write } = await setUp();
  const stop = new AbortController();
  const running = relay.run(stop.signal);
  await clock.advance(1000);
  log.store.away = true;
  await clock.advance(3000);
  log.store.away = false;
  await write("car-1", receipt("car-1", 1));
  await clock.advance(1000);
  for (const partition of [0, 1]) log.store.rewind({ topic: "receipts", partition }, 0);
  await clock.advance(1000);
  await write("car-1", receipt("car-1", 2));
  await clock.advance(1000);
  stop.abort();
  await running;
  expect(sent).toEqual([receipt("car-1", 1), receipt("car-1", 2)]);
});

test("a log that does not answer does not hold up a stop", async () => {
  const { clock, log, relay } = await setUp();
  let asked = 0;
  log.partitions = () => {
    asked += 1;
    return new Promise(() => undefined);
  };
  const stop = new AbortController();
  const running = relay.run(stop.signal);
  await clock.advance(1000);
  expect(asked).toBe(1);
  stop.abort();
  await running;
});

const ANSWERS = [
  ["refuses", () => Promise.reject(new RoadstreamError("unavailable", "no leader"))],
  ["never answers", () => new Promise<never>(() => undefined)],
] as const;

test.each(ANSWERS)("a partition that %s holds up no other", async (_, answer) => {
  const { clock, log, relay, sent, write } = await setUp();
  const stop = new AbortController();
  const running = relay.run(stop.signal);
  await clock.advance(1000);
  const read = log.read.bind(log);
  log.read = (at: TopicPartition, ...rest) => (at.partition === 0 ? answer() : read(at, ...rest));
  const cars = Array.from({ length: 12 }, (_car, n) => `car-${n}`);
  for (const car of cars) await write(car, receipt(car, 1));
  await clock.advance(3000);
  const readable = cars.filter((car) => partitionOf(car, 2) === 1);
  expect(readable.length).toBeGreaterThan(0);
  expect(sent.sort()).toEqual(readable.map((car) => receipt(car, 1)).sort());
  stop.abort();
  await running;
});
