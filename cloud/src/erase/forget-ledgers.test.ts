import { parseReceipt, unixMillis } from "@roadstream/shared";
import { nodeSha256, nodeZstd } from "@roadstream/shared/adapters";
import { VirtualClock } from "@roadstream/shared/testing";
import { beforeEach, expect, test } from "vitest";
import { LedgerDelta } from "../ledger/ledger-delta.ts";
import { RETIRE_AFTER_SILENCE } from "../ledger/ledger-limits.ts";
import { ledgerKeys, loadLedger, loadRetired } from "../ledger/load-ledger.ts";
import { PartitionLedger } from "../ledger/partition-ledger.ts";
import { seriesText, type SeriesKey } from "../ledger/series-ranges.ts";
import { loadTombstones } from "../ledger/tombstone-file.ts";
import { isRemembered } from "../ledger/tombstones.ts";
import { writeLedger } from "../ledger/write-ledger.ts";
import type { PartitionState, TableHead } from "../ports.ts";
import { buildReceipts } from "../receipts/build-receipts.ts";
import { touchedSeries } from "../receipts/settled-series.ts";
import { MemoryObjectStore } from "../testing/memory-object-store.ts";
import { forgetInLedgers, type ForgetOptions } from "./forget-ledgers.ts";

const PLACE = { table: "gps_data", partition: 0 } as const;
const T0 = unixMillis(1_800_000_000_000);
const LATER = T0 + RETIRE_AFTER_SILENCE + 1;
const boot = (n: number): string => `0190d5e4-7b1a-7abc-8def-00000000000${n}`;
const series = (vehicleId: string, n: number): SeriesKey => ({
  vehicleId,
  bootId: boot(n),
  stream: "gps_data",
});
const VICTIM = "victim";
const LAST = `${VICTIM}/${boot(2)}/gps_data/4`;

let store: MemoryObjectStore;
let names = 0;
const uuid = (): string => `uuid-${(names += 1)}`;
beforeEach(() => {
  store = new MemoryObjectStore(new VirtualClock());
});

const write = async (before: PartitionLedger, delta: LedgerDelta): Promise<PartitionLedger> =>
  (await writeLedger({ ...PLACE, store, zstd: nodeZstd, uuid, commit: uuid() }, before, delta)).settle();
const landing = (delta: LedgerDelta, key: SeriesKey, from: number, to: number, at: number): void => {
  delta.of(key).landed.add(from, to);
  delta.of(key).lastAppendedAt = at;
  delta.counts.landed += to - from + 1;
};

/** Two vehicles' old boots in one archive, their new ones in memory. */
const filled = async (): Promise<PartitionState> => {
  const old = new LedgerDelta();
  for (const vehicle of [VICTIM, "other"]) landing(old, series(vehicle, 1), 1, 9, T0);
  const young = new LedgerDelta();
  for (const vehicle of [VICTIM, "other"]) landing(young, series(vehicle, 2), 1, 4, LATER);
  young.reject(series(VICTIM, 2), 6, 7);
  const both = new PartitionLedger();
  both.apply(old);
  // With the newer ones beside them, a whole file finds the older ones silent.
  const ledger = await write(both, young);
  expect([...ledger.retired()].length).toBe(2);
  return { next: 8, last: LAST, ledger: ledger.key, commit: "before" };
};
const forget = (state: PartitionState, more: Partial<ForgetOptions> = {}) =>
  forgetInLedgers({
    access: { store, zstd: nodeZstd, sha256: nodeSha256 },
    table: "gps_data",
    head: {
      ingest: { logIdentity: "log", partitionCount: 1, partitions: { 0: state } },
    } as unknown as TableHead,
    vehicle: VICTIM,
    letters: [],
    uuid,
    commitId: "erasure",
    mode: "write",
    ...more,
  });
const opened = async (state: PartitionState | undefined): Promise<PartitionLedger> => {
  const access = { store, zstd: nodeZstd, sha256: nodeSha256 };
  const tombstones = await loadTombstones(access, PLACE, state?.erased ?? null);
  return loadLedger(store, nodeZstd, PLACE, state?.ledger ?? null, tombstones);
};

