import type { Producer, ProducerBatch, RecordMetadata } from "kafkajs";
import { expect, test } from "vitest";
import { silentLogger } from "../../ports/logger.ts";
import { MemoryMetrics } from "../../ports/metrics.ts";
import { VirtualClock } from "../../testing/virtual-clock.ts";
import { record } from "../event-log.contract.ts";
import { LOG_SEND_MAX_BYTES } from "../log-limits.ts";
import { partitionOf } from "../partitioner.ts";
import { KafkaLogWriter } from "./kafka-event-log-writer.ts";

type Sent = readonly string[];
type Answer = (values: Sent, partitions: readonly number[]) => Error | "never" | null | Promise<null>;

/** A producer that gives offsets in order; `answer` decides each send. */
const fakeProducer = (answer: Answer) => {
  const sends: Sent[] = [];
  const ends = new Map<string, number>();
  let inFlight = 0;
  let mostInFlight = 0;
  const sendBatch = async ({ acks, topicMessages = [] }: ProducerBatch): Promise<RecordMetadata[]> => {
    expect(acks).toBe(-1);
    const values = topicMessages.flatMap(({ messages }) => messages.map(({ value }) => String(value)));
    sends.push(values);
    inFlight += 1;
    mostInFlight = Math.max(mostInFlight, inFlight);
    const partitions = topicMessages.flatMap(({ messages }) =>
      messages.map(({ partition = 0 }) => partition),
    );
    const error = await answer(values, [...new Set(partitions)]);
    inFlight -= 1;
    if (error === "never") return new Promise(() => undefined);
    if (error !== null) throw error;
    return topicMessages.flatMap(({ topic, messages }) =>
      [...Map.groupBy(messages, ({ partition }) => partition ?? 0)].map(([partition, of]) => {
        const key = `${topic}/${partition}`;
        const base = ends.get(key) ?? 0;
        ends.set(key, base + of.length);
        return { topicName: topic, partition, errorCode: 0, baseOffset: String(base) };
      }),
    );
  };
  const producer = { sendBatch, disconnect: () => Promise.resolve() } as unknown as Producer;
  return { producer, sends, mostInFlight: () => mostInFlight };
};

const writerOn = (answer: Answer, count = 1) => {
  const fake = fakeProducer(answer);
  const clock = new VirtualClock();
  const metrics = new MemoryMetrics();
  const partitions = (topic: string): Promise<number | null> => Promise.resolve(topic === "t" ? count : null);
  const writer = new KafkaLogWriter({
    producer: fake.producer,
    clock,
    logger: silentLogger,
    metrics,
    partitions,
  });
  return { ...fake, clock, metrics, writer };
};

const refusal = (): Error => Object.assign(new Error("too large"), { type: "MESSAGE_TOO_LARGE" });
const value = (n: number): string => record("t", "a", n).value;

test("calls of one turn travel together, and the next group only when they have landed", async () => {
  let land: (nothing: null) => void = () => undefined;
  const landed = new Promise<null>((resolve) => {
    land = resolve;
  });
  const { writer, clock, sends, mostInFlight } = writerOn((values) =>
    values.includes(value(0)) ? landed : null,
  );
  const first = Promise.all([writer.append([record("t", "a", 0)]), writer.append([record("t", "a", 1)])]);
  await clock.settle();
  const second = writer.append([record("t", "a", 2)]);
  await clock.settle();
  expect(sends).toEqual([[value(0), value(1)]]);
  land(null);
  expect(await first).toMatchObject([{ positions: [{ offset: 0 }] }, { positions: [{ offset: 1 }] }]);
  expect(await second).toMatchObject({ positions: [{ offset: 2 }] });
  expect(sends).toEqual([[value(0), value(1)], [value(2)]]);
  expect(mostInFlight()).toBe(1);
});

test("a lost connection is tried again until it lands", async () => {
  let failures = 3;
  const { writer, sends, clock } = writerOn(() => ((failures -= 1) >= 0 ? new Error("ECONNREFUSED") : null));
  const pending = writer.append([record("t", "a", 0)]);
  await clock.advance(2000);
  expect(await pending).toMatchObject({ kind: "durable" });
  expect(sends).toHaveLength(4);
  await clock.advance(2000);
  expect(clock.pending).toBe(0);
});

test("a record that the broker refuses takes no other with it", async () => {
  const bad = value(3);
  const { writer } = writerOn((values) => (values.includes(bad) ? refusal() : null));
  const outcomes = await Promise.all([0, 1, 2, 3, 4, 5].map((n) => writer.append([record("t", "a", n)])));
  expect(outcomes.map(({ kind }) => kind)).toEqual([
    "durable",
    "durable",
    "durable",
    "unavailable",
    "durable",
    "durable",
  ]);
});

test("no answer at all is `unavailable` when the time is up, and what waits behind it is not sent late", async () => {
  const { writer, sends, clock } = writerOn(() => "never");
  const flying = writer.append([record("t", "a", 0)]);
  await clock.advance(1000);
  const behind = writer.append([record("t", "a", 1)]);
  await clock.advance(40_000);
  expect(await flying).toMatchObject({ kind: "unavailable" });
  expect(await behind).toMatchObject({ kind: "unavailable" });
  expect(sends).toEqual([[value(0)]]);
});

