import fc from "fast-check";
import { expect, test } from "vitest";
import { parseCheckpoint } from "@roadstream/shared";
import type { AcceptOutcome } from "../ports.ts";
import { MemoryDisk, MemorySegmentStore } from "../testing/memory-segment-store.ts";
import { balance, openTestOutbox, type TestOutbox } from "../testing/open-test-outbox.ts";
import { encoded, numbered, pictureSample } from "../testing/sample-readings.ts";
import { ACKNOWLEDGE_DELAY } from "./durable-outbox.ts";
import { outboxContract } from "./outbox.contract.ts";

outboxContract("memory", () => {
  const disk = new MemoryDisk();
  return { open: () => new MemorySegmentStore(disk), [Symbol.dispose]: () => undefined };
});

test("a full disk refuses readings and keeps acknowledgements for later; a broken one ends the outbox", async () => {
  const store = new MemorySegmentStore();
  const made = openTestOutbox({ store });
  await made.outbox.accept(numbered(1));
  store.fault = "full";
  const acknowledged = made.outbox.acknowledge({
    bootId: made.outbox.bootId,
    stream: "gps_data",
    firstSeq: 1,
    lastSeq: 1,
  });
  expect(await made.outbox.accept(numbered(2))).toEqual({ refused: "storage" });
  expect(made.failures).toEqual([]);
  store.fault = null;
  await made.clock.advance(ACKNOWLEDGE_DELAY);
  await acknowledged;
  expect(made.outbox.usage().records).toBe(0);
  expect(await made.outbox.accept(numbered(3))).toEqual({ seq: 2 });
  store.fault = "broken";
  expect(await made.outbox.accept(numbered(4))).toEqual({ refused: "storage" });
  expect(made.failures).toHaveLength(1);
  expect(await made.outbox.accept(numbered(5))).toEqual({ refused: "closed" });
});

test("an agent that starts on a full disk sends what it holds, and opens its boot once there is room", async () => {
  const disk = new MemoryDisk();
  const first = openTestOutbox({ store: new MemorySegmentStore(disk) });
  await Promise.all([1, 2, 3].map((n) => first.outbox.accept(numbered(n))));
  const store = new MemorySegmentStore(disk);
  store.fault = "full";
  const second = openTestOutbox({ store });
  const { bootId } = second.outbox;
  expect(await second.outbox.accept(numbered(4))).toEqual({ refused: "storage" });
  expect(second.outbox.series().map((view) => view.bootId)).toEqual([first.outbox.bootId]);
  const run = { bootId: first.outbox.bootId, stream: "gps_data", firstSeq: 1, lastSeq: 2 } as const;
  expect((await second.outbox.read(run, 10_000))?.records).toHaveLength(2);
  const acknowledged = second.outbox.acknowledge(run);
  await second.clock.advance(ACKNOWLEDGE_DELAY);
  expect([...disk.boots.keys()]).toEqual([first.outbox.bootId]);
  expect(second.failures).toEqual([]);
  store.fault = null;
  await second.clock.advance(ACKNOWLEDGE_DELAY);
  await acknowledged;
  expect(second.outbox.usage().records).toBe(1);
  expect([...disk.boots.values()].map((boot) => [boot.bootId, boot.closed])).toEqual([
    [first.outbox.bootId, true],
    [bootId, false],
  ]);
  expect(await second.outbox.accept(numbered(5))).toEqual({ seq: 1 });
  await second.outbox.checkpoint("last");
  await second.outbox[Symbol.asyncDispose]();
  expect([...disk.boots.values()].map((boot) => boot.closed)).toEqual([true, true]);
});

test("a broken disk at the start is said, not worked around", () => {
  const store = new MemorySegmentStore();
  store.fault = "broken";
  expect(() => openTestOutbox({ store })).toThrow("broken");
});

test("a text with fewer records than numbers is a read that failed, and no endless one", async () => {
  const disk = new MemoryDisk();
  const made = openTestOutbox({ store: new MemorySegmentStore(disk) });
  await Promise.all([1, 2, 3].map((n) => made.outbox.accept(numbered(n))));
  disk.segments = disk.segments.map((segment) => ({ ...segment, text: segment.text.split("\n")[0]! }));
  const run = { bootId: made.outbox.bootId, stream: "gps_data", firstSeq: 1, lastSeq: 3 } as const;
  expect((await made.outbox.read(run, 10_000))?.records).toHaveLength(1);
  await expect(made.outbox.read({ ...run, firstSeq: 2 }, 10_000)).rejects.toThrow("fewer records");
});

/** What must be true of one series, told by nothing but the calls and their answers. */
interface ModelSeries {
  /** Seqs whose accept resolved, and the heading each was given. */
  readonly accepted: Map<number, number>;
  readonly acknowledged: Set<number>;
}

const action = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant("accept" as const), count: fc.integer({ min: 1, max: 4 }) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant("acknowledge" as const), at: fc.nat(20), length: fc.nat(5) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("picture" as const), count: fc.constant(1) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("checkpoint" as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("crash" as const),
      when: fc.constantFrom("crash_before" as const, "crash_after" as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("reopen" as const) }) },
);

