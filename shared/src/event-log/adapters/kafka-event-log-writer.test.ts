import type { Producer, ProducerBatch, RecordMetadata } from "kafkajs";
import { expect, test } from "vitest";
import { silentLogger } from "../../ports/logger.ts";
import { MemoryMetrics } from "../../ports/metrics.ts";
import { VirtualClock } from "../../testing/virtual-clock.ts";
import { record } from "../event-log.contract.ts";
import { LOG_SEND_MAX_BYTES } from "../log-limits.ts";
import { KafkaLogWriter } from "./kafka-event-log-writer.ts";

type Sent = readonly string[];
type Answer = (values: Sent) => Error | "never" | null | Promise<null>;

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
    const error = await answer(values);
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

const writerOn = (answer: Answer) => {
  const fake = fakeProducer(answer);
  const clock = new VirtualClock();
  const metrics = new MemoryMetrics();
  const partitions = (topic: string): Promise<number | null> => Promise.resolve(topic === "t" ? 1 : null);
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
