import { MAX_PUBLISH_BYTES, parseCheckpoint, seconds, type StreamName } from "@roadstream/shared";
import { VirtualClock } from "@roadstream/shared/testing";
import { describe, expect, test } from "vitest";
import type { Outbox } from "../ports.ts";
import { emergencySample, encoded, numbered, pictureSample } from "../testing/sample-readings.ts";
import { FIRST_BYTES } from "./backfill-window.ts";
import type { Delivery } from "./testing/broker-line.ts";
import { ANSWER_DEADLINE, uplinkRig, type UplinkRig } from "./testing/uplink-rig.ts";

const METRIC = "roadstream_agent_uplink_";

const acceptMany = (outbox: Outbox, count: number): Promise<unknown> =>
  Promise.all(Array.from({ length: count }, (_, n) => outbox.accept(numbered(n))));

/** Every number from 1 to `last` of the stream has arrived at least once. */
const expectWhole = ({ broker }: UplinkRig, stream: StreamName, last: number): void => {
  const seen = new Set(broker.records.filter((record) => record.startsWith(`${stream}/`)));
  expect(seen.size).toBe(last);
  expect(seen).toContain(`${stream}/${last}`);
};

const seqs = (deliveries: readonly Delivery[]): number[] =>
  deliveries.flatMap(({ run }) =>
    run === null ? [] : Array.from({ length: run.lastSeq - run.firstSeq + 1 }, (_, n) => run.firstSeq + n),
  );

