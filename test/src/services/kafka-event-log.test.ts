import { Kafka, logLevel } from "kafkajs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { silentLogger, MemoryMetrics, millis, unixMillis } from "@roadstream/shared";
import { systemClock, systemRandom } from "@roadstream/shared/adapters";
import { openEventLog, type EventLog, type OpenEventLogOptions } from "@roadstream/shared/event-log";
import { eventLogContract, pollUntil, record, Seen } from "@roadstream/shared/event-log/contract";
import { startKafka, type RunningKafka } from "./kafka.ts";
import { lossyLine } from "./lossy-line.ts";
import { services } from "./services.ts";

const DAY_MS = 86_400_000;
const { skip } = services("kafka");

describe.skipIf(skip)("on Apache Kafka", () => {
  let kafka: RunningKafka;
  let topics = 0;
  const freshTopic = (): string => `t${(topics += 1)}`;
  const open = (more: Partial<OpenEventLogOptions> = {}): Promise<EventLog> =>
    openEventLog(`kafka://${kafka.brokers}`, {
      clock: systemClock(),
      random: systemRandom(),
      logger: silentLogger,
      metrics: new MemoryMetrics(),
      env: {},
      ...more,
    });

  beforeAll(async () => {
    kafka = await startKafka();
  });
  afterAll(async () => {
    await kafka?.stop();
  });

  const recreate = async (topic: string, partitions: number): Promise<void> => {
    await using admin = await kafka.admin();
    await admin.deleteTopics({ topics: [topic] });
    await expect
      .poll(async () => (await admin.listTopics()).includes(topic), { timeout: 20_000 })
      .toBe(false);
    await using log = await open();
    await log.createTopics([topic], partitions);
  };

  eventLogContract("kafka", () =>
    Promise.resolve({
      open,
      topic: freshTopic,
      truncate: async ({ topic, partition }, start) => {
        await using admin = await kafka.admin();
        // kafkajs's administrator finds no leader of a topic that it was never asked about.
        await admin.fetchTopicOffsets(topic);
        await admin.deleteTopicRecords({ topic, partitions: [{ partition, offset: String(start) }] });
      },
      recreate,
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }),
  );

  test("beside a worker of an older version the group shares in kafkajs's way; after it, by number", async () => {
    const topics = [freshTopic(), freshTopic()];
    await using log = await open();
    await log.createTopics(topics, 3);
    const group = `g-${topics.join()}`;
    const client = new Kafka({ brokers: [kafka.brokers], logLevel: logLevel.NOTHING });
    const older = client.consumer({ groupId: group, heartbeatInterval: 300, maxWaitTimeInMs: 200 });
    const joins: (readonly [protocol: string, partitions: number])[] = [];
    older.on(older.events.GROUP_JOIN, ({ payload: { groupProtocol, memberAssignment } }) => {
      joins.push([groupProtocol, Object.values(memberAssignment).flat().length]);
    });
    await older.connect();
    await older.subscribe({ topics });
    await older.run({ eachMessage: () => Promise.resolve() });
    await using first = await log.join({ group, worker: "w1", topics });
    const one = await pollUntil(first, new Seen(), ({ held }) => held.size === 3);
    await expect.poll(() => joins.at(-1), { timeout: 20_000 }).toEqual(["RoundRobinAssigner", 3]);
    await older.disconnect();
    await using second = await log.join({ group, worker: "w2", topics });
    const two = new Seen();
    const shared = (): boolean => two.held.size > 0 && one.held.size + two.held.size === 6;
    await Promise.all([pollUntil(first, one, shared), pollUntil(second, two, shared)]);
    for (const { held } of [one, two]) {
      const numbersOf = (topic: string): ReadonlySet<number> =>
        new Set([...held.values()].filter((at) => at.topic === topic).map(({ partition }) => partition));
      expect(numbersOf(topics[0] ?? "")).toEqual(numbersOf(topics[1] ?? ""));
    }
  });

  /** Reads the whole topic and counts how often each record is there. */
  const counted = async (log: EventLog, topic: string): Promise<Map<number, number>> => {
    const times = new Map<number, number>();
    for (let partition = 0; partition < ((await log.partitions(topic)) ?? 0); partition += 1) {
      for (let from = 0; ;) {
        const slice = await log.read({ topic, partition }, from, 1 << 20);
        if ("kind" in slice) throw new Error("a fault");
        const last = slice.offsets.at(-1);
        if (last === undefined) break;
        from = last + 1;
        for (const value of slice.values) {
          const { n } = JSON.parse(value) as { n: number };
          times.set(n, (times.get(n) ?? 0) + 1);
        }
      }
    }
    return times;
  };

  /** Appends batches of ten from eight sides until told to stop; a batch is repeated until it is durable. */
  const load = (log: EventLog, topic: string) => {
    const stop = new AbortController();
    const acknowledged = new Set<number>();
    const unavailable = new Set<string>();
    const done = (async () => {
      await using writer = await log.writer();
      await Promise.all(
        Array.from({ length: 8 }, async (_, side) => {
          for (let round = 0; !stop.signal.aborted; round += 1) {
            const batch = Array.from({ length: 10 }, (_, i) =>
              record(topic, `car-${side}`, (round * 8 + side) * 10 + i),
            );
            for (let sent = false; !sent;) {
              const outcome = await writer.append(batch);
              sent = outcome.kind === "durable";
              if (outcome.kind !== "durable") unavailable.add(outcome.reason);
            }
            for (let i = 0; i < 10; i += 1) acknowledged.add((round * 8 + side) * 10 + i);
          }
        }),
      );
    })();
    return { stop: () => stop.abort(), done, acknowledged, unavailable };
  };

  const verdict = async (log: EventLog, topic: string, acknowledged: ReadonlySet<number>) => {
    const times = await counted(log, topic);
    const lost = [...acknowledged].filter((n) => !times.has(n));
    const doubled = [...times.values()].filter((count) => count > 1).length;
    process.stderr.write(`acknowledged ${acknowledged.size}, lost ${lost.length}, doubled ${doubled}\n`);
    return { lost, doubled };
  };

  test("a broker killed with -9 in mid-load, twice: nothing acknowledged is lost, the worker goes on", async () => {
    const topic = freshTopic();
    await using log = await open();
    await log.createTopics([topic], 3);
    await using worker = await log.join({ group: `g-${topic}`, worker: "w1", topics: [topic] });
    const seen = await pollUntil(worker, new Seen(), ({ held }) => held.size === 3);
    const running = load(log, topic);
    for (const before of [500, 3000]) {
      await expect.poll(() => running.acknowledged.size, { timeout: 60_000 }).toBeGreaterThan(before);
      await kafka.kill9();
      await kafka.restart();
    }
    const after = running.acknowledged.size;
    await expect.poll(() => running.acknowledged.size, { timeout: 60_000 }).toBeGreaterThan(after + 500);
    running.stop();
    await running.done;
    const { lost } = await verdict(log, topic, running.acknowledged);
    expect(lost).toEqual([]);
    const all = new Set<number>();
    const from = (): number => 0;
    await pollUntil(
      worker,
      seen,
      ({ values }) => {
        for (const value of values.slice(-20_000)) all.add((JSON.parse(value) as { n: number }).n);
        return [...running.acknowledged].every((n) => all.has(n));
      },
      from,
      millis(500),
    );
  });

  test("a broker that takes connections and drops them, as one that restarts does, is asked again", async () => {
    const topic = freshTopic();
    await using line = await lossyLine(kafka.port);
    await using log = await open({ dialKafka: line.dial });
    // More than kafkajs repeats by itself.
    line.resetConnections(12);
    await log.createTopics([topic], 3);
    expect(await log.partitions(topic)).toBe(3);
  });

  test("lost produce answers: nothing is lost, doubles are there and are all there is", async () => {
    const topic = freshTopic();
    await using line = await lossyLine(kafka.port);
    await using log = await open({ dialKafka: line.dial });
    await log.createTopics([topic], 3);
    const running = load(log, topic);
    for (let round = 1; round <= 8; round += 1) {
      line.loseProduceAnswers(1);
      await expect.poll(() => line.lost, { timeout: 30_000 }).toBe(round);
    }
    const after = running.acknowledged.size;
    await expect.poll(() => running.acknowledged.size, { timeout: 30_000 }).toBeGreaterThan(after + 200);
    running.stop();
    await running.done;
    await using plain = await open();
    const { lost, doubled } = await verdict(plain, topic, running.acknowledged);
    expect(lost).toEqual([]);
    expect(doubled).toBeGreaterThan(0);
  });

  test("a topic made anew under a working consumer is taken away and given again, never silently read on", async () => {
    const topic = freshTopic();
    await using log = await open();
    await log.createTopics([topic], 1);
    const before = await log.identity(topic);
    const writer = await log.writer();
    await writer.append(Array.from({ length: 10 }, (_, n) => record(topic, "a", n)));
    await using worker = await log.join({ group: `g-${topic}`, worker: "w1", topics: [topic] });
    const seen = await pollUntil(worker, new Seen(), ({ offsets }) => offsets.length === 10);
    await recreate(topic, 1);
    await writer[Symbol.asyncDispose]();
    await using again = await open();
    await using fresh = await again.writer();
    // More than before: position 10 exists in the new topic as well.
    await fresh.append(Array.from({ length: 30 }, (_, n) => record(topic, "a", 100 + n)));
    await pollUntil(
      worker,
      seen,
      ({ revoked, held }) => revoked.length > 0 && held.size === 1,
      () => null,
    );
    expect(seen.offsets).toHaveLength(10);
    expect(await log.identity(topic)).not.toBe(before);
  });

  test("a writer whose clock is a day wrong is taken, and records bear the broker's time", async () => {
    const topic = freshTopic();
    const clock = systemClock();
    await using wrong = await open({ clock: { ...clock, now: () => unixMillis(clock.now() + DAY_MS) } });
    await wrong.createTopics([topic], 1);
    await using writer = await wrong.writer();
    expect(await writer.append([record(topic, "a", 0)])).toMatchObject({ kind: "durable" });
    const slice = await wrong.read({ topic, partition: 0 }, 0, 1 << 20);
    if ("kind" in slice) throw new Error("a fault");
    expect(Math.abs((slice.appendedAt[0] ?? 0) - Date.now())).toBeLessThan(DAY_MS / 24);
  });

  test("a frozen broker: the caller hears of it only when the log has the records or its time is up", async () => {
    const topic = freshTopic();
    await using log = await open();
    await log.createTopics([topic], 1);
    await using writer = await log.writer();
    await writer.append([record(topic, "a", 0)]);
    kafka.freeze();
    const pending = writer.append([record(topic, "a", 1)]);
    const early = await Promise.race([
      pending,
      new Promise<string>((resolve) => setTimeout(() => resolve("waiting"), 3000)),
    ]);
    kafka.thaw();
    expect(early).toBe("waiting");
    expect(await pending).toMatchObject({ kind: "durable", positions: [{ partition: 0, offset: 1 }] });
  });
});
