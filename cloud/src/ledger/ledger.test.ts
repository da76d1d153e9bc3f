import { seededRandom, unixMillis, uuidV7, type SeqRanges } from "@roadstream/shared";
import { nodeZstd } from "@roadstream/shared/adapters";
import { VirtualClock } from "@roadstream/shared/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MemoryObjectStore } from "../testing/memory-object-store.ts";
import { LedgerDelta } from "./ledger-delta.ts";
import { MAX_DEAD_LETTER_IDS, RETIRE_AFTER_SILENCE, WHOLE_EVERY_COMMITS } from "./ledger-limits.ts";
import { loadLedger, loadRetired, recallSeries } from "./load-ledger.ts";
import { PartitionLedger } from "./partition-ledger.ts";
import { seriesText, type SeriesKey } from "./series-ranges.ts";
import { writeLedger } from "./write-ledger.ts";

const PLACE = { table: "gps_data", partition: 3 } as const;
const KEY: SeriesKey = { vehicleId: "car-1", bootId: "boot-1", stream: "gps_data" };
const T0 = unixMillis(1_800_000_000_000);

const setUp = () => {
  const store = new MemoryObjectStore(new VirtualClock());
  let n = 0;
  const uuid = (): string => `uuid-${(n += 1)}`;
  const commit = async (ledger: PartitionLedger, delta: LedgerDelta): Promise<PartitionLedger> =>
    (await writeLedger({ ...PLACE, store, zstd: nodeZstd, uuid, commit: uuid() }, ledger, delta)).settle();
  return { store, commit };
};

const landing = (key: SeriesKey, from: number, to: number, at: number = T0): LedgerDelta => {
  const delta = new LedgerDelta();
  delta.of(key).landed.add(from, to);
  delta.of(key).lastAppendedAt = at;
  delta.counts.received += to - from + 1;
  delta.counts.landed += to - from + 1;
  return delta;
};

const plain = (ledger: PartitionLedger): unknown => ({
  series: [...ledger.series()].map((s) => [seriesText(s), [...s.landed], [...s.rejected], s.lastAppendedAt]),
  counts: ledger.counts(),
  ids: [...ledger.deadLetterIds()],
  retired: [...ledger.retired()],
  checkpoints: [...ledger.checkpoints()],
});

