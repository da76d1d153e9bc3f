import type { DurationMs } from "@roadstream/shared";
import { VirtualClock, gpsPayload, TOPIC, VEHICLE } from "@roadstream/shared/testing";
import { expect, test } from "vitest";
import type { Session, Settlement } from "../ports.ts";
import { balance, logged, loggedSeqs, routerParts } from "../testing/gateway-parts.ts";

const setUp = async () => {
  const clock = new VirtualClock();
  const parts = await routerParts(clock);
  const heard: string[] = [];
  const session = (): Session => ({ clientId: VEHICLE });
  const take = (from: Session, first: number, last = first, payload = gpsPayload(first, last)): void =>
    parts.router.take(
      { clientId: from.clientId, topic: TOPIC, payload, receivedAt: clock.now() },
      { session: from, settle: (settlement: Settlement) => void heard.push(`${first} ${settlement}`) },
    );
  return { ...parts, clock, heard, session, take };
};

const ms = (value: number): DurationMs => value as DurationMs;

test("nobody hears durable before the log has it; then in order", async () => {
  const { clock, heard, log, metrics, router, session, take } = await setUp();
  log.appendFault = () => ({ kind: "slow", after: ms(500) });
  const car = session();
  for (const seq of [1, 2, 3]) take(car, seq);
  await clock.advance(499);
  expect(heard).toEqual([]);
  expect(balance(metrics)).toEqual({ received: 3, accounted: 3, held: 3 });
  await clock.advance(1);
  expect(heard).toEqual(["1 durable", "2 durable", "3 durable"]);
  expect(await loggedSeqs(log)).toEqual([1, 2, 3]);
  expect(balance(metrics)).toEqual({ received: 3, accounted: 3, held: 0 });
  expect(router.budget.used).toBe(0);
});

test("what arrives in one turn is one append; what arrives meanwhile is the next", async () => {
  const { clock, log, session, take } = await setUp();
  const sizes: number[] = [];
  log.appendFault = (records) => {
    sizes.push(records.length);
    return { kind: "slow", after: ms(10) };
  };
  const car = session();
  for (const seq of [1, 2, 3]) take(car, seq);
  await clock.advance(5);
  for (const seq of [4, 5]) take(car, seq);
  await clock.advance(50);
  expect(sizes).toEqual([3, 2]);
});

test("while the log is away nothing is acknowledged; when it is back, everything is, in order", async () => {
  const { clock, heard, log, metrics, session, take } = await setUp();
  log.store.away = true;
  const car = session();
  for (const seq of [1, 2]) take(car, seq);
  await clock.advance(5000);
  take(car, 3);
  await clock.advance(5000);
  expect(heard).toEqual([]);
  log.store.away = false;
  await clock.advance(2500);
  expect(heard).toEqual(["1 durable", "2 durable", "3 durable"]);
  expect(await loggedSeqs(log)).toEqual([1, 2, 3]);
  expect(balance(metrics)).toEqual({ received: 3, accounted: 3, held: 0 });
});

test("a full log is as one that is away: held, then cut off after the hold limit", async () => {
  const { clock, heard, log, metrics, router, session, take } = await setUp();
  log.store.capacityBytes = 0;
  take(session(), 1);
  await clock.advance(19_000);
  expect(heard).toEqual([]);
  await clock.advance(2500);
  expect(heard).toEqual(["1 try_later"]);
  expect(balance(metrics)).toEqual({ received: 1, accounted: 1, held: 0 });
  expect(router.budget.used).toBe(0);
});

test("a publish sent again while its first copy is on the way joins it: one record, one acknowledgement", async () => {
  const { clock, heard, log, metrics, router, session, take } = await setUp();
  log.appendFault = () => ({ kind: "slow", after: ms(1000) });
  const before = session();
  take(before, 1);
  await clock.advance(100);
  router.leave(before);
  const after = session();
  take(after, 1);
  take(after, 2);
  await clock.advance(3000);
  expect(heard).toEqual(["1 durable", "2 durable"]);
  expect(await loggedSeqs(log)).toEqual([1, 2]);
  expect(metrics.value("roadstream_gateway_publishes_joined_total")).toBe(1);
});

