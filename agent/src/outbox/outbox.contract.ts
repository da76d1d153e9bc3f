import {
  days,
  parseCheckpoint,
  unixMillis,
  type Checkpoint,
  type StreamName,
  type UnixMillis,
} from "@roadstream/shared";
import { VirtualClock } from "@roadstream/shared/testing";
import { describe, expect, test } from "vitest";
import type { AcceptOutcome, Outbox, SegmentStore, SeqRun } from "../ports.ts";
import { balance, openTestOutbox } from "../testing/open-test-outbox.ts";
import { encoded, gpsSample, numbered, pictureSample } from "../testing/sample-readings.ts";
import { ACKNOWLEDGE_DELAY } from "./durable-outbox.ts";

/** One place to store segments, opened again and again. */
export interface StoreHarness extends Disposable {
  open(): SegmentStore;
}

const seqOf = (outcome: AcceptOutcome): number => ("seq" in outcome ? outcome.seq : Number.NaN);

/** Every held record of a stream, by boot, as parsed JSON. */
const heldRecords = async (outbox: Outbox, stream: StreamName): Promise<Record<string, unknown>[]> => {
  const records: Record<string, unknown>[] = [];
  for (const view of outbox.series().filter((series) => series.stream === stream)) {
    for (let run = view.heldRunFrom(1); run !== null; run = view.heldRunFrom(run[1] + 1)) {
      for (let seq = run[0]; seq <= run[1];) {
        const part = await outbox.read(runOf(view, seq, run[1]), 10_000);
        expect(part).not.toBe(null);
        records.push(...part!.records.map((text) => JSON.parse(text) as Record<string, unknown>));
        seq = part!.lastSeq + 1;
      }
    }
  }
  return records;
};

const runOf = (view: { bootId: string; stream: StreamName }, firstSeq: number, lastSeq: number): SeqRun => ({
  bootId: view.bootId,
  stream: view.stream,
  firstSeq,
  lastSeq,
});

const checkpoints = async (outbox: Outbox): Promise<{ seq: number; said: Checkpoint }[]> =>
  (await heldRecords(outbox, "agent_events"))
    .filter((event) => event["kind"] === "checkpoint")
    .map((event) => ({ seq: Number(event["seq"]), said: parseCheckpoint(String(event["detail"]))! }));

