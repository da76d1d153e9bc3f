import { MemoryMetrics, millis, silentLogger } from "@roadstream/shared";
import { systemClock, systemRandom } from "@roadstream/shared/adapters";
import { openEventLog, partitionOf, type EventLog, type EventLogWriter } from "@roadstream/shared/event-log";
import { pollUntil, record, Seen } from "@roadstream/shared/event-log/contract";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FIRST, FOLLOWER, startKafka, type RunningKafka } from "./kafka.ts";
import { services } from "./services.ts";

const { skip } = services("kafka");
const PARTITIONS = 3;
/** The partition that only the second broker has. */
const LOST = 0;
const CARS = Array.from({ length: 12 }, (_, n) => `car-${n}`);
const isLost = (car: string): boolean => partitionOf(car, PARTITIONS) === LOST;
/** Longer than kafkajs believes what it knows of leaders (30 s): what it learns then must be of use. */
const OUTAGE_MS = 45_000;
/** What a healthy partition's append may take meanwhile; kafkajs tries a broker that is gone for 5 s before it asks anew. */
const PATIENCE_MS = 12_000;

describe.skipIf(skip)("a partition without a leader on Apache Kafka", () => {
  let kafka: RunningKafka;
  beforeAll(async () => {
    kafka = await startKafka();
  });
  afterAll(async () => {
    await kafka?.stop();
  });

  const open = (): Promise<EventLog> =>
    openEventLog(`kafka://${kafka.brokers}`, {
      clock: systemClock(),
      random: systemRandom(),
      logger: silentLogger,
      metrics: new MemoryMetrics(),
      env: {},
    });

  const create = async (topic: string): Promise<void> => {
    await using admin = await kafka.admin();
    const replicaAssignment = Array.from({ length: PARTITIONS }, (_, partition) => ({
      partition,
      replicas: [partition === LOST ? FOLLOWER : FIRST],
    }));
    await admin.createTopics({ topics: [{ topic, replicaAssignment }], waitForLeaders: false });
    const leaders = async (): Promise<number> => {
      const found = await admin.fetchTopicMetadata({ topics: [topic] }).catch(() => ({ topics: [] }));
      return found.topics[0]?.partitions.filter(({ leader }) => leader >= 0).length ?? 0;
    };
    await expect.poll(leaders, { timeout: 20_000 }).toBe(PARTITIONS);
  };

  /** The first group makes the topic that groups are kept in: while there is one broker alone, it gets all of that. */
  const joinOnce = async (log: EventLog): Promise<void> => {
    await log.createTopics(["first"], 1);
    await using early = await log.join({ group: "first", worker: "w", topics: ["first"] });
    await pollUntil(early, new Seen(), ({ held }) => held.size === 1);
  };

  const append = async (writer: EventLogWriter, topic: string, car: string, n: number) => {
    const began = performance.now();
    const { kind } = await writer.append([record(topic, car, n)]);
    return { car, n, kind, took: performance.now() - began };
  };

  test("the others are written and read on as before, in an outage of any length, and it comes back by itself", async () => {
    await using log = await open();
    await joinOnce(log);
    await using follower = await kafka.addFollower();
    await create("t");
    await create("u");
    await using writer = await log.writer();
    await using worker = await log.join({ group: "g", worker: "w", topics: ["t", "u"] });
    const seen = await pollUntil(worker, new Seen(), ({ held }) => held.size === 2 * PARTITIONS);
    const before = await Promise.all(CARS.map((car) => append(writer, "t", car, 0)));
    expect(before.map(({ kind }) => kind)).toEqual(CARS.map(() => "durable"));
    await follower.kill9();
    const lost: ReturnType<typeof append>[] = [];
    const began = performance.now();
    let n = 0;
    while (performance.now() - began < OUTAGE_MS) {
      n += 1;
      for (const topic of ["t", "u"]) {
        lost.push(...CARS.filter(isLost).map((car) => append(writer, topic, car, n)));
        const healthy = CARS.filter((car) => !isLost(car)).map((car) => append(writer, topic, car, n));
        for (const one of await Promise.all(healthy)) {
          expect(one).toMatchObject({ kind: "durable" });
          expect(one.took).toBeLessThan(PATIENCE_MS);
        }
      }
      await pollUntil(worker, seen, ({ values }) =>
        CARS.filter((car) => !isLost(car)).every((car) =>
          values.slice(-1000).includes(record("t", car, n).value),
        ),
      );
    }
    expect(n).toBeGreaterThan(10);
    expect(await log.partitions("t")).toBe(PARTITIONS);
    await follower.restart();
    await Promise.all(lost);
    const last = await Promise.all(CARS.map((car) => append(writer, "t", car, n + 1)));
    expect(last.map(({ kind }) => kind)).toEqual(CARS.map(() => "durable"));
    const lastOnes = CARS.map((car) => record("t", car, n + 1).value);
    await pollUntil(
      worker,
      seen,
      ({ values }) => lastOnes.every((value) => values.includes(value)),
      undefined,
      millis(500),
    );
  }, 300_000);
});