test("a send holds no more than its bytes, and a missing topic is unavailable", async () => {
  const { writer, sends } = writerOn(() => null);
  const large = record("t", "a", 0, { value: JSON.stringify("x".repeat(LOG_SEND_MAX_BYTES - 10_000)) });
  await Promise.all([writer.append([record("t", "a", 1)]), writer.append([large]), writer.append([large])]);
  expect(sends.map((values) => values.length)).toEqual([2, 1]);
  expect(await writer.append([record("nowhere", "a", 1)])).toMatchObject({ kind: "unavailable" });
});

test("closing answers everybody, also who will never hear from the broker", async () => {
  const { writer, clock } = writerOn(() => "never");
  const flying = writer.append([record("t", "a", 0)]);
  await clock.settle();
  const waiting = writer.append([record("t", "a", 1)]);
  await clock.settle();
  const closed = writer[Symbol.asyncDispose]();
  await clock.advance(10_000);
  await closed;
  expect(await waiting).toMatchObject({ kind: "unavailable" });
  expect(await flying).toMatchObject({ kind: "unavailable" });
  expect(await writer.append([record("t", "a", 2)])).toMatchObject({ kind: "unavailable" });
});

/** As kafkajs says it of a partition that nobody leads, and of one whose replicas are away. */
const FAILURES = [
  Object.assign(new Error("Broker -1 not found in the cached metadata"), { name: "KafkaJSBrokerNotFound" }),
  Object.assign(new Error("too few in-sync replicas"), { type: "NOT_ENOUGH_REPLICAS" }),
] as const;
const PARTITIONS = 6;
const CARS = Array.from({ length: 30 }, (_, n) => `car-${n}`);
const isOn = (partition: number) => (car: string) => partitionOf(car, PARTITIONS) === partition;

test.each(FAILURES)(
  "one partition that fails ($message) holds up no other, and doubles none but once",
  async (failure) => {
    let isDown = true;
    const { writer, sends, clock } = writerOn(
      (_, partitions) => (isDown && partitions.includes(0) ? failure : null),
      PARTITIONS,
    );
    const durable = new Map<string, number>();
    const ended: string[] = [];
    const drive = (n: number): void => {
      for (const key of CARS)
        void writer.append([record("t", key, n)]).then(({ kind }) => {
          if (kind === "durable") durable.set(key, (durable.get(key) ?? 0) + 1);
          if (isOn(0)(key)) ended.push(kind);
        });
    };
    const SECONDS = 60;
    for (let second = 0; second < SECONDS; second += 1) {
      drive(second);
      await clock.advance(1000);
      for (const car of CARS) expect(durable.get(car) ?? 0).toBe(isOn(0)(car) ? 0 : second + 1);
    }
    // Those were told so, and nothing of it is sent any more.
    expect(ended.length).toBeGreaterThan(0);
    expect(new Set(ended)).toEqual(new Set(["unavailable"]));
    const healthy = CARS.filter((car) => !isOn(0)(car));
    const times = Map.groupBy(sends.flat(), (sent) => sent);
    for (const car of healthy)
      for (let n = 0; n < SECONDS; n += 1)
        expect(times.get(record("t", car, n).value)).toHaveLength(n === 0 ? 2 : 1);
    isDown = false;
    await clock.advance(10_000);
    durable.clear();
    sends.length = 0;
    drive(SECONDS);
    drive(SECONDS + 1);
    await clock.advance(5000);
    for (const car of CARS) expect(durable.get(car)).toBe(2);
    // Whole again: all partitions in one call.
    expect(sends.map((values) => values.length)).toEqual([2 * CARS.length]);
  },
);

test("a partition that fails keeps its order, with one batch on its way", async () => {
  let failures = 4;
  const landed: string[] = [];
  const { writer, clock } = writerOn((values, partitions) => {
    if (partitions.includes(0) && (failures -= 1) >= 0) return FAILURES[0];
    landed.push(...values);
    return null;
  }, PARTITIONS);
  const car = CARS.find(isOn(0)) ?? "";
  const other = CARS.find(isOn(1)) ?? "";
  const calls: Promise<unknown>[] = [];
  for (let n = 0; n < 10; n += 1) {
    calls.push(writer.append([record("t", car, n)]), writer.append([record("t", other, n)]));
    await clock.advance(100);
  }
  await clock.advance(10_000);
  for (const outcome of await Promise.all(calls)) expect(outcome).toMatchObject({ kind: "durable" });
  for (const key of [car, other])
    expect(landed.filter((one) => one.includes(`"${key}"`))).toEqual(
      Array.from({ length: 10 }, (_, n) => record("t", key, n).value),
    );
});

test("a partition for which no answer comes takes nothing of the others' records with it", async () => {
  const { writer, sends, clock, producer } = writerOn(() => null, PARTITIONS);
  const whole = producer.sendBatch.bind(producer);
  producer.sendBatch = async (batch) => (await whole(batch)).filter(({ partition }) => partition !== 0);
  const [car, other] = [CARS.find(isOn(0)) ?? "", CARS.find(isOn(1)) ?? ""];
  const both = writer.append([record("t", car, 1), record("t", other, 1)]);
  const alone = writer.append([record("t", other, 2)]);
  await clock.advance(1000);
  expect(await alone).toMatchObject({ kind: "durable" });
  await clock.advance(40_000);
  expect(await both).toMatchObject({ kind: "unavailable" });
  expect(sends.flat().filter((value) => value === record("t", other, 1).value)).toHaveLength(1);
});
