import { MAX_PUBLISH_BYTES, minutes, parseCheckpoint, seconds, type SeqRange } from "@roadstream/shared";
import { expect, test } from "vitest";
import type { Outbox } from "../ports.ts";
import { numbered } from "../testing/sample-readings.ts";
import { AwaitingReceipts, RECEIPT_GRACE } from "./awaiting-receipts.ts";
import { uplinkRig, type UplinkRig } from "./testing/uplink-rig.ts";

const METRIC = "roadstream_agent_uplink_";
const SECOND = seconds(1);

const accept = (outbox: Outbox, count: number): Promise<unknown> =>
  Promise.all(Array.from({ length: count }, (_, n) => outbox.accept(numbered(n))));

const receipt = (
  rig: UplinkRig,
  ranges: readonly SeqRange[],
  over: Readonly<Record<string, unknown>> = {},
): string =>
  JSON.stringify({
    v: 1,
    vehicle_id: "car-1",
    settled: [{ boot_id: rig.outbox.bootId, stream: "gps_data", ranges }],
    ...over,
  });

const arrivals = ({ broker }: UplinkRig): readonly string[] => broker.records;

test("what the broker has is held, and sent no second time, until a receipt covers it", async () => {
  await using rig = uplinkRig({ forget: "settled" });
  await accept(rig.outbox, 4);
  rig.start();
  await rig.clock.advance(2 * SECOND);
  expect(rig.broker.subscribed).toEqual(["ack/roadstream/v1/car-1"]);
  rig.broker.cut();
  await rig.clock.advance(20 * SECOND);
  expect([rig.broker.connections, arrivals(rig)]).toEqual([
    2,
    ["gps_data/1", "gps_data/2", "gps_data/3", "gps_data/4"],
  ]);
  expect([rig.outbox.usage().records, rig.uplink.awaited]).toEqual([4, 4]);
  rig.broker.tell(
    receipt(rig, [
      [1, 1],
      [3, 4],
    ]),
  );
  await rig.clock.advance(SECOND);
  expect([rig.outbox.usage().records, rig.uplink.awaited]).toEqual([1, 1]);
  const said = await rig.outbox.checkpoint("periodic");
  await rig.clock.advance(2 * SECOND);
  const seq = "seq" in said ? said.seq : 0;
  const run = await rig.outbox.read(
    { bootId: rig.outbox.bootId, stream: "agent_events", firstSeq: seq, lastSeq: seq },
    1,
  );
  const { detail } = JSON.parse(run?.records[0] ?? "{}") as { detail: string };
  expect(parseCheckpoint(detail)?.boots[0]?.streams.gps_data).toMatchObject({
    acknowledged: [
      [1, 1],
      [3, 4],
    ],
    held: [[2, 2]],
  });
});

test("a start sends all that has no receipt, whoever acknowledged it", async () => {
  const first = uplinkRig({ forget: "settled" });
  await accept(first.outbox, 3);
  first.start();
  await first.clock.advance(2 * SECOND);
  first.broker.tell(receipt(first, [[2, 2]]));
  await first.clock.advance(SECOND);
  await first[Symbol.asyncDispose]();
  await using second = uplinkRig({ forget: "settled", disk: first.disk });
  second.start();
  await second.clock.advance(2 * SECOND);
  expect(arrivals(second)).toEqual(["gps_data/1", "gps_data/3"]);
});

test("by default a PUBACK is enough, and nothing is subscribed to", async () => {
  await using rig = uplinkRig();
  await accept(rig.outbox, 3);
  rig.start();
  await rig.clock.advance(2 * SECOND);
  expect([rig.outbox.usage().records, rig.uplink.awaited, rig.broker.subscribed]).toEqual([0, 0, []]);
});

test("a broker that refuses the subscription gets the readings all the same; they stay held, and it is said", async () => {
  await using rig = uplinkRig({ forget: "settled" });
  rig.broker.subscriptions = "refuse";
  await accept(rig.outbox, 2);
  rig.start();
  await rig.clock.advance(3 * SECOND);
  expect([arrivals(rig).length, rig.outbox.usage().records]).toEqual([2, 2]);
  expect(rig.warnings.map(({ event }) => event)).toContain("uplink_receipts_refused");
});