test("series in memory and in an archive become tombstones; others' stay, in files that do not name the vehicle", async () => {
  const before = await filled();
  const { partitions, series: count } = await forget(before);
  const after = partitions[0];
  expect([count, after?.commit, after?.next]).toEqual([2, "erasure", 8]);
  const ledger = await opened(after);
  const rest = [...ledger.series(), ...(await loadRetired(store, nodeZstd, ledger))];
  expect(rest.map((one) => [seriesText(one), [...one.landed]])).toEqual([
    [seriesText(series("other", 2)), [[1, 4]]],
    [seriesText(series("other", 1)), [[1, 9]]],
  ]);
  expect(ledger.counts().landed).toBe(26);
  expect([...(ledger.erased.find(series(VICTIM, 1))?.landed ?? [])]).toEqual([[1, 9]]);
  const young = ledger.erased.find(series(VICTIM, 2));
  expect([[...(young?.landed ?? [])], [...(young?.rejected ?? [])]]).toEqual([[[1, 4]], [[6, 7]]]);
  expect(ledger.erased.find(series("other", 1))).toBeNull();
  const keys = [...(await ledgerKeys(store, nodeZstd, PLACE, after?.ledger ?? null)), after?.erased ?? ""];
  expect(keys.length).toBe(3);
  for (const key of keys) {
    const plain = nodeZstd.decompress((await store.get(key)) ?? new Uint8Array(), 1 << 20);
    expect(new TextDecoder().decode(plain as Uint8Array)).not.toContain(VICTIM);
  }
});

test("the table's last record is still recognised, and no later one is named", async () => {
  const after = (await forget(await filled())).partitions[0];
  expect(after?.last).toMatch(/^erased:[0-9a-f]{64}$/);
  expect(isRemembered(after?.last ?? "", LAST, nodeSha256)).toBe(true);
  expect(isRemembered(after?.last ?? "", LAST.replace(/4$/, "5"), nodeSha256)).toBe(false);
  const { erased } = await opened(after);
  expect(erased.remembered(LAST)).toBe(after?.last);
  for (const other of [`other/${boot(1)}/gps_data/1`, "sha256:0", "0".repeat(32)])
    expect(erased.remembered(other)).toBe(other);
});

test("an erasure after another adds to its tombstones; one of nobody, and a mere look, change nothing", async () => {
  const state = await filled();
  expect(await forget(state, { vehicle: "nobody" })).toEqual({ partitions: {}, series: 0, puts: [] });
  const keys = store.keys;
  expect((await forget(state, { mode: "look" })).series).toBe(2);
  expect(store.keys).toEqual(keys);
  const first = (await forget(state)).partitions[0];
  const ledger = await opened(first);
  const more = new LedgerDelta();
  landing(more, series(VICTIM, 2), 8, 9, LATER);
  const again = await write(ledger, more);
  const second = (await forget({ ...(first as PartitionState), ledger: again.key })).partitions[0];
  const { erased } = await opened(second);
  expect([...(erased.find(series(VICTIM, 2))?.landed ?? [])]).toEqual([
    [1, 4],
    [8, 9],
  ]);
  expect([...(erased.find(series(VICTIM, 1))?.landed ?? [])]).toEqual([[1, 9]]);
});

test("a car that sends erased readings again is told that they are settled", async () => {
  const ledger = await opened((await forget(await filled())).partitions[0]);
  const doubles = new LedgerDelta();
  doubles.of(series(VICTIM, 2));
  const receipts = buildReceipts(VICTIM, touchedSeries("gps_data", [{ delta: doubles, ledger }]));
  expect(receipts.map(parseReceipt)).toMatchObject([{ settled: [{ boot_id: boot(2), ranges: [[1, 4]] }] }]);
});

test("tombstones that are gone, damaged or of another place are an error with a way on", async () => {
  const state = (await forget(await filled())).partitions[0] as PartitionState;
  const access = { store, zstd: nodeZstd, sha256: nodeSha256 };
  const invalid = { code: "table_invalid", hint: expect.stringContaining("rebuild") as unknown };
  const { erased = "" } = state;
  await expect(loadTombstones(access, { ...PLACE, partition: 1 }, erased)).rejects.toMatchObject(invalid);
  await store.put(erased, new TextEncoder().encode("no zstd"));
  await expect(loadTombstones(access, PLACE, erased)).rejects.toMatchObject(invalid);
  await store.put(erased, nodeZstd.compress(new TextEncoder().encode("{}")));
  await expect(loadTombstones(access, PLACE, erased)).rejects.toMatchObject(invalid);
  await store.delete([erased]);
  await expect(loadTombstones(access, PLACE, erased)).rejects.toMatchObject(invalid);
});
