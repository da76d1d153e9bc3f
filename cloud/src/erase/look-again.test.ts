import { RoadstreamError, seededRandom, silentLogger, uuidV7 } from "@roadstream/shared";
import { nodeSha256, nodeZstd } from "@roadstream/shared/adapters";
import { VirtualClock } from "@roadstream/shared/testing";
import { beforeEach, describe, expect, test } from "vitest";
import { columnNamed } from "../lake/iceberg-schema.ts";
import type { IcebergTable } from "../lake/lake-table.ts";
import { ManifestStore } from "../lake/manifest-store.ts";
import { beginWork } from "../lake/work-age.ts";
import { addedEntries } from "../lake/append-batch.ts";
import { LedgerDelta } from "../ledger/ledger-delta.ts";
import { PartitionLedger } from "../ledger/partition-ledger.ts";
import { writeLedger } from "../ledger/write-ledger.ts";
import type { AppendCommit, NewDataFile } from "../ports.ts";
import { batch, dataFileOf, openTable, uuidOf, whileTimePasses } from "../testing/lake-fixture.ts";
import { MemoryObjectStore } from "../testing/memory-object-store.ts";
import { MemoryVehicleRows } from "../testing/memory-vehicle-rows.ts";
import { eraseTable } from "./erase-vehicle.ts";
import type { VehicleRows } from "./ports.ts";

const VICTIM = "victim";
const BOOT = "01890000-0000-7000-8000-000000000001";
const VERSION = /\/v\d+\.metadata\.json$/;
const text = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

let clock: VirtualClock;
let store: MemoryObjectStore;
/** The erasure's view of the store: what its requests meet. */
let seen: MemoryObjectStore;
let table: IcebergTable;
const random = seededRandom(3);

beforeEach(async () => {
  clock = new VirtualClock();
  store = new MemoryObjectStore(clock);
  seen = new MemoryObjectStore(clock, store);
  table = openTable({ store, clock, table: "traffic_data" });
  await land("car-1");
});

const rowsOf = (vehicle: string): Uint8Array => text({ vehicle_id: vehicle, seq: 1 });
const dataKey = (): string => `traffic_data/data/event_day=2026-01-01/${uuidOf(random)}.ndjson`;

const ofVehicle = (file: NewDataFile, vehicle: string): NewDataFile => {
  const { id } = columnNamed(table.definition, "vehicle_id");
  const columns = file.columns.map((one) =>
    one.fieldId === id ? { ...one, min: vehicle, max: vehicle } : one,
  );
  return { ...file, columns };
};

/** A batch of one row, begun now. */
const begin = async (vehicle: string): Promise<AppendCommit> => {
  const key = dataKey();
  const base = await table.head();
  await store.putIfAbsent(key, rowsOf(vehicle));
  const made = batch(table.definition, {
    base,
    partition: 0,
    rows: 1,
    key,
    commitId: uuidOf(random),
    begunAt: beginWork(clock),
  });
  const files = made.files.map((file) => ofVehicle(file, vehicle));
  // Of a log without ledgers.
  const partitions = Object.fromEntries(
    Object.entries(made.partitions).map(([partition, state]) => [
      partition,
      { ...state, last: null, ledger: null },
    ]),
  );
  return { ...made, files, partitions, puts: [key] };
};
const land = async (vehicle: string): Promise<void> => {
  const outcome = await whileTimePasses(clock, table.append(await begin(vehicle)));
  expect(outcome.kind).toBe("committed");
};

/** What a batch of before puts that has not learned yet that it is void: data, manifest, ledger, picture. */
const putInVain = async (): Promise<readonly string[]> => {
  const data = dataKey();
  const picture = `pictures/${VICTIM}/${BOOT}/1-${uuidOf(random)}.jpg`;
  await store.putIfAbsent(data, rowsOf(VICTIM));
  await store.putIfAbsent(picture, new Uint8Array(1));
  const delta = new LedgerDelta();
  delta.of({ vehicleId: VICTIM, bootId: BOOT, stream: "traffic_data" }).landed.add(1, 1);
  const place = { store, zstd: nodeZstd, table: "traffic_data", partition: 0 } as const;
  const commit = uuidOf(random);
  const { puts } = await writeLedger(
    { ...place, uuid: () => uuidOf(random), commit },
    new PartitionLedger(),
    delta,
  );
  return [data, picture, ...puts, await putManifest(data)];
};

const putManifest = async (data: string): Promise<string> => {
  const { metadata } = (await table.head()).stored;
  const file = ofVehicle(dataFileOf(table.definition, data, 1), VICTIM);
  const entries = addedEntries([file], table, 7n);
  const puts: string[] = [];
  const manifests = new ManifestStore({ store, table: "traffic_data", names: table.names }).noting(puts);
  await manifests.write(entries, metadata, { snapshotId: 7n, parentId: null, sequenceNumber: 1 });
  return puts[0] ?? "";
};

