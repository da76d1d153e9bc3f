import { expect, test } from "vitest";
import { systemClock } from "../adapters/system-clock.ts";
import { eventLogContract, pollUntil, record, Seen } from "../event-log/event-log.contract.ts";
import { millis } from "../time/time.ts";
import { MemoryEventLog } from "./memory-event-log.ts";
import { VirtualClock } from "./virtual-clock.ts";

eventLogContract("memory", () => {
  const log = new MemoryEventLog({ clock: systemClock() });
  let topics = 0;
  return Promise.resolve({
    open: () => Promise.resolve(log.open()),
    topic: () => `topic-${(topics += 1)}`,
    truncate: (at, start) => Promise.resolve(log.store.truncate(at, start)),
    recreate: (topic, partitions) => Promise.resolve(log.store.recreate(topic, partitions)),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
});

const fresh = async (partitions = 1): Promise<{ clock: VirtualClock; log: MemoryEventLog }> => {
  const clock = new VirtualClock();
  const log = new MemoryEventLog({ clock });
  await log.createTopics(["t"], partitions);
  return { clock, log };
};

test("a lost answer is durable all the same; an unavailable one is not", async () => {
  const { log } = await fresh();
  await using writer = await log.writer();
  log.appendFault = () => ({ kind: "lost_answer" });
  expect(await writer.append([record("t", "a", 1)])).toMatchObject({ kind: "unavailable" });
  log.appendFault = () => ({ kind: "unavailable" });
  expect(await writer.append([record("t", "a", 1)])).toMatchObject({ kind: "unavailable" });
  expect(await log.range({ topic: "t", partition: 0 })).toEqual({ start: 0, end: 1 });
});

test("late answers come late, slow appends hold back those behind them", async () => {
  const { clock, log } = await fresh();
  await using writer = await log.writer();
  const told: string[] = [];
  const tell = async (name: string): Promise<void> => {
    const outcome = await writer.append([record("t", "a", 1)]);
    told.push(`${name}${outcome.kind === "durable" ? outcome.positions[0]?.offset : "?"}`);
  };
  log.appendFault = () => ({ kind: "late_answer", after: millis(100) });
  const late = tell("late");
  log.appendFault = () => null;
  await tell("prompt");
  log.appendFault = () => ({ kind: "slow", after: millis(50) });
  const slow = tell("slow");
  log.appendFault = () => null;
  const behind = tell("behind");
  await clock.advance(49);
  expect(told).toEqual(["prompt1"]);
  await clock.advance(60);
  await Promise.all([late, slow, behind]);
  expect(told).toEqual(["prompt1", "slow2", "behind3", "late0"]);
});

test("capacity is kept, and a poll in virtual time wakes for a record or its time-out", async () => {
  const { clock, log } = await fresh();
  await using writer = await log.writer();
  await using worker = await log.join({ group: "g", worker: "w", topics: ["t"] });
  await pollUntil(worker, new Seen(), ({ held }) => held.size === 1);
  const signal = new AbortController().signal;
  const woken = worker.poll({ maxBytes: 100, wait: millis(1000), signal });
  await writer.append([record("t", "a", 1)]);
  expect((await woken).slices).toMatchObject([{ offsets: [0] }]);
  const idle = worker.poll({ maxBytes: 100, wait: millis(1000), signal });
  await clock.advance(1000);
  expect((await idle).slices).toEqual([]);
  expect(clock.pending).toBe(0);
  log.store.capacityBytes = 200;
  expect(await writer.append([record("t", "a", 1), record("t", "a", 2)])).toMatchObject({ kind: "full" });
});

test("a partition that moves, an expelled worker and a rewound log are told at the next poll", async () => {
  const { log } = await fresh(2);
  await using first = await log.join({ group: "g", worker: "w1", topics: ["t"] });
  const one = await pollUntil(first, new Seen(), ({ held }) => held.size === 2);
  await using second = await log.open().join({ group: "g", worker: "w2", topics: ["t"] });
  const two = await pollUntil(second, new Seen(), ({ held }) => held.size === 1);
  await pollUntil(first, one, ({ held }) => held.size === 1);
  const [kept] = one.held.values();
  log.store.movePartition("g", kept!, "w2");
  await pollUntil(first, one, ({ held }) => held.size === 0);
  await pollUntil(second, two, ({ held }) => held.size === 2);
  log.store.expel("g", "w2");
  await pollUntil(first, one, ({ held }) => held.size === 2);
  await pollUntil(second, two, ({ revoked }) => revoked.length === 2);
  await pollUntil(second, two, ({ held }) => held.size === 1);
  await using writer = await log.writer();
  await writer.append(Array.from({ length: 20 }, (_, n) => record("t", `k${n}`, n)));
  const [mine] = two.held.values();
  second.seek(mine!, 3);
  log.store.rewind(mine!, 2);
  await pollUntil(second, two, ({ faults }) => faults.length === 1);
  expect(two.faults).toMatchObject([{ kind: "out_of_range", wanted: 3, start: 0, end: 2 }]);
});
