import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { nodeZstd } from "../adapters/node-zstd.ts";
import { millis, type DurationMs } from "../time/time.ts";
import type {
  EventLog,
  LogAppend,
  LogEntry,
  LogConsumer,
  LogFault,
  LogSlice,
  PollResult,
  TopicPartition,
} from "./event-log.ts";
import { LOG_RECORD_MAX_BYTES } from "./log-limits.ts";
import { partitionOf } from "./partitioner.ts";

/** One log to be tested, and how a test does to it from outside what operators and disks do. */
export interface EventLogHarness extends AsyncDisposable {
  /** A handle as another process would have. */
  open(): Promise<EventLog>;
  /** A topic name never used before in this log. */
  topic(): string;
  /** Retention: everything below `start` goes. */
  truncate(at: TopicPartition, start: number): Promise<void>;
  /** Deletes the topic and makes it anew, empty. */
  recreate(topic: string, partitions: number): Promise<void>;
}

const SECONDS_TO_SETTLE = 60;
const never = new AbortController().signal;

export const record = (topic: string, key: string, n: number, more: Partial<LogAppend> = {}): LogAppend => ({
  topic,
  key,
  value: JSON.stringify({ n, key }),
  ...more,
});

/** What a worker saw, partition by partition. */
export class Seen {
  readonly slices: LogSlice[] = [];
  readonly faults: LogFault[] = [];
  readonly held = new Map<string, TopicPartition>();
  readonly revoked: TopicPartition[] = [];

  take(result: PollResult): void {
    for (const at of result.revoked) {
      this.held.delete(`${at.topic}/${at.partition}`);
      this.revoked.push(at);
    }
    for (const at of result.assigned) this.held.set(`${at.topic}/${at.partition}`, at);
    this.slices.push(...result.slices);
    this.faults.push(...result.faults);
  }

  /** `partition:offset` of everything delivered, in order of delivery within each partition. */
  get offsets(): readonly string[] {
    return this.slices.flatMap((slice) => slice.offsets.map((offset) => `${slice.partition}:${offset}`));
  }

  get values(): readonly string[] {
    return this.slices.flatMap((slice) => slice.values);
  }
}

/** Polls until the condition holds; what is newly assigned begins where `from` says (null: not sought). */
export const pollUntil = async (
  consumer: LogConsumer,
  seen: Seen,
  done: (seen: Seen) => boolean,
  from: (at: TopicPartition) => number | null = () => 0,
  wait: DurationMs = millis(50),
): Promise<Seen> => {
  const deadline = performance.now() + SECONDS_TO_SETTLE * 1000;
  while (!done(seen)) {
    if (performance.now() > deadline) {
      throw new Error(
        `not there after ${SECONDS_TO_SETTLE} s: held ${[...seen.held.keys()].join()} saw ${seen.offsets.length}`,
      );
    }
    const result = await consumer.poll({ maxBytes: 1 << 20, wait, signal: never });
    seen.take(result);
    for (const at of result.assigned) {
      const offset = from(at);
      if (offset !== null) consumer.seek(at, offset);
    }
  }
  return seen;
};

const durable = async (
  log: EventLog,
  records: readonly LogEntry[],
): Promise<readonly { partition: number; offset: number }[]> => {
  await using writer = await log.writer();
  const outcome = await writer.append(records);
  if (outcome.kind !== "durable") throw new Error(`${outcome.kind}: ${outcome.reason}`);
  return outcome.positions;
};