/** What every outbox must do, whatever it stores in. */
export const outboxContract = (name: string, harness: () => StoreHarness): void => {
  describe(`${name}: outbox`, () => {
    test("numbers begin at 1 in each stream and boot, and have no gaps", async () => {
      using disk = harness();
      const first = openTestOutbox({ store: disk.open() });
      const outcomes = await Promise.all([1, 2, 3].map((n) => first.outbox.accept(numbered(n))));
      expect(outcomes.map(seqOf)).toEqual([1, 2, 3]);
      expect(seqOf(await first.outbox.accept(encoded(pictureSample(10))))).toBe(1);
      await first.outbox[Symbol.asyncDispose]();
      const second = openTestOutbox({ store: disk.open() });
      expect(second.outbox.id).toBe(first.outbox.id);
      expect(second.outbox.bootId).not.toBe(first.outbox.bootId);
      expect(seqOf(await second.outbox.accept(numbered(4)))).toBe(1);
      const records = await heldRecords(second.outbox, "gps_data");
      expect(records.map((record) => record["heading_deg"])).toEqual([1, 2, 3, 4]);
      expect(records.map((record) => record["seq"])).toEqual([1, 2, 3, 1]);
      await second.outbox[Symbol.asyncDispose]();
    });

    test("readings of one turn share one transaction", async () => {
      using disk = harness();
      const made = openTestOutbox({ store: disk.open() });
      await Promise.all(Array.from({ length: 500 }, (_, n) => made.outbox.accept(numbered(n))));
      expect(made.metrics.value("roadstream_agent_outbox_commits_total")).toBe(1);
      await made.outbox[Symbol.asyncDispose]();
    });

    test("what is acknowledged is forgotten, also across a new opening; the rest stays", async () => {
      using disk = harness();
      const first = openTestOutbox({ store: disk.open() });
      for (let n = 1; n <= 10; n += 1) await first.outbox.accept(numbered(n));
      const { bootId } = first.outbox;
      const acknowledged = [
        first.outbox.acknowledge({ bootId, stream: "gps_data", firstSeq: 2, lastSeq: 4 }),
        first.outbox.acknowledge({ bootId, stream: "gps_data", firstSeq: 9, lastSeq: 10 }),
        first.outbox.acknowledge({ bootId, stream: "weather_data", firstSeq: 1, lastSeq: 1 }),
      ];
      await first.clock.advance(ACKNOWLEDGE_DELAY);
      await Promise.all(acknowledged);
      expect(balance(first, [])).toEqual({ in: 10, out: 10 });
      await first.outbox[Symbol.asyncDispose]();
      const second = openTestOutbox({ store: disk.open() });
      const left = await heldRecords(second.outbox, "gps_data");
      expect(left.map((record) => record["seq"])).toEqual([1, 5, 6, 7, 8]);
      expect(second.outbox.usage().records).toBe(5);
      await second.outbox[Symbol.asyncDispose]();
    });

    test("part of a group of readings can be acknowledged", async () => {
      using disk = harness();
      const made = openTestOutbox({ store: disk.open() });
      await Promise.all([1, 2, 3, 4, 5].map((n) => made.outbox.accept(numbered(n))));
      const { bootId } = made.outbox;
      void made.outbox.acknowledge({ bootId, stream: "gps_data", firstSeq: 2, lastSeq: 3 });
      await made.clock.advance(ACKNOWLEDGE_DELAY);
      expect((await heldRecords(made.outbox, "gps_data")).map((record) => record["seq"])).toEqual([1, 4, 5]);
      void made.outbox.acknowledge({ bootId, stream: "gps_data", firstSeq: 1, lastSeq: 5 });
      await made.clock.advance(ACKNOWLEDGE_DELAY);
      expect(made.outbox.usage()).toEqual({ records: 0, bytes: 0, pictureBytes: 0 });
      await made.outbox[Symbol.asyncDispose]();
    });

    test("a full outbox drops its oldest pictures first, declares them, and keeps room for checkpoints", async () => {
      using disk = harness();
      const made = openTestOutbox({
        store: disk.open(),
        budget: { totalBytes: 300_000, pictureBytes: 150_000, reservedBytes: 50_000 },
      });
      await made.outbox.accept(numbered(1));
      for (let n = 0; n < 20; n += 1) await made.outbox.accept(encoded(pictureSample(15_000)));
      expect(made.outbox.usage().pictureBytes).toBeLessThanOrEqual(150_000);
      for (let n = 0; n < 800; n += 100)
        await Promise.all(Array.from({ length: 100 }, () => made.outbox.accept(numbered(2))));
      expect(made.outbox.usage().pictureBytes).toBeLessThan(100_000);
      const left = await heldRecords(made.outbox, "gps_data");
      expect(left[0]!["seq"]).toBe(1);
      for (let n = 0; n < 1000; n += 100)
        await Promise.all(Array.from({ length: 100 }, () => made.outbox.accept(numbered(3))));
      expect(await made.outbox.checkpoint("periodic")).toHaveProperty("seq");
      expect(made.outbox.usage().pictureBytes).toBe(0);
      const later = await heldRecords(made.outbox, "gps_data");
      expect(Number(later[0]!["seq"])).toBeGreaterThan(1);
      expect(made.outbox.usage().bytes).toBeLessThanOrEqual(300_000);
      const events = await heldRecords(made.outbox, "agent_events");
      const gaps = events.filter((event) => event["kind"] === "dropped");
      expect(new Set(gaps.map((event) => event["about_stream"]))).toEqual(
        new Set(["traffic_data", "gps_data"]),
      );
      const declared = gaps.reduce(
        (sum, event) => sum + Number(event["seq_to"]) - Number(event["seq_from"]) + 1,
        0,
      );
      const { in: received, out } = balance(made, ["picture_budget", "outbox_full", "reserve_full"]);
      expect(out).toBe(received);
      const said = (await checkpoints(made.outbox)).at(-1)!.said.boots.at(-1)!;
      const dropped = Object.values(said.streams).flatMap((stream) => stream?.dropped ?? []);
      expect(dropped.reduce((sum, { from, to }) => sum + to - from + 1, 0)).toBe(declared);
      await made.outbox[Symbol.asyncDispose]();
    });

    test("while the machine runs, readings age by its monotonic clock, whatever any wall clock says", async () => {
      using disk = harness();
      const clock = new VirtualClock({ now: Date.UTC(2000, 0, 1) });
      let wall: "none" | "machine" = "machine";
      const wallTime = (): UnixMillis | null => (wall === "none" ? null : clock.now());
      const made = openTestOutbox({ store: disk.open(), clock, wallTime, budget: { maxAge: days(14) } });
      const left = async (): Promise<unknown[]> => {
        await made.outbox.checkpoint("periodic");
        return (await heldRecords(made.outbox, "gps_data")).map((record) => record["seq"]);
      };
      await made.outbox.accept(numbered(1));
      wall = "none";
      await made.outbox.accept(numbered(2));
      wall = "machine";
      // A flat battery's time, then the right one, then one that is ahead.
      clock.jumpWall(days(26 * 366));
      expect(await left()).toEqual([1, 2]);
      await made.outbox.accept(numbered(3));
      clock.jumpWall(days(120));
      expect(await left()).toEqual([1, 2, 3]);
      clock.jumpWall(days(-120));
      await clock.advance(days(7));
      await made.outbox.accept(numbered(4));
      await clock.advance(days(7) + 1);
      expect(await left()).toEqual([4]);
      expect(balance(made, ["too_old"]).out).toBe(balance(made, ["too_old"]).in);
      await made.outbox[Symbol.asyncDispose]();
    });

    test("of other machine boots only what was accepted and is judged at a confirmed time grows old", async () => {
      using disk = harness();
      const clockless = 520;
      const now = Date.UTC(2026, 5, 1);
      let wall: number | null = null;
      const wallTime = (): UnixMillis | null => (wall === null ? null : unixMillis(wall));
      const open = (machineBoot: string) =>
        openTestOutbox({
          store: disk.open(),
          clock: new VirtualClock({ now, machineBoot }),
          wallTime,
          budget: { maxAge: days(14) },
        });
      const first = open("machine-boot-1");
      // Each a segment of its own, more than are looked at in one go.
      for (let n = 1; n <= clockless; n += 1) await first.outbox.accept(numbered(n));
      for (const at of [Date.UTC(2000, 0, 1), now, now + days(1), now + days(400)]) {
        wall = at;
        await first.outbox.accept(numbered(0));
      }
      wall = null;
      await first.outbox[Symbol.asyncDispose]();
      const second = open("machine-boot-2");
      const stamped = async (): Promise<number[]> => {
        await second.outbox.checkpoint("periodic");
        const seqs = (await heldRecords(second.outbox, "gps_data")).map((record) => Number(record["seq"]));
        expect(seqs.slice(0, clockless + 1)).toEqual(Array.from({ length: clockless + 1 }, (_, i) => i + 1));
        return seqs.slice(clockless + 1).map((seq) => seq - clockless);
      };
      expect(await stamped()).toEqual([2, 3, 4]);
      wall = now + days(14);
      expect(await stamped()).toEqual([2, 3, 4]);
      wall = now + days(14) + 1;
      expect(await stamped()).toEqual([3, 4]);
      await second.outbox[Symbol.asyncDispose]();
    }, 60_000);

    test("a checkpoint says given, acknowledged, held and dropped of every boot, itself included", async () => {
      using disk = harness();
      const first = openTestOutbox({ store: disk.open() });
      for (let n = 1; n <= 4; n += 1) await first.outbox.accept(numbered(n));
      await first.outbox[Symbol.asyncDispose]();
      const second = openTestOutbox({ store: disk.open() });
      const old = { bootId: first.outbox.bootId, stream: "gps_data" as const };
      void second.outbox.acknowledge({ ...old, firstSeq: 1, lastSeq: 2 });
      const bad = await second.outbox.read({ ...old, firstSeq: 3, lastSeq: 3 }, 1000);
      void second.outbox.quarantine(bad!);
      await second.outbox.checkpoint("periodic");
      const { said } = (await checkpoints(second.outbox))[0]!;
      expect(said.outbox_id).toBe(second.outbox.id);
      expect(said.boots).toEqual([
        {
          boot_id: first.outbox.bootId,
          closed: true,
          streams: {
            gps_data: {
              given: 4,
              acknowledged: [[1, 2]],
              held: [[4, 4]],
              dropped: [{ from: 3, to: 3, reason: "quarantined" }],
            },
          },
        },
        {
          boot_id: second.outbox.bootId,
          closed: false,
          streams: { agent_events: { given: 2, acknowledged: [], held: [[1, 2]], dropped: [] } },
        },
      ]);
      await second.outbox[Symbol.asyncDispose]();
    });

    test("a settled boot is forgotten once a checkpoint that said so is acknowledged, not before", async () => {
      using disk = harness();
      const first = openTestOutbox({ store: disk.open() });
      await first.outbox.accept(numbered(1));
      await first.outbox.checkpoint("last");
      await first.outbox[Symbol.asyncDispose]();
      const second = openTestOutbox({ store: disk.open() });
      const settle = async (run: SeqRun): Promise<void> => {
        const done = second.outbox.acknowledge(run);
        await second.clock.advance(ACKNOWLEDGE_DELAY);
        await done;
      };
      await second.outbox.checkpoint("periodic");
      for (const stream of ["gps_data", "agent_events"] as const)
        await settle({ bootId: first.outbox.bootId, stream, firstSeq: 1, lastSeq: 1 });
      const own = { bootId: second.outbox.bootId, stream: "agent_events" as const };
      // This one was written before the boot was settled: it does not say so.
      await settle({ ...own, firstSeq: 1, lastSeq: 1 });
      await second.outbox.checkpoint("periodic");
      expect((await checkpoints(second.outbox)).at(-1)!.said.boots).toHaveLength(2);
      await settle({ ...own, firstSeq: 2, lastSeq: 2 });
      await second.outbox.checkpoint("periodic");
      expect((await checkpoints(second.outbox)).at(-1)!.said.boots).toHaveLength(1);
      await second.outbox[Symbol.asyncDispose]();
      const third = openTestOutbox({ store: disk.open() });
      await third.outbox.checkpoint("periodic");
      const said = (await checkpoints(third.outbox)).at(-1)!.said.boots.map((boot) => boot.boot_id);
      expect(said).toEqual([second.outbox.bootId, third.outbox.bootId]);
      await third.outbox[Symbol.asyncDispose]();
    });

    test("after the last checkpoint no number is given", async () => {
      using disk = harness();
      const made = openTestOutbox({ store: disk.open() });
      const [reading, last] = await Promise.all([
        made.outbox.accept(numbered(1)),
        made.outbox.checkpoint("last"),
      ]);
      expect([reading, last]).toEqual([{ seq: 1 }, { seq: 1 }]);
      expect(await made.outbox.accept(numbered(2))).toEqual({ refused: "closed" });
      const { said } = (await checkpoints(made.outbox))[0]!;
      expect(said.boots.at(-1)!.closed).toBe(true);
      await made.outbox[Symbol.asyncDispose]();
    });

    test("many boots are said in several checkpoints, each within the contract's limit", async () => {
      using disk = harness();
      const bootIds = new Set<string>();
      for (let boot = 0; boot < 130; boot += 1) {
        const made = openTestOutbox({ store: disk.open() });
        await Promise.all([made.outbox.accept(numbered(1)), made.outbox.accept(encoded(pictureSample(3)))]);
        await made.outbox[Symbol.asyncDispose]();
        bootIds.add(made.outbox.bootId);
      }
      const made = openTestOutbox({ store: disk.open() });
      await made.outbox.checkpoint("periodic");
      const all = await checkpoints(made.outbox);
      expect(all.length).toBeGreaterThan(1);
      const said = all.flatMap(({ said }) => said.boots.map((boot) => boot.boot_id));
      expect(new Set(said)).toEqual(new Set([...bootIds, made.outbox.bootId]));
      await made.outbox[Symbol.asyncDispose]();
    });

    test("a long run is read in parts that follow each other", async () => {
      using disk = harness();
      const made = openTestOutbox({ store: disk.open() });
      await Promise.all(Array.from({ length: 700 }, (_, n) => made.outbox.accept(numbered(n))));
      const records = await heldRecords(made.outbox, "gps_data");
      expect(records.map((record) => record["seq"])).toEqual(Array.from({ length: 700 }, (_, n) => n + 1));
      await made.outbox[Symbol.asyncDispose]();
    });

    test("text that is not ASCII comes back as it was", async () => {
      using disk = harness();
      const made = openTestOutbox({ store: disk.open() });
      await made.outbox.accept(encoded(gpsSample({}, { vehicle_type: 'Bus "Ä" 🚌\u2028' })));
      expect((await heldRecords(made.outbox, "gps_data"))[0]!["vehicle_type"]).toBe('Bus "Ä" 🚌\u2028');
      await made.outbox[Symbol.asyncDispose]();
    });
  });
};
