import { expect, test } from "vitest";
import { VirtualClock } from "../../testing/virtual-clock.ts";
import { hours, minutes } from "../../time/time.ts";
import { pollUntil, record, Seen } from "../event-log.contract.ts";
import type { EventLogWriter } from "../event-log.ts";
import { sqliteTestBed } from "./sqlite-event-log-test-bed.ts";

const AT = { topic: "t", partition: 0 };
const big = (n: number): ReturnType<typeof record> =>
  record("t", "a", n, { value: JSON.stringify("x".repeat(1000)) });

const appendUntilFull = async (writer: EventLogWriter): Promise<number> => {
  for (let n = 0; ; n += 1) {
    const outcome = await writer.append([big(n)]);
    if (outcome.kind === "full") return n;
    if (outcome.kind === "unavailable") throw new Error(outcome.reason);
  }
};

test("a full log refuses until the group marks what is in the lake, then goes on where it was", async () => {
  using bed = sqliteTestBed();
  await using log = bed.open({ settings: { budgetBytes: 20_000 } });
  await log.createTopics(["t"], 1);
  await using writer = await log.writer();
  await using worker = await log.join({ group: "g", worker: "w", topics: ["t"] });
  await pollUntil(worker, new Seen(), ({ held }) => held.size === 1);
  const fits = await appendUntilFull(writer);
  expect(fits).toBeGreaterThan(10);
  expect(await writer.append([big(0)])).toMatchObject({ kind: "full" });
  await worker.markDurable(AT, 5);
  expect(await writer.append([big(0)])).toMatchObject({ kind: "durable", positions: [{ offset: fits }] });
  expect(await log.range(AT)).toEqual({ start: 5, end: fits + 1 });
  expect(await log.read(AT, 4, 1)).toMatchObject({ kind: "out_of_range" });
  // A mark beyond the end is no mark of this log.
  await worker.markDurable(AT, fits + 100);
  expect(await appendUntilFull(writer)).toBe(4);
  expect(await log.range(AT)).toEqual({ start: 5, end: fits + 5 });
});

test("the slowest group decides, one that has marked nothing too", async () => {
  using bed = sqliteTestBed();
  await using log = bed.open({ settings: { budgetBytes: 20_000 } });
  await log.createTopics(["t"], 1);
  await using writer = await log.writer();
  await using lake = await log.join({ group: "lake", worker: "w", topics: ["t"] });
  await using other = await log.join({ group: "other", worker: "w", topics: ["t"] });
  for (const worker of [lake, other]) await pollUntil(worker, new Seen(), ({ held }) => held.size === 1);
  const fits = await appendUntilFull(writer);
  await lake.markDurable(AT, fits);
  expect(await writer.append([big(0)])).toMatchObject({ kind: "full" });
  await other.markDurable(AT, 3);
  expect(await appendUntilFull(writer)).toBe(3);
  expect((await log.range(AT)).start).toBe(3);
});

test("what was appended together goes together, when all of it is durable", async () => {
  using bed = sqliteTestBed();
  await using log = bed.open({ settings: { budgetBytes: 5000 } });
  await log.createTopics(["t"], 1);
  await using writer = await log.writer();
  await using worker = await log.join({ group: "g", worker: "w", topics: ["t"] });
  await pollUntil(worker, new Seen(), ({ held }) => held.size === 1);
  await writer.append([big(0), big(1), big(2), big(3)]);
  await worker.markDurable(AT, 2);
  expect(await writer.append([big(4)])).toMatchObject({ kind: "full" });
  expect(await log.range(AT)).toEqual({ start: 0, end: 4 });
  await worker.markDurable(AT, 4);
  expect(await writer.append([big(4)])).toMatchObject({ kind: "durable" });
  expect(await log.range(AT)).toEqual({ start: 4, end: 5 });
});

test("durable records stay for their time, others without end; topics by age go by age alone", async () => {
  using bed = sqliteTestBed();
  const clock = new VirtualClock();
  await using log = bed.open({
    clock,
    settings: { keepAge: hours(1), lease: hours(1000), heartbeat: hours(500) },
  });
  await log.createTopics(["t"], 1);
  await log.createTopics(["receipts"], 1, { retention: "by_age" });
  await using writer = await log.writer();
  const both = (n: number) => [record("t", "a", n), record("receipts", "a", n)];
  await writer.append(both(0));
  await writer.append(both(1));
  await using worker = await log.join({ group: "g", worker: "w", topics: ["t"] });
  const first = await worker.poll({ maxBytes: 1, wait: minutes(0), signal: new AbortController().signal });
  expect(first.assigned).toHaveLength(1);
  await worker.markDurable(AT, 1);
  await clock.advance(minutes(59));
  await writer.append(both(2));
  expect(await log.range(AT)).toEqual({ start: 0, end: 3 });
  await clock.advance(minutes(2));
  await writer.append(both(3));
  expect(await log.range(AT)).toEqual({ start: 1, end: 4 });
  expect(await log.range({ topic: "receipts", partition: 0 })).toEqual({ start: 2, end: 4 });
});
