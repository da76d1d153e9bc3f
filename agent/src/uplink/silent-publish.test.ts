import { seconds } from "@roadstream/shared";
import { describe, expect, test } from "vitest";
import { emergencySample, encoded, numbered, pictureSample } from "../testing/sample-readings.ts";
import type { Delivery } from "./testing/broker-line.ts";
import { ANSWER_DEADLINE, uplinkRig, type UplinkRig } from "./testing/uplink-rig.ts";

const BAD = 7;

const has = ({ run }: Delivery, stream: string, seq: number): boolean =>
  run?.stream === stream && run.firstSeq <= seq && seq <= run.lastSeq;

/** After the bad one the broker answers nothing on its connection, and cuts that so long after it. */
const deafens = (rig: UplinkRig, stream: string, seq: number, cutAfter: number | null): void => {
  const { broker, clock } = rig;
  let deaf = -1;
  broker.verdict = (delivery) => {
    if (deaf === broker.connections) return "ignore";
    if (!has(delivery, stream, seq)) return "acknowledge";
    deaf = broker.connections;
    if (cutAfter !== null) void clock.sleep(seconds(cutAfter)).then(() => broker.cut());
    return "ignore";
  };
};

/** A fix each five seconds and a picture each minute. */
const drive = async (rig: UplinkRig, forSeconds: number): Promise<void> => {
  for (let second = 0; second < forSeconds; second += 1) {
    const accepted: Promise<unknown>[] = [];
    if (second % 5 === 0) accepted.push(rig.outbox.accept(numbered(second, rig.clock)));
    if (second % 60 === 10) accepted.push(rig.outbox.accept(encoded(pictureSample(20_000))));
    await rig.clock.advance(1000);
    await Promise.all(accepted);
  }
};

const heldOf = (rig: UplinkRig): readonly string[] =>
  rig.outbox.series().flatMap((view) => {
    const run = view.heldRunFrom(1);
    return run === null ? [] : [`${view.stream}/${run[0]}-${run[1]}`];
  });

describe.each([
  ["is never answered", null],
  ["is cut off long after it arrived", 10],
])("a record that %s, with all that is sent after it,", (_, cutAfter) => {
  test("keeps nothing but itself from being delivered", async () => {
    await using rig = uplinkRig();
    deafens(rig, "gps_data", BAD, cutAfter);
    rig.start();
    await drive(rig, 3600);
    // All but what was taken down by its last try.
    await drive(rig, 60);
    expect(rig.outbox.usage().records).toBeLessThan(20);
    expect(heldOf(rig)[0]).toBe(`gps_data/${BAD}-${BAD}`);
    expect(rig.disk.quarantine).toEqual([]);
    expect(rig.broker.connections).toBeLessThan(40);
    rig.broker.verdict = () => "acknowledge";
    await rig.clock.advance(360_000);
    expect(rig.outbox.usage().records).toBe(0);
  });

  test("does not keep a whole backlog with it", async () => {
    await using rig = uplinkRig();
    await Promise.all(Array.from({ length: 64 }, (__, n) => rig.outbox.accept(numbered(n, rig.clock))));
    deafens(rig, "gps_data", BAD, cutAfter);
    rig.start();
    await drive(rig, 1800);
    const arrived = new Set(rig.broker.records);
    rig.broker.cut();
    await rig.clock.advance(20_000);
    expect(rig.outbox.usage().records).toBe(1);
    expect(arrived.size).toBeGreaterThan(64 + 360);
  });

  test("does not keep emergencies, not even if it is one", async () => {
    await using rig = uplinkRig();
    deafens(rig, "emergency_data", 1, cutAfter);
    rig.start();
    await drive(rig, 10);
    await rig.outbox.accept(encoded(emergencySample()));
    await drive(rig, 600);
    for (let seq = 2; seq < 12; seq += 1) {
      await rig.outbox.accept(encoded(emergencySample()));
      await drive(rig, ANSWER_DEADLINE / 1000 + 60);
    }
    const held = rig.outbox.series().find(({ stream }) => stream === "emergency_data")!;
    expect(held.heldRunFrom(1)).toEqual([1, 1]);
    expect(held.heldRunFrom(2)).toBe(null);
    expect(rig.outbox.usage().records).toBeLessThan(20);
  });
});