/** Runs the actions; crashes lose the process at a commit, and the disk is opened again. */
const drive = async (actions: readonly (typeof action extends fc.Arbitrary<infer A> ? A : never)[]) => {
  const disk = new MemoryDisk();
  const model = new Map<string, ModelSeries>();
  let store = new MemorySegmentStore(disk);
  const open = (): TestOutbox =>
    openTestOutbox({ store, budget: { totalBytes: 60_000, pictureBytes: 9_000, reservedBytes: 40_000 } });
  let made = open();
  let heading = 0;
  const seriesOf = (bootId: string): ModelSeries => {
    const series = model.get(bootId) ?? { accepted: new Map(), acknowledged: new Set() };
    model.set(bootId, series);
    return series;
  };
  const accept = async (count: number): Promise<void> => {
    const headings = Array.from({ length: count }, () => (heading += 1) % 360);
    const { bootId } = made.outbox;
    const outcomes: AcceptOutcome[] = await Promise.all(headings.map((n) => made.outbox.accept(numbered(n))));
    outcomes.forEach((outcome, index) => {
      if ("seq" in outcome) seriesOf(bootId).accepted.set(outcome.seq, headings[index]!);
    });
  };
  for (const step of actions) {
    if (step.do === "accept") await accept(step.count);
    else if (step.do === "picture") await made.outbox.accept(encoded(pictureSample(2_000)));
    else if (step.do === "checkpoint") await made.outbox.checkpoint("periodic");
    else if (step.do === "acknowledge") {
      const boots = [...model.keys()];
      const bootId = boots[step.at % Math.max(1, boots.length)];
      if (bootId === undefined) continue;
      const series = seriesOf(bootId);
      const firstSeq = 1 + (step.at % Math.max(1, series.accepted.size));
      const lastSeq = Math.min(firstSeq + step.length, series.accepted.size);
      if (lastSeq < firstSeq) continue;
      const done = made.outbox.acknowledge({ bootId, stream: "gps_data", firstSeq, lastSeq });
      await made.clock.advance(ACKNOWLEDGE_DELAY);
      await done;
      for (let seq = firstSeq; seq <= lastSeq; seq += 1) series.acknowledged.add(seq);
    } else {
      if (step.do === "crash") {
        const { bootId } = made.outbox;
        store.fault = step.when;
        await made.outbox.accept(numbered(999));
        // The process does not know whether this reading was kept; what it left is what counts from here.
        if (step.when === "crash_after") {
          const series = seriesOf(bootId);
          series.accepted.set(series.accepted.size + 1, 999 % 360);
        }
      } else {
        expect(balance(made, ["picture_budget", "outbox_full", "reserve_full"])).toSatisfy(
          (sides: { in: number; out: number }) => sides.in === sides.out,
        );
        await made.outbox[Symbol.asyncDispose]();
      }
      store = new MemorySegmentStore(disk);
      made = open();
    }
  }
  return { made, model, disk };
};

test("whatever happens, each accepted reading is held with its own content, or acknowledged, or a declared gap", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 40 }), async (actions) => {
      const { made, model, disk } = await drive(actions);
      await made.outbox.checkpoint("last");
      const views = new Map(
        made.outbox
          .series()
          .filter((v) => v.stream === "gps_data")
          .map((v) => [v.bootId, v]),
      );
      const said = new Map<string, { given: number; dropped: readonly { from: number; to: number }[] }>();
      for (const segment of disk.segments.filter((s) => s.stream === "agent_events"))
        for (const line of segment.text.split("\n")) {
          const event = JSON.parse(line) as Record<string, unknown>;
          if (event["kind"] !== "checkpoint") continue;
          for (const boot of parseCheckpoint(String(event["detail"]))!.boots)
            if (boot.streams.gps_data !== undefined) said.set(boot.boot_id, boot.streams.gps_data);
        }
      for (const [bootId, { accepted, acknowledged }] of model) {
        expect([...accepted.keys()]).toEqual(Array.from(accepted, (_, index) => index + 1));
        const view = views.get(bootId);
        for (const [seq, heading] of accepted) {
          const run = view?.heldRunFrom(seq) ?? null;
          const isHeld = run !== null && run[0] === seq;
          const isDropped = (said.get(bootId)?.dropped ?? []).some(
            ({ from, to }) => from <= seq && seq <= to,
          );
          expect([isHeld, isDropped, acknowledged.has(seq)].filter(Boolean).length).toBeGreaterThanOrEqual(1);
          expect(isHeld && (isDropped || acknowledged.has(seq))).toBe(false);
          if (!isHeld) continue;
          const read = await made.outbox.read({ bootId, stream: "gps_data", firstSeq: seq, lastSeq: seq }, 1);
          expect(JSON.parse(read!.records[0]!)).toMatchObject({ seq, heading_deg: heading });
        }
        if (view !== undefined) expect(said.get(bootId)?.given).toBe(accepted.size);
      }
    }),
    { numRuns: 150 },
  );
});
