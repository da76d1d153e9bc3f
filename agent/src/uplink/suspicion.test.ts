import { expect, test } from "vitest";
import type { Batch } from "./batch.ts";
import { CALM_AFTER, STRIKES_TO_QUARANTINE, STRIKES_TO_SPLIT, Suspicion } from "./suspicion.ts";

const batch = (firstSeq: number, lastSeq: number): Batch => ({
  lane: "backfill",
  run: { bootId: "b", stream: "gps_data", firstSeq, lastSeq },
  topic: "t",
  payload: new Uint8Array(1),
  builtAt: 0,
});

const many = batch(1, 10);
const one = batch(11, 11);
const other = batch(12, 12);

const cautious = (): Suspicion => {
  const suspicion = new Suspicion();
  suspicion.connectionEnded([many, one]);
  suspicion.connectionEnded([many, one]);
  return suspicion;
};

/** Connections that end under the batch alone, each after another one got through, until it is found guilty. */
const connectionsUntilGuilty = (suspicion: Suspicion, suspect: Batch): number => {
  for (let n = 1; n < 100; n += 1) {
    suspicion.acknowledged(other);
    if (suspicion.connectionEnded([suspect]) === suspect) return n;
  }
  return Number.NaN;
};

test("caution begins with the second end in a row, and ends after calm", () => {
  const suspicion = new Suspicion();
  suspicion.connectionEnded([many]);
  expect(suspicion.isCautious).toBe(false);
  suspicion.acknowledged(other);
  suspicion.connectionEnded([many]);
  expect(suspicion.isCautious).toBe(false);
  suspicion.connectionEnded([many]);
  expect(suspicion.isCautious).toBe(true);
  for (let n = 1; n < CALM_AFTER; n += 1) suspicion.acknowledged(other);
  expect(suspicion.isCautious).toBe(true);
  suspicion.acknowledged(other);
  expect(suspicion.isCautious).toBe(false);
});

test("an end with nothing in flight is nobody's fault", () => {
  const suspicion = new Suspicion();
  for (let n = 0; n < 10; n += 1) expect(suspicion.connectionEnded([])).toBe(null);
  expect(suspicion.isCautious).toBe(false);
});

test("several records are cut sooner than a single one is set aside", () => {
  expect(connectionsUntilGuilty(cautious(), many)).toBe(STRIKES_TO_SPLIT);
  expect(connectionsUntilGuilty(cautious(), one)).toBe(STRIKES_TO_QUARANTINE);
});

test("no strike is counted while nothing else gets through, and a struck batch lets others go first", () => {
  const suspicion = cautious();
  expect(suspicion.mayGo(one)).toBe(true);
  for (let n = 0; n < 100; n += 1) expect(suspicion.connectionEnded([one])).toBe(null);
  expect(suspicion.mayGo(one)).toBe(false);
  suspicion.acknowledged(other);
  expect(suspicion.mayGo(one)).toBe(true);
});

test("a batch that gets through after all is innocent, and begins anew", () => {
  const suspicion = cautious();
  for (let n = 0; n < STRIKES_TO_QUARANTINE - 1; n += 1) {
    suspicion.acknowledged(other);
    expect(suspicion.connectionEnded([one])).toBe(null);
  }
  suspicion.acknowledged(one);
  expect(connectionsUntilGuilty(suspicion, one)).toBe(STRIKES_TO_QUARANTINE);
});
