import { logTopics, RoadstreamError, silentLogger } from "@roadstream/shared";
import { nodeSha256, nodeZstd } from "@roadstream/shared/adapters";
import { MemoryEventLog, VirtualClock } from "@roadstream/shared/testing";
import { beforeEach, describe, expect, test } from "vitest";
import { currentHeads } from "../lake/current-heads.ts";
import { TABLE_NAMES } from "../lake/table-definition.ts";
import { openTable } from "../testing/lake-fixture.ts";
import { MemoryObjectStore } from "../testing/memory-object-store.ts";
import type { LakeRows } from "./ports.ts";
import { verifyLake, type VerifyContext } from "./verify-lake.ts";

const clock = new VirtualClock();
const none = async function* (): AsyncGenerator<readonly never[]> {};

/** A lake without rows, whose rows can be told to fail and whose heads move on when they do. */
const setUp = async (failures: number, moves: boolean) => {
  const store = new MemoryObjectStore(clock);
  const tables = Object.fromEntries(
    TABLE_NAMES.map((table) => [table, openTable({ store, clock, table })]),
  ) as unknown as VerifyContext["tables"];
  for (const table of TABLE_NAMES) await tables[table].head();
  const state = { looks: 0, version: 0 };
  const rows: LakeRows = {
    islands: none,
    count: () => {
      if (state.looks > failures) return Promise.resolve(0);
      if (moves) state.version += 1;
      return Promise.reject(new RoadstreamError("storage", "DuckDB: no such file"));
    },
    doubledIds: () => Promise.resolve([]),
    checkpoints: none,
    recentCheckpoints: none,
    dropped: none,
    deadLetters: () => {
      state.looks += 1;
      return Promise.resolve({ rows: 0, distinct: 0 });
    },
  };
  const context: VerifyContext = {
    store,
    tables,
    rows,
    zstd: nodeZstd,
    sha256: nodeSha256,
    topics: logTopics({}),
    log: null,
    logger: silentLogger,
    heads: async () => {
      const heads = await currentHeads({ store, tables });
      const gps = heads.gps_data;
      return { ...heads, gps_data: gps === null ? null : { ...gps, version: state.version } };
    },
  };
  return { context, state };
};

describe("a file that is gone", () => {
  test("is read again from new heads when there are any", async () => {
    const { context, state } = await setUp(2, true);
    expect(await verifyLake(context, { vehicle: null })).toMatchObject({ clean: true });
    expect(state.looks).toBe(3);
  });

  test("is an error when the heads stand still, and in the end also when they do not", async () => {
    const still = await setUp(1, false);
    await expect(verifyLake(still.context, { vehicle: null })).rejects.toMatchObject({ code: "storage" });
    expect(still.state.looks).toBe(1);
    const moving = await setUp(99, true);
    await expect(verifyLake(moving.context, { vehicle: null })).rejects.toMatchObject({ code: "storage" });
    expect(moving.state.looks).toBe(5);
  });
});

describe("a log", () => {
  let log: MemoryEventLog;
  beforeEach(() => {
    log = new MemoryEventLog({ clock });
  });

  test("without topics is no wrong one where nothing has landed", async () => {
    const { context } = await setUp(0, false);
    expect(await verifyLake({ ...context, log }, { vehicle: null })).toMatchObject({ clean: true });
  });

  test("counts what it holds of a vehicle, and nothing that another's key claims", async () => {
    const { context } = await setUp(0, false);
    const topic = context.topics.streams.gps_data;
    await log.createTopics([topic], 1);
    await using writer = await log.writer();
    const value = JSON.stringify({
      vehicle_id: "car-1",
      boot_id: "0190d5e4-7b1a-7abc-8def-0123456789ab",
      seq: 2,
    });
    await writer.append([
      { topic, key: "car-1", value },
      { topic, key: "car-2", value: value.replace('"seq":2', '"seq":9') },
    ]);
    const { totals } = await verifyLake({ ...context, log }, { vehicle: null });
    expect(totals).toMatchObject({ given: 2, in_log: 1, unknown: 1 });
  });
});
