import { expect, test } from "vitest";
import { MAX_FAILED_READS } from "../outbox/outbox-reader.ts";
import { numbered } from "../testing/sample-readings.ts";
import { READ_AGAIN_AFTER } from "./batch-source.ts";
import { uplinkRig, type UplinkRig } from "./testing/uplink-rig.ts";

const METRIC = "roadstream_agent_";

const acceptEach = async (rig: UplinkRig, count: number): Promise<void> => {
  for (let n = 0; n < count; n += 1) await rig.outbox.accept(numbered(n, rig.clock));
};

const sent = ({ broker }: UplinkRig): readonly string[] => broker.records;

test("a place that cannot be read stops nothing else, and costs no connection", async () => {
  await using rig = uplinkRig();
  await acceptEach(rig, 20);
  rig.store.isReadable = ({ firstSeq, lastSeq }) => firstSeq > 7 || lastSeq < 7;
  rig.start();
  for (let second = 0; second < 30; second += 1) {
    const accepted = acceptEach(rig, 1);
    await rig.clock.advance(1000);
    await accepted;
  }
  await rig.clock.advance(1000);
  expect(new Set(sent(rig))).toEqual(
    new Set(
      Array.from({ length: 50 }, (_, n) => `gps_data/${n + 1}`).filter((name) => name !== "gps_data/7"),
    ),
  );
  expect([rig.broker.connections, rig.outbox.usage().records]).toEqual([1, 1]);
  expect(rig.warnings).toEqual([
    {
      event: "uplink_cannot_read",
      fields: {
        bootId: rig.outbox.bootId,
        stream: "gps_data",
        firstSeq: 7,
        lastSeq: 7,
        error: "disk I/O error",
      },
    },
  ]);
  expect(rig.metrics.value(`${METRIC}uplink_connected`)).toBe(1);
});

test("a disk that could not be read for a moment is read again, and everything arrives", async () => {
  await using rig = uplinkRig();
  await acceptEach(rig, 20);
  rig.broker.verdict = ({ run }) => (run === null ? "acknowledge" : "ignore");
  rig.start();
  await rig.clock.advance(2000);
  rig.store.isReadable = () => false;
  await acceptEach(rig, 1);
  await rig.clock.advance(1000);
  expect(rig.store.failedReads).toBe(1);
  rig.store.isReadable = () => true;
  rig.broker.verdict = () => "acknowledge";
  rig.broker.cut();
  await rig.clock.advance(2 * READ_AGAIN_AFTER);
  expect(rig.outbox.usage().records).toBe(0);
  expect(rig.failures).toEqual([]);
});

test("a place that is read in vain again and again is told as a failure of the storage, once", async () => {
  await using rig = uplinkRig();
  await acceptEach(rig, 3);
  rig.store.isReadable = ({ firstSeq }) => firstSeq !== 2;
  rig.start();
  await rig.clock.advance((MAX_FAILED_READS - 1) * READ_AGAIN_AFTER - 1000);
  expect([rig.store.failedReads >= MAX_FAILED_READS - 1, rig.failures]).toEqual([true, []]);
  await rig.clock.advance(10 * READ_AGAIN_AFTER);
  expect(rig.failures).toHaveLength(1);
});

test("whatever is thrown while a connection stands, it is counted as ended, and what was in flight is sent again", async () => {
  await using rig = uplinkRig();
  await acceptEach(rig, 5);
  rig.broker.verdict = ({ run }) => (run === null ? "acknowledge" : "ignore");
  rig.start();
  await rig.clock.advance(2000);
  const read = rig.outbox.read.bind(rig.outbox);
  rig.outbox.read = () => Promise.reject(new Error("a broken invariant"));
  await acceptEach(rig, 1);
  // The next connection cannot be made, so that the gauge tells of this one.
  rig.broker.connect = "unreachable";
  await rig.clock.advance(1000);
  expect(rig.metrics.value(`${METRIC}uplink_connected`)).toBe(0);
  expect(rig.metrics.value(`${METRIC}uplink_ends_total`, { by: "closed" })).toBe(1);
  rig.outbox.read = read;
  rig.broker.verdict = () => "acknowledge";
  rig.broker.connect = "accept";
  await rig.clock.advance(60_000);
  expect(rig.outbox.usage().records).toBe(0);
});