describe("the uplink", () => {
  test("what the store has lost keeps nothing else from being sent", async () => {
    await using rig = uplinkRig();
    await acceptMany(rig.outbox, 3);
    rig.disk.segments = [];
    rig.start();
    await rig.clock.advance(1000);
    await rig.outbox.accept(numbered(4));
    await rig.clock.advance(1000);
    expect(rig.broker.records).toEqual(["gps_data/4"]);
  });

  test("sends each reading once and in order, and forgets it only when it is acknowledged", async () => {
    await using rig = uplinkRig();
    await acceptMany(rig.outbox, 1000);
    rig.broker.verdict = ({ run }) => (run === null ? "acknowledge" : "ignore");
    rig.start();
    await rig.clock.advance(5000);
    expect(rig.broker.records.length).toBeGreaterThan(0);
    expect(rig.outbox.usage().records).toBe(1000);
    rig.broker.verdict = () => "acknowledge";
    rig.broker.cut();
    rig.broker.deliveries.length = 0;
    await rig.clock.advance(10_000);
    expect(seqs(rig.broker.deliveries)).toEqual(Array.from({ length: 1000 }, (_, n) => n + 1));
    expect(rig.outbox.usage().records).toBe(0);
    expect(rig.broker.deliveries.every(({ payload }) => payload.length <= MAX_PUBLISH_BYTES)).toBe(true);
  });

  test("says that it is online before any reading, and offline when it stops", async () => {
    await using rig = uplinkRig();
    await acceptMany(rig.outbox, 1);
    rig.start();
    await rig.clock.advance(2000);
    await rig.stop();
    const said = rig.broker.deliveries
      .filter(({ run }) => run === null)
      .map(({ payload }) => (JSON.parse(new TextDecoder().decode(payload)) as { status: string }).status);
    expect(said).toEqual(["online", "offline"]);
    expect(rig.broker.deliveries[0]?.run).toBe(null);
  });

  test("has a bounded window: no more is on its way than the lanes allow", async () => {
    await using rig = uplinkRig();
    let unanswered = 0;
    rig.broker.verdict = ({ run, payload }) => {
      if (run === null) return "acknowledge";
      unanswered += payload.length;
      return "ignore";
    };
    for (let n = 0; n < 40; n += 1) await rig.outbox.accept(encoded(pictureSample(60_000)));
    rig.start();
    await rig.clock.advance(20_000);
    expect(unanswered).toBeGreaterThan(0);
    expect(unanswered).toBeLessThan(FIRST_BYTES + MAX_PUBLISH_BYTES);
    expect(rig.outbox.usage().records).toBe(40);
  });

  test("ends a connection whose acknowledgement never comes at the deadline, and sends again", async () => {
    await using rig = uplinkRig();
    await acceptMany(rig.outbox, 5);
    rig.broker.verdict = ({ run }) => (run === null ? "acknowledge" : "ignore");
    rig.start();
    await rig.clock.advance(ANSWER_DEADLINE - 1000);
    expect(rig.broker.connections).toBe(1);
    await rig.clock.advance(5000);
    expect(rig.broker.connections).toBe(2);
    expect(rig.metrics.value(`${METRIC}ends_total`, { by: "unanswered" })).toBe(1);
    rig.broker.verdict = () => "acknowledge";
    await rig.clock.advance(2 * ANSWER_DEADLINE);
    expect(rig.outbox.usage().records).toBe(0);
  });

  test("gives up a connection attempt that never answers, and tries again", async () => {
    await using rig = uplinkRig();
    rig.broker.connect = "never_answer";
    rig.start();
    await rig.clock.advance(60_000);
    expect(rig.broker.attempts).toBeGreaterThan(1);
    rig.broker.connect = "accept";
    await acceptMany(rig.outbox, 3);
    await rig.clock.advance(60_000);
    expect(rig.outbox.usage().records).toBe(0);
  });

  test("says clearly that its credentials are refused, and goes on trying, slower and slower", async () => {
    await using rig = uplinkRig();
    rig.broker.connect = "refuse_credentials";
    await acceptMany(rig.outbox, 3);
    rig.start();
    await rig.clock.advance(60_000);
    expect(rig.warnings.at(-1)).toMatchObject({
      event: "uplink_unreachable",
      fields: { code: "refused", error: "bad user name or password" },
    });
    const early = rig.broker.attempts;
    expect(early).toBeGreaterThan(5);
    await rig.clock.advance(600_000);
    expect(rig.broker.attempts - early).toBeLessThan(45);
    expect(rig.metrics.value(`${METRIC}connect_failures_total`, { code: "refused" })).toBe(
      rig.broker.attempts,
    );
    rig.broker.connect = "accept";
    await rig.clock.advance(60_000);
    expect(rig.outbox.usage().records).toBe(0);
  });

  test("reconnects after a day without a network", async () => {
    await using rig = uplinkRig();
    rig.broker.connect = "unreachable";
    rig.start();
    await rig.clock.advance(24 * 3_600_000);
    await acceptMany(rig.outbox, 50);
    rig.broker.connect = "accept";
    await rig.clock.advance(40_000);
    expect(rig.outbox.usage().records).toBe(0);
  });

  test("does not hammer a broker that accepts connections and drops each at once", async () => {
    await using rig = uplinkRig();
    await acceptMany(rig.outbox, 10);
    rig.broker.verdict = () => "hang_up";
    rig.start();
    await rig.clock.advance(600_000);
    expect(rig.broker.connections).toBeLessThan(60);
    rig.broker.verdict = () => "acknowledge";
    await rig.clock.advance(60_000);
    expectWhole(rig, "gps_data", 10);
    expect(rig.outbox.usage().records).toBe(0);
  });

  test("blames no reading while nothing gets through, however long", async () => {
    await using rig = uplinkRig();
    await acceptMany(rig.outbox, 100);
    rig.broker.verdict = ({ run }) => (run === null ? "acknowledge" : "hang_up");
    rig.start();
    await rig.clock.advance(3_600_000);
    expect(rig.disk.quarantine).toEqual([]);
    expect(new Set(rig.warnings.map(({ event }) => event))).toEqual(new Set(["uplink_lost"]));
    rig.broker.verdict = () => "acknowledge";
    await rig.clock.advance(60_000);
    expectWhole(rig, "gps_data", 100);
  });

  test("an emergency of an outage goes before everything else that waited", async () => {
    await using rig = uplinkRig();
    rig.broker.connect = "unreachable";
    rig.start();
    await acceptMany(rig.outbox, 500);
    await rig.outbox.accept(encoded(pictureSample(60_000)));
    await rig.outbox.accept(encoded(emergencySample()));
    await rig.clock.advance(60_000);
    rig.broker.connect = "accept";
    await rig.clock.advance(60_000);
    expect(rig.broker.records[0]).toBe("emergency_data/1");
    expect(rig.outbox.usage().records).toBe(0);
  });
});

