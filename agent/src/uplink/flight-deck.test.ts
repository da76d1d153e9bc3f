import { MAX_PUBLISH_BYTES } from "@roadstream/shared";
import { expect, test } from "vitest";
import { LEAST_BYTES } from "./backfill-window.ts";
import type { Batch, Lane } from "./batch.ts";
import { FlightDeck } from "./flight-deck.ts";

const batch = (lane: Lane, firstSeq: number, bytes = 10): Batch => ({
  lane,
  run: { bootId: "b", stream: "gps_data", firstSeq, lastSeq: firstSeq + 9 },
  topic: "t",
  payload: new Uint8Array(bytes),
  builtAt: 0,
});
const series = { bootId: "b", stream: "gps_data" as const };
const taken = (deck: FlightDeck): unknown => deck.taken(series)?.toJSON() ?? [];

test("a batch's numbers are taken from its sending until the outbox has forgotten them", () => {
  const deck = new FlightDeck();
  const one = batch("live", 1);
  deck.sent(one);
  expect(taken(deck)).toEqual([[1, 10]]);
  deck.acknowledged(one, 0.1);
  expect(taken(deck)).toEqual([[1, 10]]);
  deck.release(one.run);
  expect(taken(deck)).toEqual([]);
});

test("what was in flight waits in its order, before what waited already", () => {
  const deck = new FlightDeck();
  const [one, two, three] = [batch("live", 1), batch("live", 11), batch("backfill", 21)];
  deck.wait(three);
  deck.sent(one);
  deck.sent(two);
  deck.landedNowhere("closed");
  expect(deck.waiting).toEqual([one, two, three]);
  expect(deck.inFlight).toEqual([]);
  expect(taken(deck)).toEqual([[1, 30]]);
  deck.abandon(two);
  expect(deck.waiting).toEqual([one, three]);
  expect(taken(deck)).toEqual([
    [1, 10],
    [21, 30],
  ]);
});

test("a full lane leaves the other one its room", () => {
  const deck = new FlightDeck();
  deck.sent(batch("backfill", 1, 100_000));
  expect([deck.hasRoom("backfill"), deck.hasRoom("live")]).toEqual([false, true]);
  for (let n = 0; n < 16; n += 1) deck.sent(batch("live", 100 + n * 10));
  expect(deck.hasRoom("live")).toBe(false);
  expect(deck.bytesInFlight).toBe(100_160);
});

test("after a silent connection backlog goes in small pieces, live readings as before", () => {
  const deck = new FlightDeck();
  deck.landedNowhere("unanswered");
  expect(deck.batchLimit("backfill")).toBe(LEAST_BYTES);
  expect(deck.batchLimit("live")).toBe(MAX_PUBLISH_BYTES);
  expect(deck.hasRoom("backfill")).toBe(true);
});
