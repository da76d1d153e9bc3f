import { seededRandom } from "@roadstream/shared";
import { describe, expect, test } from "vitest";
import { encoded, numbered, pictureSample } from "../testing/sample-readings.ts";
import { uplinkRig, type UplinkRig } from "./testing/uplink-rig.ts";

const METRIC = "roadstream_agent_uplink_";

interface Drive {
  readonly forSeconds: number;
  /** A picture of so many bytes each so many seconds, beside a fix each five. */
  readonly picture: { readonly bytes: number; readonly every: number };
  /** The line breaks about so often. */
  readonly breaksEvery?: number;
}

const drive = async (
  rig: UplinkRig,
  { forSeconds, picture, breaksEvery = Infinity }: Drive,
): Promise<void> => {
  const random = seededRandom(3);
  let breakAt = breaksEvery;
  for (let second = 0; second < forSeconds; second += 1) {
    const accepted: Promise<unknown>[] = [];
    if (second % 5 === 0) accepted.push(rig.outbox.accept(numbered(second, rig.clock)));
    if (second % picture.every === 10)
      accepted.push(rig.outbox.accept(encoded(pictureSample(picture.bytes))));
    if (second >= breakAt) {
      rig.broker.cut();
      breakAt = second + breaksEvery * (0.6 + 0.8 * random.next());
    }
    await rig.clock.advance(1000);
    await Promise.all(accepted);
  }
};

const expectAllThere = async (rig: UplinkRig): Promise<void> => {
  rig.broker.bytesPerSecond = 1_000_000;
  await rig.clock.advance(600_000);
  expect(rig.metrics.value(`${METRIC}quarantined_total`)).toBe(0);
  expect(rig.outbox.usage().records).toBe(0);
};

describe("a line as roads have them makes nobody give up an innocent picture:", () => {
  test.each([
    [700, 30_000, 0],
    [700, 40_000, 0],
    [1000, 40_000, 0],
    [700, 40_000, 1000],
  ])("%i B/s, pictures of %i bytes, bursts of %i", async (rate, bytes, burst) => {
    await using rig = uplinkRig();
    rig.broker.bytesPerSecond = rate;
    rig.broker.burstBytes = burst;
    rig.start();
    await drive(rig, { forSeconds: 3600, picture: { bytes, every: 300 } });
    // A deadline that grows with what the line takes is met: the first pictures find out how long.
    expect(rig.metrics.value(`${METRIC}ends_total`, { by: "unanswered" })).toBeLessThan(5);
    expect(rig.broker.records.filter((record) => record.startsWith("traffic_data")).length).toBeGreaterThan(
      10,
    );
    await expectAllThere(rig);
  });

  test.each([
    [3000, 80_000, 30],
    [6000, 60_000, 12],
  ])("%i B/s, pictures of %i bytes, a break about each %i s", async (rate, bytes, breaksEvery) => {
    await using rig = uplinkRig();
    rig.broker.bytesPerSecond = rate;
    rig.start();
    await drive(rig, { forSeconds: 1500, picture: { bytes, every: 120 }, breaksEvery });
    await expectAllThere(rig);
  });
});

test("a picture at which the broker hangs up is set aside all the same, once others of its size get through", async () => {
  await using rig = uplinkRig();
  rig.broker.bytesPerSecond = 20_000;
  rig.broker.verdict = ({ run }) =>
    run?.stream === "traffic_data" && run.firstSeq <= 2 && 2 <= run.lastSeq ? "hang_up" : "acknowledge";
  rig.start();
  await drive(rig, { forSeconds: 1500, picture: { bytes: 40_000, every: 60 } });
  expect(rig.disk.quarantine.map(({ stream, firstSeq }) => `${stream}/${firstSeq}`)).toEqual([
    "traffic_data/2",
  ]);
  expect(rig.outbox.usage().records).toBeLessThan(3);
});

test("the only picture of all, at which the broker hangs up, costs a connection now and then and nothing else", async () => {
  await using rig = uplinkRig();
  rig.broker.verdict = ({ run }) => (run?.stream === "traffic_data" ? "hang_up" : "acknowledge");
  rig.start();
  await drive(rig, { forSeconds: 3600, picture: { bytes: 40_000, every: 100_000 } });
  expect(rig.disk.quarantine).toEqual([]);
  expect(rig.broker.connections).toBeLessThan(30);
  expect(rig.outbox.usage().records).toBeLessThan(3);
});

test("after a tunnel of six minutes the uplink is not cautious for ever", async () => {
  await using rig = uplinkRig();
  rig.start();
  await rig.clock.advance(1000);
  // Connections that end under one batch, after others got through: it becomes a suspect.
  for (let n = 0; n < 4; n += 1) {
    rig.broker.verdict = ({ run }) => (run === null ? "acknowledge" : "hang_up");
    await drive(rig, { forSeconds: 3, picture: { bytes: 1, every: 100_000 } });
    rig.broker.verdict = () => "acknowledge";
  }
  rig.broker.connect = "unreachable";
  rig.broker.cut();
  await drive(rig, { forSeconds: 400, picture: { bytes: 1, every: 100_000 } });
  rig.broker.connect = "accept";
  await drive(rig, { forSeconds: 600, picture: { bytes: 1, every: 100_000 } });
  rig.broker.connect = "unreachable";
  rig.broker.cut();
  for (let n = 0; n < 4000; n += 1) void rig.outbox.accept(numbered(n, rig.clock));
  await rig.clock.advance(60_000);
  rig.broker.connect = "accept";
  rig.broker.roundTripMs = 400;
  rig.broker.deliveries.length = 0;
  await rig.clock.advance(60_000);
  const sent = rig.broker.deliveries.filter(({ run }) => run !== null);
  const overlapping = sent.filter(({ at }, index) => index > 0 && at - sent[index - 1]!.at < 300);
  expect(overlapping.length).toBeGreaterThan(0);
  expect(rig.outbox.usage().records).toBe(0);
});

test.each(["at full speed", "in caution"])(
  "while a line does not answer, the uplink does not look again and again, %s",
  async (how) => {
    await using rig = uplinkRig();
    rig.start();
    await rig.clock.advance(1000);
    if (how === "in caution") {
      rig.broker.verdict = ({ run }) => (run === null ? "acknowledge" : "hang_up");
      await rig.outbox.accept(numbered(0, rig.clock));
      await rig.clock.advance(10_000);
    }
    rig.broker.verdict = ({ run }) => (run === null ? "acknowledge" : "ignore");
    let looks = 0;
    const sleep = rig.clock.sleep.bind(rig.clock);
    rig.clock.sleep = (...wait) => {
      looks += 1;
      return sleep(...wait);
    };
    const wholeLane = 20;
    for (let second = 0; second < wholeLane + 5; second += 1) {
      const accepted = rig.outbox.accept(numbered(second, rig.clock));
      if (second === wholeLane) looks = 0;
      await rig.clock.advance(1000);
      await accepted;
    }
    expect(looks).toBeLessThan(50);
  },
);