describe("two lanes", () => {
  /** An hour of driving without a network: two readings a second and a picture each half minute. */
  const anHourLater = async (rig: UplinkRig): Promise<void> => {
    for (let minute = 0; minute < 60; minute += 1) {
      await acceptMany(rig.outbox, 120);
      await rig.outbox.accept(encoded(pictureSample(40_000)));
      await rig.outbox.accept(encoded(pictureSample(40_000)));
    }
  };

  test.each([
    ["a fast line", 1_000_000, 1000],
    ["a slow line of 40 kB/s", 40_000, 3000],
  ])("live readings do not wait behind an hour of backlog on %s", async (_, rate, limitMs) => {
    await using rig = uplinkRig();
    await anHourLater(rig);
    rig.broker.bytesPerSecond = rate;
    rig.start();
    await rig.clock.advance(1000);
    const backlog = rig.outbox.usage().records;
    const first = 60 * 120 + 1;
    const acceptedAt = new Map<number, number>();
    for (let tick = 0; tick < 120; tick += 1) {
      const outcome = await rig.outbox.accept(numbered(tick));
      if ("seq" in outcome) acceptedAt.set(outcome.seq, rig.clock.uptime());
      await rig.clock.advance(500);
    }
    const latencies = rig.broker.deliveries.flatMap((delivery) =>
      delivery.run?.stream === "gps_data"
        ? seqs([delivery]).flatMap((seq) => (seq < first ? [] : [delivery.at - acceptedAt.get(seq)!]))
        : [],
    );
    if (rate < 100_000) expect(rig.outbox.usage().records).toBeGreaterThan(0);
    expect(backlog).toBeGreaterThan(100);
    expect(latencies.length).toBeGreaterThan(110);
    expect(Math.max(...latencies)).toBeLessThan(limitMs);
    await rig.clock.advance(400_000);
    expect(rig.outbox.usage().records).toBe(0);
    expect(rig.broker.connections).toBe(1);
  });

  test("over a line on which a picture takes longer than an answer may, everything gets through", async () => {
    await using rig = uplinkRig();
    for (let n = 0; n < 20; n += 1) await rig.outbox.accept(encoded(pictureSample(85_000)));
    rig.broker.bytesPerSecond = 3000;
    rig.start();
    await rig.clock.advance(3_600_000);
    expect(rig.outbox.usage().records).toBe(0);
    expect(rig.disk.quarantine).toEqual([]);
    expectWhole(rig, "traffic_data", 20);
  });

  test("order is kept within each lane, also across lost connections", async () => {
    await using rig = uplinkRig();
    await acceptMany(rig.outbox, 4000);
    rig.broker.bytesPerSecond = 20_000;
    rig.start();
    for (let n = 0; n < 20; n += 1) {
      await acceptMany(rig.outbox, 3);
      await rig.clock.advance(900);
      if (n % 5 === 4) rig.broker.cut();
    }
    await rig.clock.advance(120_000);
    expectWhole(rig, "gps_data", 4060);
    const firsts = new Map<number, number>();
    seqs(rig.broker.deliveries).forEach((seq, index) => {
      if (!firsts.has(seq)) firsts.set(seq, index);
    });
    const order = [...firsts.keys()].filter((seq) => seq <= 4000);
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    expect(rig.outbox.usage().records).toBe(0);
  });
});