test("a broker that never answers the subscription is left for another try, with nothing sent", async () => {
  await using rig = uplinkRig({ forget: "settled" });
  rig.broker.subscriptions = "never_answer";
  await accept(rig.outbox, 1);
  rig.start();
  await rig.clock.advance(50 * SECOND);
  expect(arrivals(rig)).toEqual([]);
  rig.broker.subscriptions = "grant";
  await rig.clock.advance(60 * SECOND);
  expect(arrivals(rig)).toEqual(["gps_data/1"]);
});

test("what is no receipt of this car settles nothing, and neither do numbers that were never given", async () => {
  await using rig = uplinkRig({ forget: "settled" });
  await accept(rig.outbox, 2);
  rig.start();
  await rig.clock.advance(2 * SECOND);
  const bad = [
    "",
    "null",
    `{"v":1,"vehicle_id":"car-1"}`,
    receipt(rig, [[1, 2]], { v: 2 }),
    receipt(rig, [[0, 2]]),
    receipt(rig, [[1.5, 2]]),
    `${receipt(rig, [[1, 2]])}${" ".repeat(MAX_PUBLISH_BYTES)}`,
  ];
  const foreign = [receipt(rig, [[1, 2]], { vehicle_id: "car-2" })];
  const odd = [
    receipt(rig, [
      [2, 1],
      [3, 9],
      [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
    ]),
    receipt(rig, [], { settled: [{ boot_id: "never", stream: "gps_data", ranges: [[1, 2]] }] }),
    receipt(rig, [], { settled: [{ boot_id: rig.outbox.bootId, stream: "__proto__", ranges: [[1, 2]] }] }),
  ];
  for (const text of [...bad, ...foreign, ...odd]) rig.broker.tell(text);
  await rig.clock.advance(2 * SECOND);
  expect(rig.outbox.usage().records).toBe(2);
  const count = (outcome: string): number => rig.metrics.value(`${METRIC}receipts_total`, { outcome });
  expect([count("invalid"), count("other_vehicle"), count("taken")]).toEqual([bad.length, 1, odd.length]);
});

/** A reading each ten seconds, each acknowledged, for so long. */
const drive = async (rig: UplinkRig, ms: number): Promise<void> => {
  for (let left = ms; left > 0; left -= 10 * SECOND) {
    await accept(rig.outbox, 1);
    await rig.clock.advance(10 * SECOND);
  }
};

test("while the cloud says nothing, no reading is sent again, however long; then one, to be answered at all", async () => {
  await using rig = uplinkRig({ forget: "settled" });
  rig.start();
  await drive(rig, minutes(60));
  expect(arrivals(rig)).toHaveLength(360);
  await rig.clock.advance(RECEIPT_GRACE + 20 * SECOND);
  expect(arrivals(rig).slice(360)).toEqual(["gps_data/360"]);
  await rig.clock.advance(RECEIPT_GRACE + 20 * SECOND);
  expect(arrivals(rig).slice(360)).toEqual(["gps_data/360", "gps_data/360"]);
  rig.broker.tell(receipt(rig, [[1, 360]]));
  await rig.clock.advance(2 * RECEIPT_GRACE);
  expect([rig.outbox.usage().records, arrivals(rig).length]).toEqual([0, 362]);
});

test("what the log has lost is sent again when the cloud has evidently passed it, after the grace, on the same connection", async () => {
  await using rig = uplinkRig({ forget: "settled" });
  rig.start();
  await drive(rig, minutes(10));
  // 21..40 were acknowledged and then lost.
  rig.broker.tell(
    receipt(rig, [
      [1, 20],
      [41, 60],
    ]),
  );
  await rig.clock.advance(RECEIPT_GRACE - 20 * SECOND);
  expect(arrivals(rig)).toHaveLength(60);
  await rig.clock.advance(40 * SECOND);
  expect(arrivals(rig).slice(60)).toEqual(Array.from({ length: 20 }, (_, n) => `gps_data/${21 + n}`));
  expect(rig.metrics.value(`${METRIC}unsettled_sent_again_total`)).toBe(20);
  rig.broker.tell(receipt(rig, [[1, 60]]));
  await rig.clock.advance(SECOND);
  expect([rig.outbox.usage().records, rig.uplink.awaited]).toEqual([0, 0]);
});

test("what was acknowledged at about the same time does not pass each other: only the last is asked about", () => {
  const awaiting = new AwaitingReceipts();
  const series = { bootId: "b", stream: "gps_data" } as const;
  awaiting.acknowledged({ ...series, firstSeq: 1, lastSeq: 3 }, 1000);
  awaiting.settled(series, [[2, 2]], 2000);
  expect(awaiting.overdue(2000 + RECEIPT_GRACE)).toEqual([{ ...series, firstSeq: 3, lastSeq: 3 }]);
});

test("weeks without a receipt cost bounded memory and lose track of nothing", () => {
  const awaiting = new AwaitingReceipts();
  const series = { bootId: "b", stream: "gps_data" } as const;
  const given = 60 * 24 * 21;
  for (let n = 1; n <= given; n += 1)
    awaiting.acknowledged({ ...series, firstSeq: n, lastSeq: n }, minutes(n));
  const end = minutes(given);
  expect(awaiting.records).toBe(given);
  awaiting.settled(series, [[given, given]], end);
  expect(awaiting.overdue(end)).toEqual([]);
  const again = awaiting.overdue(end + RECEIPT_GRACE);
  // The neighbours of the last one may not be told apart from it.
  expect([again.length, again[0]?.firstSeq]).toEqual([1, 1]);
  expect(again[0]?.lastSeq).toBeGreaterThan(given - 64);
});

test("what the budget drops is awaited no more, and is not counted as sent again", async () => {
  await using rig = uplinkRig({ forget: "settled", budget: { totalBytes: 40_000, reservedBytes: 20_000 } });
  rig.start();
  await drive(rig, minutes(10));
  const given = 60;
  const fixes = rig.outbox.series().find(({ stream }) => stream === "gps_data")!;
  const [firstHeld] = fixes.heldRunFrom(1)!;
  expect(firstHeld).toBeGreaterThan(1);
  await rig.clock.advance(20 * SECOND);
  const { records } = rig.outbox.usage();
  expect([rig.metrics.value(`${METRIC}awaiting_receipt`), rig.uplink.awaited]).toEqual([records, records]);
  // The cloud goes past all of them.
  rig.broker.tell(receipt(rig, [[given, given]]));
  await rig.clock.advance(RECEIPT_GRACE + 20 * SECOND);
  const again = arrivals(rig)
    .filter((record) => record.startsWith("gps_data/"))
    .slice(given);
  expect(again[0]).toBe(`gps_data/${firstHeld}`);
  // The events that declare the gap are asked about by the last of them.
  expect(rig.metrics.value(`${METRIC}unsettled_sent_again_total`)).toBe(again.length + 1);
});

test("what is settled while its acknowledgement is under way is awaited no more", async () => {
  await using rig = uplinkRig({ forget: "settled" });
  rig.broker.roundTripMs = 400;
  await accept(rig.outbox, 5);
  rig.start();
  while (rig.broker.records.length === 0) await rig.clock.advance(10);
  // On its way back is the PUBACK; the receipt is there first, and the outbox takes a moment to forget.
  await rig.clock.advance(100);
  rig.broker.tell(receipt(rig, [[1, 5]]));
  await rig.clock.advance(5 * SECOND);
  expect([rig.outbox.usage().records, rig.uplink.awaited]).toEqual([0, 0]);
  expect(rig.metrics.value(`${METRIC}awaiting_receipt`)).toBe(0);
  await rig.clock.advance(2 * RECEIPT_GRACE);
  expect(rig.metrics.value(`${METRIC}unsettled_sent_again_total`)).toBe(0);
});