describe("ledger", () => {
  test("what was committed is what is loaded, over more commits than one whole file's worth", async () => {
    const { store, commit } = setUp();
    let ledger = new PartitionLedger();
    for (let i = 0; i < WHOLE_EVERY_COMMITS * 2 + 7; i += 1) {
      const delta = landing({ ...KEY, vehicleId: `car-${i % 3}` }, i * 10 + 1, i * 10 + 5, T0 + i);
      delta.reject(KEY, i * 10 + 6, i * 10 + 7);
      delta.of(KEY).lastAppendedAt = T0 + i;
      delta.counts.rejected += 2;
      ledger = await commit(ledger, delta);
    }
    expect(ledger.depth).toBe(7);
    expect(plain(await loadLedger(store, nodeZstd, PLACE, ledger.key))).toEqual(plain(ledger));
  });

  test("differences that outgrow the whole are followed by a whole, so that loading reads no more than twice that", async () => {
    const { store, commit } = setUp();
    const random = seededRandom(3);
    const boots = Array.from({ length: 4000 }, () => uuidV7(T0, random));
    const fleet = (from: number, to: number): LedgerDelta => {
      const delta = new LedgerDelta();
      for (const bootId of boots) delta.of({ ...KEY, bootId }).landed.add(from, to);
      return delta;
    };
    const depths: number[] = [];
    let ledger = new PartitionLedger();
    for (let n = 0; n < 4; n += 1) {
      ledger = await commit(ledger, fleet(n * 10 + 1, n * 10 + 10));
      depths.push(ledger.depth);
    }
    expect(depths.slice(1)).toContain(1);
    expect(Math.max(...depths)).toBeLessThanOrEqual(3);
    const loaded = await loadLedger(store, nodeZstd, PLACE, ledger.key);
    expect([...(loaded.find({ ...KEY, bootId: boots[7] ?? "" })?.landed ?? [])]).toEqual([[1, 40]]);
    expect([loaded.wholeBytes, loaded.differencesBytes]).toEqual([
      ledger.wholeBytes,
      ledger.differencesBytes,
    ]);
  });

  test("a commit that lost leaves memory as it was", async () => {
    const { store, commit } = setUp();
    const ledger = await commit(new PartitionLedger(), landing(KEY, 1, 5));
    const before = plain(ledger);
    const lost = { ...PLACE, store, zstd: nodeZstd, uuid: () => "lost", commit: "lost" };
    await writeLedger(lost, ledger, landing(KEY, 6, 9));
    expect(plain(ledger)).toEqual(before);
  });

  test("landed overrides rejected in any order, and rejected is never landed", () => {
    const range = fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 0, max: 5 }), fc.boolean());
    fc.assert(
      fc.property(fc.array(fc.array(range, { maxLength: 4 }), { maxLength: 8 }), (commits) => {
        const ledger = new PartitionLedger();
        const landed = new Set<number>();
        const rejected = new Set<number>();
        for (const ranges of commits) {
          const delta = new LedgerDelta();
          for (const [from, more, isLanded] of ranges) {
            if (isLanded) delta.of(KEY).landed.add(from, from + more);
            else delta.reject(KEY, from, from + more);
            for (let seq = from; seq <= from + more; seq += 1) (isLanded ? landed : rejected).add(seq);
          }
          ledger.apply(delta);
        }
        const numbers = (set: SeqRanges | undefined): Set<number> => {
          const all = new Set<number>();
          for (const [from, to] of set ?? []) for (let seq = from; seq <= to; seq += 1) all.add(seq);
          return all;
        };
        expect(numbers(ledger.find(KEY)?.landed)).toEqual(landed);
        expect(numbers(ledger.find(KEY)?.rejected)).toEqual(
          new Set([...rejected].filter((seq) => !landed.has(seq))),
        );
      }),
    );
  });

  test("an archive may hold more series than a call can have arguments", async () => {
    const { store, commit } = setUp();
    const SERIES = 130_000;
    const many = landing({ ...KEY, bootId: "newer" }, 1, 1, T0 + RETIRE_AFTER_SILENCE + 1);
    for (let i = 0; i < SERIES; i += 1) {
      const one = many.of({ ...KEY, bootId: `boot-${i}` });
      one.landed.add(1, 5);
      one.lastAppendedAt = T0;
    }
    const ledger = await commit(new PartitionLedger(), many);
    expect(await loadRetired(store, nodeZstd, ledger)).toHaveLength(SERIES);
  });

  test("a series that was silent too long leaves memory, and comes back from its archive whole", async () => {
    const { store, commit } = setUp();
    const newer = { ...KEY, bootId: "boot-2" };
    let ledger = await commit(new PartitionLedger(), landing(KEY, 1, 5));
    for (let i = 1; i <= WHOLE_EVERY_COMMITS; i += 1) {
      ledger = await commit(ledger, landing(newer, i, i, T0 + RETIRE_AFTER_SILENCE + 1));
    }
    expect(ledger.find(KEY)).toBeNull();
    const archive = ledger.archiveOf(KEY);
    expect(archive).not.toBeNull();
    expect(ledger.archiveOf(newer)).toBeNull();
    const loaded = await loadLedger(store, nodeZstd, PLACE, ledger.key);
    expect(plain(loaded)).toEqual(plain(ledger));
    expect((await loadRetired(store, nodeZstd, loaded)).map((s) => [...s.landed])).toEqual([[[1, 5]]]);
    const recalled = await recallSeries(store, nodeZstd, archive ?? "", seriesText(KEY));
    const delta = new LedgerDelta();
    delta.recall(recalled);
    delta.of(KEY).landed.add(6);
    ledger = await commit(ledger, delta);
    expect(ledger.archiveOf(KEY)).toBeNull();
    const again = await loadLedger(store, nodeZstd, PLACE, ledger.key);
    expect([...(again.find(KEY)?.landed ?? [])]).toEqual([[1, 6]]);
  });

  test("what would leave a retired series without its archive's numbers is not written", async () => {
    const { commit } = setUp();
    const ledger = await commit(new PartitionLedger(), landing(KEY, 1, 5));
    ledger.retire([...ledger.series()], "archive");
    const refused = new LedgerDelta();
    refused.reject(KEY, 6, 6);
    await expect(commit(ledger, refused)).rejects.toMatchObject({ code: "invariant" });
    expect(ledger.archiveOf(KEY)).toBe("archive");
  });

  test("dead-letter ids are remembered up to their limit, the oldest go first", () => {
    const ledger = new PartitionLedger();
    const delta = new LedgerDelta();
    for (let i = 0; i < MAX_DEAD_LETTER_IDS + 2; i += 1) delta.deadLetterIds.push(`id-${i}`);
    ledger.apply(delta);
    expect([...ledger.deadLetterIds()].length).toBe(MAX_DEAD_LETTER_IDS);
    expect([ledger.hasDeadLetter("id-1"), ledger.hasDeadLetter("id-2")]).toEqual([false, true]);
  });

  test("a missing or foreign file is an error with a way on, never an empty ledger", async () => {
    const { store, commit } = setUp();
    await expect(loadLedger(store, nodeZstd, PLACE, "ledger/none")).rejects.toMatchObject({
      code: "table_invalid",
    });
    const ledger = await commit(new PartitionLedger(), landing(KEY, 1, 5));
    await expect(loadLedger(store, nodeZstd, { ...PLACE, partition: 4 }, ledger.key)).rejects.toMatchObject({
      code: "table_invalid",
    });
    await store.put("ledger/bad", new TextEncoder().encode("{}"));
    await expect(loadLedger(store, nodeZstd, PLACE, "ledger/bad")).rejects.toMatchObject({
      code: "table_invalid",
    });
  });
});
