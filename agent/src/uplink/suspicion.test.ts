import { seconds } from "@roadstream/shared";
import { expect, test } from "vitest";
import type { UplinkEnd } from "../ports.ts";
import type { Batch } from "./batch.ts";
import { LineRecord } from "./line-record.ts";
import { CALM_AFTER, STRIKES_TO_QUARANTINE, STRIKES_TO_SPLIT, Suspicion } from "./suspicion.ts";

const batch = (firstSeq: number, lastSeq: number, bytes = 20_000): Batch => ({
  lane: "backfill",
  run: { bootId: "b", stream: "gps_data", firstSeq, lastSeq },
  topic: "t",
  payload: new Uint8Array(bytes),
  builtAt: 0,
});

const many = batch(1, 10);
const one = batch(11, 11);
const like = batch(12, 12);
const small = batch(13, 13, 300);

/** Two seconds for a batch of twenty thousand bytes. */
const RATE = 10_000;

/** A suspicion with a line and a clock of its own. */
class Scene {
  readonly line = new LineRecord();
  readonly suspicion = new Suspicion(this.line);
  now = 0;

  /** Gets through. */
  carry(other: Batch): void {
    const { length } = other.payload;
    this.suspicion.sent(other, this.now);
    this.now += seconds(0.1 + length / RATE);
    this.line.acknowledged({
      bytes: length,
      bytesInFlight: length,
      seconds: 0.1 + length / RATE,
      at: this.now,
    });
    this.suspicion.acknowledged(other);
  }

  /** The connection ends so long after these were sent; returns who is guilty once there is another one. */
  end(inFlight: readonly Batch[], afterSeconds: number, by: UplinkEnd = "closed"): Batch | null {
    for (const each of inFlight) this.suspicion.sent(each, this.now);
    this.now += seconds(afterSeconds);
    this.suspicion.connectionEnded({ inFlight, by, at: this.now });
    return this.suspicion.reconnected();
  }

  cautious(): this {
    this.carry(small);
    this.end([many, one], 1);
    this.end([many, one], 1);
    return this;
  }

  /** Connections that end in this way under the suspect alone, after others got through, until it is found guilty. */
  endsUntilGuilty(suspect: Batch, end: () => Batch | null, others: readonly Batch[] = [like]): number {
    for (let n = 1; n < 100; n += 1) {
      for (const other of others) this.carry(other);
      if (end() === suspect) return n;
    }
    return Infinity;
  }
}

test("caution begins with the second end in a row, and ends after calm", () => {
  const scene = new Scene();
  const { suspicion } = scene;
  scene.end([many], 1);
  expect(suspicion.isCautious).toBe(false);
  scene.carry(like);
  scene.end([many], 1);
  expect(suspicion.isCautious).toBe(false);
  scene.end([many], 1);
  expect(suspicion.isCautious).toBe(true);
  for (let n = 1; n < CALM_AFTER; n += 1) scene.carry(like);
  expect(suspicion.isCautious).toBe(true);
  scene.carry(like);
  expect(suspicion.isCautious).toBe(false);
});

test("an end with nothing in flight is nobody's fault", () => {
  const scene = new Scene();
  for (let n = 0; n < 10; n += 1) expect(scene.end([], 1)).toBe(null);
  expect(scene.suspicion.isCautious).toBe(false);
});

test("several records are cut sooner than a single one is set aside", () => {
  const cut = new Scene().cautious();
  expect(cut.endsUntilGuilty(many, () => cut.end([many], 2))).toBe(STRIKES_TO_SPLIT);
  const aside = new Scene().cautious();
  expect(aside.endsUntilGuilty(one, () => aside.end([one], 2))).toBe(STRIKES_TO_QUARANTINE);
});

test("an answer that never comes blames nothing", () => {
  const scene = new Scene().cautious();
  expect(scene.endsUntilGuilty(one, () => scene.end([one], 2, "unanswered"))).toBe(Infinity);
});

test.each([
  ["an answer that never comes", 30, "unanswered"],
  ["a hang-up long after the payload has arrived", 10, "closed"],
] as const)("%s makes a record rest longer and longer, and cuts what others are in", (_, after, by) => {
  const scene = new Scene().cautious();
  expect(scene.endsUntilGuilty(many, () => scene.end([many], after, by))).toBe(STRIKES_TO_SPLIT);
  for (const rest of [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]) {
    scene.carry(like);
    expect(scene.end([one], after, by)).toBe(null);
    expect(scene.suspicion.isSuspect(one)).toBe(true);
    expect(scene.suspicion.restMs(one, scene.now)).toBe(seconds(rest));
  }
  scene.carry(like);
  expect(scene.suspicion.mayGo(one, scene.now)).toBe(false);
  expect(scene.suspicion.mayGo(one, scene.now + seconds(300))).toBe(true);
  scene.carry(one);
  expect(scene.suspicion.isSuspect(one)).toBe(false);
});

