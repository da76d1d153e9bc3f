import { expect, test } from "vitest";
import { VirtualClock } from "../../testing/virtual-clock.ts";
import { millis, minutes, seconds } from "../../time/time.ts";
import { record } from "../event-log.contract.ts";
import type { EventLog } from "../event-log.ts";
import { partitionOf } from "../partitioner.ts";
import { sqliteTestBed } from "./sqlite-event-log-test-bed.ts";

const signal = new AbortController().signal;
const AT = { topic: "t", partition: partitionOf("a", 2) };
const SETTINGS = { lease: seconds(10), keepAge: minutes(1) };

/** A worker comes, perhaps lands everything below `landed`, and goes. */
const visit = async (log: EventLog, group: string, landed: number | null): Promise<void> => {
  await using worker = await log.join({ group, worker: "w", topics: ["t"] });
  await worker.poll({ maxBytes: 1000, wait: millis(0), signal });
  if (landed !== null) await worker.markDurable(AT, landed);
};

test("a group that was only tried holds records back, and lets them go when it is forgotten", async () => {
  using bed = sqliteTestBed();
  const clock = new VirtualClock();
  await using log = bed.open({ clock, settings: SETTINGS });
  await log.createTopics(["t"], 2);
  await log.createTopics(["receipts"], 1, { retention: "by_age" });
  await using writer = await log.writer();
  await writer.append([1, 2, 3].map((n) => record("t", "a", n)));
  await visit(log, "try", null);
  await visit(log, "cloud", 3);
  const groups = await log.groups.list();
  expect(groups).toMatchObject([
    { name: "cloud", workers: [], partitions: 2, waitingRecords: 0, heldBytes: 0 },
    { name: "try", workers: [], partitions: 2, waitingRecords: 3 },
  ]);
  expect(groups[1]?.heldBytes).toBeGreaterThan(3 * 10);

  const oldestAfterAppend = async (): Promise<number> => {
    await clock.advance(minutes(2));
    await writer.append([record("t", "a", 4)]);
    return (await log.range(AT)).start;
  };
  expect(await oldestAfterAppend()).toBe(0);
  expect(await log.groups.forget("try")).toBe("forgotten");
  expect(await oldestAfterAppend()).toBe(3);
  expect((await log.groups.list()).map(({ name }) => name)).toEqual(["cloud"]);
});

test("a group with a worker is not forgotten before that has gone or its lease has ended", async () => {
  using bed = sqliteTestBed();
  const clock = new VirtualClock();
  await using log = bed.open({ clock, settings: SETTINGS });
  await log.createTopics(["t"], 2);
  await using worker = await log.join({ group: "g", worker: "w-1", topics: ["t"] });
  await worker.poll({ maxBytes: 1000, wait: millis(0), signal });
  await using other = bed.open({ clock, settings: SETTINGS });
  expect(await other.groups.list()).toMatchObject([{ name: "g", workers: ["w-1"] }]);
  expect(await other.groups.forget("g")).toBe("in_use");
  expect(await other.groups.list()).toHaveLength(1);
  await worker[Symbol.asyncDispose]();
  expect(await other.groups.forget("g")).toBe("forgotten");
  expect(await other.groups.forget("g")).toBe("unknown");
});