describe("a publish that breaks connections", () => {
  const poisoned = (bad: number) => (delivery: Delivery) => {
    const { run } = delivery;
    if (run?.stream !== "gps_data") return "acknowledge";
    return run.firstSeq <= bad && bad <= run.lastSeq ? "hang_up" : "acknowledge";
  };

  test("is bisected, the one culprit set aside as a declared gap, and all others arrive", async () => {
    await using rig = uplinkRig();
    await acceptMany(rig.outbox, 64);
    rig.broker.verdict = poisoned(37);
    rig.start();
    for (let n = 0; n < 400; n += 1) {
      await acceptMany(rig.outbox, 1);
      await rig.clock.advance(5000);
    }
    expect(rig.disk.quarantine).toHaveLength(1);
    expect(rig.disk.quarantine[0]).toMatchObject({ stream: "gps_data", firstSeq: 37, lastSeq: 37 });
    expect(JSON.parse(rig.disk.quarantine[0]!.records[0]!)).toMatchObject({ seq: 37 });
    expect(rig.metrics.value(`${METRIC}quarantined_total`)).toBe(1);
    const seen = new Set(rig.broker.records);
    for (let seq = 1; seq <= 464; seq += 1) expect(seen.has(`gps_data/${seq}`)).toBe(seq !== 37);
    expect(
      rig.warnings.filter(({ event }) => event === "uplink_batch_breaks_connection").length,
    ).toBeGreaterThan(3);
    await rig.outbox.checkpoint("periodic");
    const lines = rig.disk.segments
      .filter(({ stream }) => stream === "agent_events")
      .flatMap(({ text }) => text.split("\n"));
    const events = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    const said = parseCheckpoint(String(events.findLast(({ kind }) => kind === "checkpoint")?.["detail"]));
    expect(said?.boots.at(-1)?.streams.gps_data?.dropped).toEqual([
      { from: 37, to: 37, reason: "quarantined" },
    ]);
  });

  test("is not blamed before it has ended several connections alone", async () => {
    await using rig = uplinkRig();
    await rig.outbox.accept(numbered(1));
    rig.broker.verdict = poisoned(1);
    rig.start();
    await rig.clock.advance(2000);
    rig.broker.verdict = () => "acknowledge";
    await rig.clock.advance(60_000);
    expect(rig.disk.quarantine).toEqual([]);
    expect(rig.outbox.usage().records).toBe(0);
  });

  test("does not hold live readings of the same stream back", async () => {
    await using rig = uplinkRig();
    await acceptMany(rig.outbox, 10);
    rig.broker.verdict = poisoned(5);
    rig.start();
    await rig.clock.advance(5000);
    let worst = 0;
    for (let n = 0; n < 60; n += 1) {
      const outcome = await rig.outbox.accept(numbered(n));
      const before = rig.clock.uptime();
      const key = `gps_data/${"seq" in outcome ? outcome.seq : 0}`;
      while (!rig.broker.records.includes(key) && rig.clock.uptime() - before < 120_000)
        await rig.clock.advance(500);
      worst = Math.max(worst, rig.clock.uptime() - before);
    }
    expect(worst).toBeLessThan(seconds(15));
  });
});

test("what a broker gets twice is the same bytes, so that it can drop the copy", async () => {
  const clock = new VirtualClock();
  await using rig = uplinkRig({ clock });
  await acceptMany(rig.outbox, 20);
  rig.broker.verdict = ({ run }) => (run === null ? "acknowledge" : "ignore");
  rig.start();
  await clock.advance(3000);
  rig.broker.cut();
  rig.broker.verdict = () => "acknowledge";
  await clock.advance(10_000);
  const sent = rig.broker.deliveries.filter(({ run }) => run !== null);
  expect(sent).toHaveLength(2);
  expect(sent[1]!.payload).toEqual(sent[0]!.payload);
});
