import { expect, test } from "vitest";
import { VirtualClock } from "../../testing/virtual-clock.ts";
import { millis, seconds } from "../../time/time.ts";
import { pollUntil, record, Seen } from "../event-log.contract.ts";
import type { LogConsumer, PollResult } from "../event-log.ts";
import { sqliteTestBed } from "./sqlite-event-log-test-bed.ts";

const SETTINGS = { lease: seconds(10), heartbeat: seconds(1), longestSilence: seconds(60) };
const signal = new AbortController().signal;
const poll = (worker: LogConsumer): Promise<PollResult> =>
  worker.poll({ maxBytes: 1000, wait: millis(0), signal });

test("a stopped worker loses its partitions when its lease ends, not before, and hears of it when it wakes", async () => {
  using bed = sqliteTestBed();
  // Two processes of one machine: one clock each, so that one can stand still.
  const [stopped, running] = [new VirtualClock(), new VirtualClock()];
  await using a = bed.open({ clock: stopped, settings: SETTINGS });
  await using b = bed.open({ clock: running, settings: SETTINGS });
  await a.createTopics(["t"], 2);
  await using zombie = await a.join({ group: "g", worker: "w1", topics: ["t"] });
  expect((await poll(zombie)).assigned).toHaveLength(2);
  for (const partition of [0, 1]) zombie.seek({ topic: "t", partition }, 0);
  await using writer = await b.writer();
  await writer.append([record("t", "a", 1)]);
  await using other = await b.join({ group: "g", worker: "w2", topics: ["t"] });
  await running.advance(9_900);
  expect((await poll(other)).assigned).toEqual([]);
  await running.advance(1100);
  expect((await poll(other)).assigned).toHaveLength(2);
  await stopped.advance(11_000);
  const woken = await poll(zombie);
  expect(woken.revoked).toHaveLength(2);
  expect(woken.slices).toEqual([]);
});

test("a worker that writes a long batch keeps its partitions; one that hangs does not", async () => {
  using bed = sqliteTestBed();
  const clock = new VirtualClock();
  await using log = bed.open({ clock, settings: SETTINGS });
  await log.createTopics(["t"], 2);
  await using busy = await log.join({ group: "g", worker: "w1", topics: ["t"] });
  await poll(busy);
  await using other = await log.join({ group: "g", worker: "w2", topics: ["t"] });
  await clock.advance(50_000);
  expect((await poll(other)).assigned).toEqual([]);
  await clock.advance(25_000);
  expect((await poll(other)).assigned).toHaveLength(2);
  expect((await poll(busy)).revoked).toHaveLength(2);
});

test("a worker that starts again under its name need not wait for its former self", async () => {
  using bed = sqliteTestBed();
  await using log = bed.open({ settings: { lease: seconds(1000) } });
  await log.createTopics(["t"], 3);
  await using former = await log.join({ group: "g", worker: "w1", topics: ["t"] });
  const before = await pollUntil(former, new Seen(), ({ held }) => held.size === 3);
  await using later = await bed.open().join({ group: "g", worker: "w1", topics: ["t"] });
  await pollUntil(later, new Seen(), ({ held }) => held.size === 3);
  await pollUntil(former, before, ({ revoked }) => revoked.length === 3);
});

test("two processes that guess the minute of one boot differently leave each other what they hold", async () => {
  using bed = sqliteTestBed();
  const [early, late] = [100, 101].map((minute) =>
    Object.assign(new VirtualClock({ uptime: 1000 }), { machineBoot: `mac-${minute}` }),
  );
  await using a = bed.open({ clock: early ?? new VirtualClock(), settings: SETTINGS });
  await using b = bed.open({ clock: late ?? new VirtualClock(), settings: SETTINGS });
  await a.createTopics(["t"], 1);
  await using first = await a.join({ group: "g", worker: "w1", topics: ["t"] });
  expect((await poll(first)).assigned).toHaveLength(1);
  await using second = await b.join({ group: "g", worker: "w2", topics: ["t"] });
  expect((await poll(second)).assigned).toEqual([]);
  expect((await b.groups.list())[0]?.workers).toEqual(["w1", "w2"]);
  expect((await poll(first)).revoked).toEqual([]);
});

test("members of another boot of the machine are gone", async () => {
  using bed = sqliteTestBed();
  await using log = bed.open({ clock: new VirtualClock(), settings: SETTINGS });
  await log.createTopics(["t"], 1);
  await using first = await log.join({ group: "g", worker: "w1", topics: ["t"] });
  await poll(first);
  const rebooted = Object.assign(new VirtualClock({ uptime: 1 }), { machineBoot: "another-boot" });
  await using after = await bed
    .open({ clock: rebooted, settings: SETTINGS })
    .join({ group: "g", worker: "w2", topics: ["t"] });
  expect((await poll(after)).assigned).toHaveLength(1);
});