test("only the same topic and bytes join, and only when the first connection is gone", async () => {
  const { clock, heard, log, router, session, take } = await setUp();
  log.appendFault = () => ({ kind: "slow", after: ms(1000) });
  const before = session();
  take(before, 1, 2);
  await clock.advance(100);
  take(before, 1, 2);
  router.leave(before);
  take(session(), 1, 3);
  await clock.advance(5000);
  expect(heard).toEqual(["1 durable"]);
  expect(await loggedSeqs(log)).toEqual([1, 2, 1, 2, 3]);
});

test("a connection that goes takes with it what was not on the way, and nobody calls it back", async () => {
  const { clock, heard, log, metrics, router, session, take } = await setUp();
  log.store.away = true;
  const car = session();
  const other = { clientId: "car-2" };
  take(car, 1);
  take(other, 5, 5);
  await clock.advance(60);
  router.leave(car);
  log.store.away = false;
  await clock.advance(3000);
  expect(heard).toEqual(["5 durable"]);
  expect(await loggedSeqs(log)).toEqual([]);
  // The other client's publish names this vehicle: a dead letter, under the client's own name.
  expect(await logged(log, "dead_letter")).toMatchObject([{ vehicle_id: "car-2", reason: "wrong_vehicle" }]);
  expect(balance(metrics)).toEqual({ received: 2, accounted: 2, held: 0 });
});

test("a lost answer doubles the record in the log and never loses it", async () => {
  const { clock, heard, log, session, take } = await setUp();
  let isFirst = true;
  log.appendFault = () => {
    const fault = isFirst ? ({ kind: "lost_answer" } as const) : null;
    isFirst = false;
    return fault;
  };
  take(session(), 1);
  await clock.advance(1000);
  expect(heard).toEqual(["1 durable"]);
  expect(await loggedSeqs(log)).toEqual([1, 1]);
});

test("an append that nobody answers is given up, and the lane goes on", async () => {
  const { clock, heard, log, metrics, session, take } = await setUp();
  log.appendFault = () => ({ kind: "late_answer", after: ms(1_000_000) });
  take(session(), 1);
  await clock.advance(21_000);
  expect(heard).toEqual(["1 try_later"]);
  await clock.advance(40_000);
  expect(balance(metrics)).toEqual({ received: 1, accounted: 1, held: 0 });
  log.appendFault = null;
  take(session(), 2);
  await clock.advance(10);
  expect(heard).toEqual(["1 try_later", "2 durable"]);
});

test("one vehicle's trouble does not hold up another", async () => {
  const { clock, heard, log, session, take } = await setUp();
  log.appendFault = (records) =>
    records.some(({ key }) => key === VEHICLE) ? { kind: "unavailable" } : null;
  take(session(), 1);
  take({ clientId: "car-2" }, 2);
  await clock.advance(100);
  expect(heard).toEqual(["2 durable"]);
});

test("a stop lets what is held finish, and refuses what comes later", async () => {
  const { clock, heard, log, router, session, take } = await setUp();
  log.appendFault = () => ({ kind: "slow", after: ms(3000) });
  const car = session();
  take(car, 1);
  const drained = router.drain();
  await clock.advance(3000);
  await drained;
  take(car, 2);
  expect(heard).toEqual(["1 durable", "2 try_later"]);
});

test("a stop does not wait for ever for a log that is away", async () => {
  const { clock, heard, log, metrics, router, session, take } = await setUp();
  log.store.away = true;
  take(session(), 1);
  const drained = router.drain();
  await clock.advance(7000);
  await drained;
  await clock.advance(10);
  expect(heard).toEqual(["1 try_later"]);
  expect(balance(metrics)).toEqual({ received: 1, accounted: 1, held: 0 });
});