test("an emergency goes beside a publish that is not answered", async () => {
  await using rig = uplinkRig();
  let silentAt = -Infinity;
  rig.broker.verdict = (delivery) => {
    if (!has(delivery, "gps_data", BAD)) return "acknowledge";
    silentAt = rig.clock.uptime();
    return "ignore";
  };
  rig.start();
  await drive(rig, 600);
  for (let n = 0; n < 400 && rig.clock.uptime() - silentAt > 3000; n += 1) await drive(rig, 1);
  expect(rig.clock.uptime() - silentAt).toBeLessThanOrEqual(3000);
  const { connections } = rig.broker;
  await rig.outbox.accept(encoded(emergencySample()));
  await rig.clock.advance(1000);
  expect(rig.broker.records.at(-1)).toBe("emergency_data/1");
  expect(rig.broker.connections).toBe(connections);
});

test("a broker that answers nothing for hours makes no more and more batches", async () => {
  await using rig = uplinkRig();
  rig.start();
  rig.broker.verdict = ({ run }) => (run === null ? "acknowledge" : "ignore");
  for (let n = 0; n < 1080; n += 1) {
    await rig.outbox.accept(numbered(n, rig.clock));
    await rig.clock.advance(10_000);
  }
  expect(rig.broker.connections).toBeGreaterThan(150);
  rig.broker.verdict = () => "acknowledge";
  rig.broker.cut();
  rig.broker.deliveries.length = 0;
  await rig.clock.advance(60_000);
  expect(rig.outbox.usage().records).toBe(0);
  expect(rig.broker.deliveries.length).toBeLessThan(80);
});

test("a line that dies after it was weak for a while is given up within minutes", async () => {
  await using rig = uplinkRig();
  const fixes = async (count: number): Promise<void> => {
    for (let n = 0; n < count; n += 1) {
      await rig.outbox.accept(numbered(n, rig.clock));
      await rig.clock.advance(5000);
    }
  };
  rig.start();
  rig.broker.verdict = ({ run }) => (run === null ? "acknowledge" : "ignore");
  await fixes(48);
  rig.broker.verdict = () => "acknowledge";
  await fixes(30);
  expect(rig.outbox.usage().records).toBe(0);
  rig.broker.verdict = ({ run }) => (run === null ? "acknowledge" : "ignore");
  const { connections } = rig.broker;
  await rig.outbox.accept(encoded(pictureSample(90_000)));
  await rig.clock.advance(70_000);
  expect(rig.broker.connections).toBeGreaterThan(connections);
});

test("a picture that is never answered, among others, has the line for little more than a minute each five", async () => {
  await using rig = uplinkRig();
  const silentAt: number[] = [];
  const waited: number[] = [];
  rig.broker.verdict = (delivery) => {
    if (!has(delivery, "traffic_data", 5)) return "acknowledge";
    silentAt.push(delivery.at);
    return "ignore";
  };
  rig.start();
  for (let n = 0; n < 120; n += 1) {
    await drive(rig, 60);
    const oldest = rig.broker.deliveries.findLast(({ run }) => run?.stream === "gps_data")!;
    waited.push(rig.clock.uptime() - oldest.at);
  }
  expect(silentAt.length).toBeGreaterThan(15);
  expect(silentAt.at(-1)! - silentAt.at(-2)!).toBeGreaterThan(300_000);
  expect(Math.max(...waited)).toBeLessThan(70_000);
  expect(rig.outbox.usage().records).toBeLessThan(20);
});