/** `beforeFence`: what others do when all is listed, and the n-th commit of the erasure is on its way. */
const erase = async (
  beforeFence: (n: number) => Promise<void>,
  rows: VehicleRows = new MemoryVehicleRows({ store: seen, uuid: () => uuidV7(clock.now(), random) }),
) => {
  let fences = 0;
  const state = { putting: false };
  seen.pause = async () => {
    if (!state.putting) return;
    state.putting = false;
    await beforeFence((fences += 1));
  };
  const put = seen.putIfAbsent.bind(seen);
  seen.putIfAbsent = (key, content) => {
    state.putting = VERSION.test(key);
    return put(key, content);
  };
  return await whileTimePasses(
    clock,
    eraseTable({
      table: openTable({ store: seen, clock, seed: 5, table: "traffic_data" }),
      vehicle: VICTIM,
      rows,
      zstd: nodeZstd,
      sha256: nodeSha256,
      logger: silentLogger,
      signal: new AbortController().signal,
      clean: new Set(),
    }),
  );
};

describe("what is put when all was listed, by work that the fence voids", () => {
  test("is found by the second look, goes, and is counted", async () => {
    let left: readonly string[] = [];
    const erased = await erase(async (n) => {
      if (n === 1) left = await putInVain();
    });
    expect(left).toHaveLength(4);
    expect(store.keys.filter((key) => left.includes(key))).toEqual([]);
    expect(erased).toMatchObject({
      table: { objects_deleted: 3, remaining: { rows: 0, ledgers: 0, objects: 0 } },
      pictures: { deleted: 1, remaining: 0 },
    });
  });

  test("again and again, is told of as remaining: no look without end", async () => {
    const erased = await erase(async () => void (await putInVain()));
    expect(erased).toMatchObject({
      table: { remaining: { rows: 0, ledgers: 0, objects: 3 } },
      pictures: { remaining: 1 },
    });
  });

  test("of another vehicle is let be: nobody else's work is in its way", async () => {
    const key = dataKey();
    const erased = await erase(async (n) => {
      if (n === 1) await store.putIfAbsent(key, rowsOf("car-1"));
      expect(n).toBe(1);
    });
    expect(erased.table.remaining).toEqual({ rows: 0, ledgers: 0, objects: 0 });
    expect(store.keys).toContain(key);
  });
});

describe("readings that were never there before, of work begun behind the fence", () => {
  const late = async (isInTime: boolean) => {
    const begun: AppendCommit[] = [];
    const erased = await erase(async (n) => {
      // So that there is something to look for once more.
      if (n === 1) await putInVain();
      if (n !== 2) return;
      const work = await begin(VICTIM);
      begun.push(work);
      if (isInTime) expect((await table.append(work)).kind).toBe("committed");
    });
    const [work] = begun;
    if (work === undefined) throw new Error("no second fence");
    return { erased, work };
  };

  test("stay where they land before the next fence, and are told of", async () => {
    const { erased, work } = await late(true);
    expect(erased.table.remaining).toEqual({ rows: 1, ledgers: 0, objects: 0 });
    expect(await table.files(await table.head())).toHaveLength(2);
    expect(store.keys).toContain(work.puts?.[0]);
  });

  test("are void where they do not, and read again: nothing of them is left", async () => {
    const { erased, work } = await late(false);
    expect(erased.table.remaining).toEqual({ rows: 0, ledgers: 0, objects: 0 });
    expect(await whileTimePasses(clock, table.append(work))).toMatchObject({
      kind: "conflict",
      reason: "files_removed",
    });
    expect(store.keys).not.toContain(work.puts?.[0]);
    await land(VICTIM);
  });
});

test("a reading that was refused meanwhile is told of: the ledger knows it, though no row does", async () => {
  const erased = await erase(async (n) => {
    if (n !== 1) return;
    const work = await begin("car-1");
    const delta = new LedgerDelta();
    delta.reject({ vehicleId: VICTIM, bootId: BOOT, stream: "traffic_data" }, 7, 7);
    const place = { store, zstd: nodeZstd, table: "traffic_data", partition: 0 } as const;
    const ledgers = { ...place, uuid: () => uuidOf(random), commit: work.commitId };
    const { key } = await writeLedger(ledgers, new PartitionLedger(), delta);
    const partitions = Object.fromEntries(
      Object.entries(work.partitions).map(([partition, state]) => [partition, { ...state, ledger: key }]),
    );
    expect((await table.append({ ...work, partitions })).kind).toBe("committed");
  });
  expect(erased.table.remaining).toEqual({ rows: 0, ledgers: 1, objects: 0 });
});

test("an erasure that cannot read on leaves none of the files that it had rewritten", async () => {
  await land(VICTIM);
  await land(VICTIM);
  const before = store.keys;
  const rest = dataKey();
  class Failing extends MemoryVehicleRows {
    override async without(): Promise<NewDataFile | null> {
      if (store.keys.includes(rest)) throw new RoadstreamError("storage", "read: EIO");
      await store.putIfAbsent(rest, rowsOf("car-1"));
      return dataFileOf(table.definition, rest, 1);
    }
  }
  const rows = new Failing({ store: seen, uuid: () => uuidOf(random) });
  await expect(erase(() => Promise.resolve(), rows)).rejects.toMatchObject({ code: "storage" });
  expect(store.keys).toEqual(before);
});