/** The promises of the EventLog port, to be kept by every adapter. */
export const eventLogContract = (name: string, start: () => Promise<EventLogHarness>): void => {
  describe(`event log: ${name}`, () => {
    let harness: EventLogHarness;
    let log: EventLog;
    let topic: string;

    beforeEach(async () => {
      harness = await start();
      log = await harness.open();
      topic = harness.topic();
    });
    afterEach(async () => {
      await log[Symbol.asyncDispose]();
      await harness[Symbol.asyncDispose]();
    });

    test("a topic keeps the partition count it was made with", async () => {
      expect(await log.partitions(topic)).toBeNull();
      await log.createTopics([topic], 3);
      await log.createTopics([topic], 7);
      expect(await log.partitions(topic)).toBe(3);
      expect(await log.range({ topic, partition: 2 })).toEqual({ start: 0, end: 0 });
    });

    test("appending to a missing topic is `unavailable`, and asking its identity throws so", async () => {
      await using writer = await log.writer();
      expect(await writer.append([record(topic, "a", 1)])).toMatchObject({ kind: "unavailable" });
      await expect(log.identity(topic)).rejects.toMatchObject({ code: "unavailable" });
    });

    test("records land by key, in order, and read back as the same bytes", async () => {
      await log.createTopics([topic], 3);
      const text = '{"s":"Grüße 東京 \\u0000","n":1}';
      const keys = ["car-1", "car-2", "car-3", "car-4"];
      const records = Array.from({ length: 40 }, (_, n) => record(topic, keys[n % 4] ?? "", n));
      const positions = await durable(log, [
        ...records,
        { topic, key: "car-1", value: text, headers: { via: "tést" } },
      ]);
      const next = [0, 0, 0];
      positions.forEach((position, n) => {
        expect(position).toEqual({
          partition: partitionOf(records[n]?.key ?? "car-1", 3),
          offset: next[position.partition],
        });
        next[position.partition] = position.offset + 1;
      });
      const partition = partitionOf("car-1", 3);
      const slice = await log.read({ topic, partition }, 0, 1 << 20);
      if ("kind" in slice) throw new Error("a fault");
      expect(slice.offsets).toEqual(Array.from({ length: next[partition] ?? 0 }, (_, n) => n));
      expect(Buffer.from(slice.values.at(-1) ?? "", "latin1").toString("utf8")).toBe(text);
      expect(slice.keys.at(-1)).toBe("car-1");
      expect(slice.headers?.at(-1)).toEqual({ via: "tést" });
      expect(slice.headers?.[0]).toBeNull();
      expect(slice.appendedAt).toHaveLength(slice.offsets.length);
      expect(await log.range({ topic, partition })).toEqual({ start: 0, end: next[partition] });
    });

    test("a block lands as its records, in order with single ones, whether packed or not", async () => {
      await log.createTopics([topic], 3);
      const text = '{"n":1}\n{"n":2}\n{"n":3}';
      const packed = nodeZstd.compress(Buffer.from(text));
      const head = '{"v":1,"key":"a",';
      const block = { topic, key: "a", head, text, count: 3 };
      const positions = await durable(log, [
        record(topic, "a", 0),
        { ...block, packed },
        { ...block, key: "b", packed: null },
        record(topic, "a", 9, { headers: { via: "x" } }),
        { ...block, packed: null },
      ]);
      const whole = ['{"v":1,"key":"a","n":1}', '{"v":1,"key":"a","n":2}', '{"v":1,"key":"a","n":3}'];
      const [zero, nine] = [record(topic, "a", 0).value, record(topic, "a", 9).value];
      const wanted = [zero, ...whole, ...whole, nine, ...whole];
      const keys = ["a", "a", "a", "a", "b", "b", "b", "a", "a", "a", "a"];
      expect(positions).toHaveLength(wanted.length);
      for (const [i, { partition, offset }] of positions.entries()) {
        expect(partition).toBe(partitionOf(keys[i] ?? "", 3));
        const slice = await log.read({ topic, partition }, offset, 1);
        if ("kind" in slice) throw new Error("a fault");
        expect(slice.offsets[0]).toBe(offset);
        expect(slice.keys[0]).toBe(keys[i]);
        expect(Buffer.from(slice.values[0] ?? "", "latin1").toString("utf8")).toBe(wanted[i]);
        expect(slice.headers?.[0] ?? null).toEqual(i === 7 ? { via: "x" } : null);
      }
    });

    test("concurrent appends all become durable, each in its own order, with positions of their own", async () => {
      await log.createTopics([topic], 2);
      await using writer = await log.writer();
      const calls = Array.from({ length: 50 }, (_, call) =>
        writer.append([
          record(topic, `car-${call % 5}`, call * 2),
          record(topic, `car-${call % 5}`, call * 2 + 1),
        ]),
      );
      const outcomes = await Promise.all(calls);
      const at = new Map<string, string>();
      outcomes.forEach((outcome, call) => {
        if (outcome.kind !== "durable") throw new Error(outcome.reason);
        outcome.positions.forEach((position, n) =>
          at.set(`${position.partition}:${position.offset}`, `${call * 2 + n}`),
        );
      });
      expect(at.size).toBe(100);
      const lastOfCar = new Map<string, number>();
      for (const partition of [0, 1]) {
        const slice = await log.read({ topic, partition }, 0, 1 << 20);
        if ("kind" in slice) throw new Error("a fault");
        slice.values.forEach((value, i) => {
          const { n, key } = JSON.parse(value) as { n: number; key: string };
          expect(at.get(`${partition}:${slice.offsets[i]}`)).toBe(String(n));
          expect(n).toBeGreaterThan(lastOfCar.get(key) ?? -1);
          lastOfCar.set(key, n);
        });
      }
    });

    test("a record outside the limits throws `invariant` and writes nothing", async () => {
      await log.createTopics([topic], 1);
      await using writer = await log.writer();
      const big = record(topic, "a", 1, { value: "x".repeat(LOG_RECORD_MAX_BYTES + 1) });
      await expect(writer.append([record(topic, "a", 0), big])).rejects.toMatchObject({ code: "invariant" });
      const torn = record(topic, "a", 1, { value: '{"a":\n1}' });
      await expect(writer.append([torn])).rejects.toMatchObject({ code: "invariant" });
      expect(await log.range({ topic, partition: 0 })).toEqual({ start: 0, end: 0 });
      const fits = record(topic, "a", 1, { value: `"${"x".repeat(LOG_RECORD_MAX_BYTES - 1000)}"` });
      const outcomes = await Promise.all([
        writer.append([fits]),
        writer.append([record(topic, "a", 2)]),
        writer.append([fits]),
      ]);
      expect(outcomes.map((outcome) => outcome.kind)).toEqual(["durable", "durable", "durable"]);
    });

    test("read stops at about maxBytes but always gives one record, and says where nothing is", async () => {
      await log.createTopics([topic], 1);
      await durable(
        log,
        Array.from({ length: 20 }, (_, n) => record(topic, "a", n)),
      );
      const at = { topic, partition: 0 };
      const one = await log.read(at, 3, 1);
      expect(one).toMatchObject({ offsets: [3] });
      const some = await log.read(at, 3, 100);
      if ("kind" in some) throw new Error("a fault");
      expect(some.offsets[0]).toBe(3);
      expect(some.offsets.length).toBeGreaterThan(1);
      expect(some.offsets.length).toBeLessThan(17);
      expect(await log.read(at, 20, 100)).toMatchObject({ offsets: [], values: [], keys: [] });
      expect(await log.read(at, 21, 100)).toMatchObject({
        kind: "out_of_range",
        wanted: 21,
        start: 0,
        end: 20,
      });
      await harness.truncate(at, 5);
      expect(await log.range(at)).toEqual({ start: 5, end: 20 });
      expect(await log.read(at, 4, 100)).toMatchObject({
        kind: "out_of_range",
        wanted: 4,
        start: 5,
        end: 20,
      });
      expect(await log.read(at, 5, 1)).toMatchObject({ offsets: [5] });
    });

    test("nothing is delivered before a seek, then everything once and in order", async () => {
      await log.createTopics([topic], 3);
      await durable(
        log,
        Array.from({ length: 300 }, (_, n) => record(topic, `car-${n % 7}`, n)),
      );
      await using worker = await log.join({ group: `g-${topic}`, worker: "w1", topics: [topic] });
      const seen = await pollUntil(
        worker,
        new Seen(),
        ({ held }) => held.size === 3,
        () => null,
      );
      const quiet = await worker.poll({ maxBytes: 1 << 20, wait: millis(50), signal: never });
      expect(quiet.slices).toEqual([]);
      for (const at of seen.held.values()) worker.seek(at, 0);
      await pollUntil(worker, seen, ({ offsets }) => offsets.length >= 300);
      expect(new Set(seen.offsets).size).toBe(300);
      const next = new Map<number, number>();
      for (const slice of seen.slices) {
        for (const offset of slice.offsets) {
          expect(offset).toBe(next.get(slice.partition) ?? 0);
          next.set(slice.partition, offset + 1);
        }
      }
      const later = await durable(log, [record(topic, "car-1", 300)]);
      await pollUntil(worker, seen, ({ offsets }) => offsets.length >= 301);
      expect(seen.offsets.at(-1)).toBe(`${later[0]?.partition}:${later[0]?.offset}`);
    });

    test("a seek begins again, in the middle too; a paused partition is silent until resumed", async () => {
      await log.createTopics([topic], 1);
      await durable(
        log,
        Array.from({ length: 30 }, (_, n) => record(topic, "a", n)),
      );
      const at = { topic, partition: 0 };
      await using worker = await log.join({ group: `g-${topic}`, worker: "w1", topics: [topic] });
      const seen = await pollUntil(
        worker,
        new Seen(),
        ({ offsets }) => offsets.length >= 18,
        () => 12,
      );
      expect(seen.offsets[0]).toBe("0:12");
      const again = new Seen();
      worker.seek(at, 25);
      await pollUntil(worker, again, ({ offsets }) => offsets.length >= 5);
      expect(again.offsets).toEqual(["0:25", "0:26", "0:27", "0:28", "0:29"]);
      worker.pause(at);
      await durable(log, [record(topic, "a", 30)]);
      expect((await worker.poll({ maxBytes: 1 << 20, wait: millis(150), signal: never })).slices).toEqual([]);
      worker.resume(at);
      await pollUntil(worker, again, ({ offsets }) => offsets.length >= 6);
      expect(again.offsets.at(-1)).toBe("0:30");
    });

    test("a position that is not in the log is a fault, told once, and no data", async () => {
      await log.createTopics([topic], 1);
      await durable(
        log,
        Array.from({ length: 10 }, (_, n) => record(topic, "a", n)),
      );
      const at = { topic, partition: 0 };
      await using worker = await log.join({ group: `g-${topic}`, worker: "w1", topics: [topic] });
      const ahead = await pollUntil(
        worker,
        new Seen(),
        ({ faults }) => faults.length > 0,
        () => 11,
      );
      expect(ahead.faults).toEqual([{ kind: "out_of_range", ...at, wanted: 11, start: 0, end: 10 }]);
      expect(ahead.offsets).toEqual([]);
      const quiet = await worker.poll({ maxBytes: 1 << 20, wait: millis(100), signal: never });
      expect([quiet.faults, quiet.slices]).toEqual([[], []]);
      await harness.truncate(at, 6);
      worker.seek(at, 5);
      const behind = await pollUntil(worker, new Seen(), ({ faults }) => faults.length > 0);
      expect(behind.faults).toEqual([{ kind: "out_of_range", ...at, wanted: 5, start: 6, end: 10 }]);
      expect(behind.offsets).toEqual([]);
      worker.seek(at, 6);
      const right = await pollUntil(worker, new Seen(), ({ offsets }) => offsets.length >= 4);
      expect(right.offsets).toEqual(["0:6", "0:7", "0:8", "0:9"]);
      expect(right.faults).toEqual([]);
    });

    test("a topic made anew has another identity, and its old positions are faults", async () => {
      await log.createTopics([topic], 1);
      await durable(
        log,
        Array.from({ length: 10 }, (_, n) => record(topic, "a", n)),
      );
      const before = await log.identity(topic);
      expect(await log.identity(topic)).toBe(before);
      await harness.recreate(topic, 1);
      const other = await harness.open();
      expect(await other.identity(topic)).not.toBe(before);
      await durable(other, [record(topic, "a", 0)]);
      await using worker = await other.join({ group: `g-${topic}`, worker: "w1", topics: [topic] });
      const seen = await pollUntil(
        worker,
        new Seen(),
        ({ faults }) => faults.length > 0,
        () => 10,
      );
      expect(seen.faults).toMatchObject([{ kind: "out_of_range", wanted: 10, start: 0, end: 1 }]);
      await other[Symbol.asyncDispose]();
    });

    test("two workers share the partitions, each held once; when one leaves the other gets all", async () => {
      await log.createTopics([topic], 4);
      const group = `g-${topic}`;
      const other = await harness.open();
      await using first = await log.join({ group, worker: "w1", topics: [topic] });
      const one = await pollUntil(first, new Seen(), ({ held }) => held.size === 4);
      const second = await other.join({ group, worker: "w2", topics: [topic] });
      const two = new Seen();
      const shared = (): boolean => one.held.size === 2 && two.held.size === 2;
      await Promise.all([pollUntil(first, one, shared), pollUntil(second, two, shared)]);
      expect(new Set([...one.held.keys(), ...two.held.keys()]).size).toBe(4);
      expect(one.revoked.length).toBeGreaterThanOrEqual(2);
      await durable(
        log,
        Array.from({ length: 80 }, (_, n) => record(topic, `car-${n}`, n)),
      );
      const all = (): boolean => one.offsets.length + two.offsets.length >= 80;
      await Promise.all([pollUntil(first, one, all), pollUntil(second, two, all)]);
      expect(new Set([...one.offsets, ...two.offsets]).size).toBe(80);
      for (const at of two.held.values()) await second.markDurable(at, (await log.range(at)).end);
      await second[Symbol.asyncDispose]();
      await pollUntil(first, one, ({ held }) => held.size === 4);
      await other[Symbol.asyncDispose]();
    });

    test("two workers have the same partition numbers of all topics, so that one has all of a vehicle", async () => {
      const topics = [topic, harness.topic(), harness.topic()];
      // Odd, so that it does not come about by dealing them out in a row.
      await log.createTopics(topics, 3);
      const group = `g-${topic}`;
      await using first = await log.join({ group, worker: "w1", topics });
      const one = await pollUntil(first, new Seen(), ({ held }) => held.size === 9);
      await using second = await log.join({ group, worker: "w2", topics });
      const two = new Seen();
      const shared = (): boolean => two.held.size > 0 && one.held.size + two.held.size === 9;
      await Promise.all([pollUntil(first, one, shared), pollUntil(second, two, shared)]);
      for (const { held } of [one, two]) {
        const numbers = [...new Set([...held.values()].map(({ partition }) => partition))];
        const all = topics.flatMap((name) => numbers.map((number) => `${name}/${number}`));
        expect([...held.keys()].sort()).toEqual(all.sort());
      }
    });

    test("each group gets everything", async () => {
      await log.createTopics([topic], 2);
      await durable(
        log,
        Array.from({ length: 20 }, (_, n) => record(topic, `car-${n}`, n)),
      );
      await using one = await log.join({ group: `g1-${topic}`, worker: "w", topics: [topic] });
      const first = await pollUntil(one, new Seen(), ({ offsets }) => offsets.length >= 20);
      await using two = await log.join({ group: `g2-${topic}`, worker: "w", topics: [topic] });
      const second = await pollUntil(two, new Seen(), ({ offsets }) => offsets.length >= 20);
      expect(new Set(second.offsets)).toEqual(new Set(first.offsets));
    });

    test("a poll ends early when its signal fires", async () => {
      await log.createTopics([topic], 1);
      await using worker = await log.join({ group: `g-${topic}`, worker: "w1", topics: [topic] });
      await pollUntil(worker, new Seen(), ({ held }) => held.size === 1);
      const stop = new AbortController();
      const waiting = worker.poll({
        maxBytes: 1,
        wait: millis(SECONDS_TO_SETTLE * 1000),
        signal: stop.signal,
      });
      stop.abort();
      expect((await waiting).slices).toEqual([]);
    });
  });
};