test("a line that breaks early, or cannot be had again, cuts nothing", () => {
  const scene = new Scene().cautious();
  expect(scene.endsUntilGuilty(many, () => scene.end([many], 0.5))).toBe(Infinity);
  const away = (): Batch | null => {
    scene.suspicion.connectionEnded({ inFlight: [many], by: "unanswered", at: scene.now });
    scene.suspicion.unreachable();
    return scene.suspicion.reconnected();
  };
  expect(scene.endsUntilGuilty(many, away)).toBe(Infinity);
});

test("the one publish that is left without an answer lets others go first also without caution", () => {
  const scene = new Scene();
  scene.carry(like);
  scene.end([one], 30, "unanswered");
  expect(scene.suspicion.isCautious).toBe(false);
  expect(scene.suspicion.mayGo(one, scene.now + seconds(10))).toBe(false);
});

test("a suspect beside others gets no strike, but rests", () => {
  const scene = new Scene().cautious();
  const ends = scene.endsUntilGuilty(one, () => {
    const guilty = scene.end([one], 2);
    if (guilty !== null) return guilty;
    scene.carry(like);
    scene.end([one, like], 2);
    expect(scene.suspicion.mayGo(one, scene.now)).toBe(false);
    return null;
  });
  expect(ends).toBe(STRIKES_TO_QUARANTINE);
});

test("while nothing gets through, it is each one's turn", () => {
  const scene = new Scene().cautious();
  const others = [one, like, small];
  for (const each of [like, one, small]) scene.end([each], 30, "unanswered");
  expect(scene.suspicion.longestRested(others, scene.now + seconds(2))).toBe(like);
  scene.end([like], 30, "unanswered");
  expect(scene.suspicion.longestRested(others, scene.now + seconds(2))).toBe(one);
  expect(scene.suspicion.longestRested([many, ...others].toReversed(), scene.now)).toBe(many);
});

test("an end before the payload can have arrived blames nothing, nor does one long after", () => {
  const scene = new Scene().cautious();
  expect(scene.endsUntilGuilty(one, () => scene.end([one], 1.4))).toBe(Infinity);
  expect(scene.endsUntilGuilty(one, () => scene.end([one], 9))).toBe(Infinity);
});

test("each end that cannot be the payload's takes back one that may be", () => {
  const scene = new Scene().cautious();
  let n = 0;
  const inTurn = (): Batch | null => scene.end([one], (n += 1) % 2 === 0 ? 1 : 2);
  expect(scene.endsUntilGuilty(one, inTurn)).toBe(Infinity);
  // The last of them, in the time of a hang-up, counts.
  expect(scene.endsUntilGuilty(one, () => scene.end([one], 2))).toBe(STRIKES_TO_QUARANTINE - 1);
});

test("a peer that cannot be reached again at once has not hung up because of a payload", () => {
  const scene = new Scene().cautious();
  const away = (): Batch | null => {
    scene.suspicion.sent(one, scene.now);
    scene.now += seconds(2);
    scene.suspicion.connectionEnded({ inFlight: [one], by: "closed", at: scene.now });
    scene.suspicion.unreachable();
    return scene.suspicion.reconnected();
  };
  expect(scene.endsUntilGuilty(one, away)).toBe(Infinity);
  // And begins anew.
  expect(scene.endsUntilGuilty(one, () => scene.end([one], 2))).toBe(STRIKES_TO_QUARANTINE);
});

test("a record is not set aside while the line has carried nothing of its size: it rests longer and longer", () => {
  const scene = new Scene().cautious();
  expect(scene.endsUntilGuilty(one, () => scene.end([one], 2), [small])).toBe(Infinity);
  expect(scene.suspicion.restMs(one, scene.now)).toBe(seconds(300));
  expect(scene.suspicion.mayGo(one, scene.now + seconds(299))).toBe(false);
  scene.carry(small);
  expect(scene.suspicion.mayGo(one, scene.now + seconds(300))).toBe(true);
});

test("no strike is counted while nothing else gets through, and a suspect lets others go first", () => {
  const scene = new Scene().cautious();
  const { suspicion } = scene;
  expect(suspicion.mayGo(one, 0)).toBe(true);
  for (let n = 0; n < 100; n += 1) expect(scene.end([one], 2)).toBe(null);
  const rested = scene.now + seconds(10);
  expect(suspicion.mayGo(one, rested)).toBe(false);
  suspicion.acknowledged(like);
  expect(suspicion.mayGo(one, rested)).toBe(true);
});

test("a batch that gets through after all is innocent, and begins anew", () => {
  const scene = new Scene().cautious();
  for (let n = 0; n < STRIKES_TO_QUARANTINE - 1; n += 1) {
    scene.carry(like);
    expect(scene.end([one], 2)).toBe(null);
  }
  scene.carry(one);
  expect(scene.endsUntilGuilty(one, () => scene.end([one], 2))).toBe(STRIKES_TO_QUARANTINE);
});

test("a suspect that is built anew is the same; one that is gone is forgotten", () => {
  const scene = new Scene().cautious();
  scene.carry(like);
  scene.end([one], 2);
  scene.suspicion.keepOnly([batch(11, 11)]);
  expect(scene.suspicion.isSuspect(one)).toBe(true);
  scene.suspicion.keepOnly([many]);
  expect(scene.suspicion.isSuspect(one)).toBe(false);
});
