import { rm } from "node:fs/promises";
import { join } from "node:path";
import { deadLetterValue, logTopics, rejection, silentLogger, type TableName } from "@roadstream/shared";
import { nodeSha256, nodeZstd } from "@roadstream/shared/adapters";
import { partitionOf } from "@roadstream/shared/event-log";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { DEFAULT_DUCKDB, DuckDbEngine } from "../adapters/duckdb-engine.ts";
import { DuckDbLakeRows } from "../adapters/duckdb-lake-rows.ts";
import { DuckDbLedgerRows } from "../adapters/duckdb-ledger-rows.ts";
import { openErasure } from "../adapters/open-erasure.ts";
import { openVerify } from "../adapters/open-verify.ts";
import { eraseVehicle } from "../erase/erase-vehicle.ts";
import { decodeLedgerFile, encodeLedgerFile } from "../ledger/ledger-file.ts";
import { loadLedger } from "../ledger/load-ledger.ts";
import { seriesText } from "../ledger/series-ranges.ts";
import { dropDays } from "../retain/drop-days.ts";
import { setRetainDays } from "../retain/retention.ts";
import { rewriteRows } from "../testing/rewrite-rows.ts";
import { TINY_BOOT, tinyLake, tinyRecord, type TinyLake } from "../testing/tiny-lake.ts";
import { verifyLake } from "../verify/verify-lake.ts";
import { rebuildLedgers, type RebuildOptions } from "./rebuild-ledgers.ts";
import { beginWork } from "../lake/work-age.ts";
import { realContext } from "../testing/real-context.ts";

let engine: DuckDbEngine;
let tiny: TinyLake;

beforeAll(async () => {
  engine = await DuckDbEngine.open(DEFAULT_DUCKDB);
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
});
beforeEach(async () => {
  tiny = await tinyLake();
});
afterEach(async () => {
  await tiny[Symbol.asyncDispose]();
});

const fix = (vehicle: string, seq: number, more: Readonly<Record<string, unknown>> = {}) =>
  tinyRecord(
    "gps_data",
    { vehicle, seq, at: `10:00:0${seq}.000` },
    { fix: "3d", latitude: 1, longitude: 2, ...more },
  );

const optionsOf = (table: TableName, more: Partial<RebuildOptions> = {}): RebuildOptions => {
  const { store, tables } = tiny.lake;
  return {
    table: tables[table],
    rows: new DuckDbLakeRows({ engine, store }),
    ledgerRows: new DuckDbLedgerRows({ engine, store }),
    zstd: nodeZstd,
    sha256: nodeSha256,
    mode: "write",
    ...more,
  };
};

const stateOf = async (table: TableName, partition: number) => {
  const state = (await tiny.lake.tables[table].head()).ingest?.partitions[partition];
  if (state === undefined) throw new Error(`${table} knows nothing of partition ${partition}`);
  return state;
};

/** What a rebuilt ledger must hold again. */
const knownOf = async (table: TableName, partition: number) => {
  const { ledger: key } = await stateOf(table, partition);
  const ledger = await loadLedger(tiny.lake.store, nodeZstd, { table, partition }, key);
  return {
    series: new Map(
      [...ledger.series()].map((one) => [seriesText(one), [[...one.landed], [...one.rejected]]]),
    ),
    landed: ledger.counts().landed,
    ids: [...ledger.deadLetterIds()],
  };
};

/** Behind the lake's back. */
const loseLedger = async (table: TableName, partition: number): Promise<void> => {
  const { ledger } = await stateOf(table, partition);
  await rm(join(tiny.folder, "lake", ledger ?? ""));
};

const BASE = realContext();

const verify = async () => {
  await using context = await openVerify({
    ...BASE,
    lake: tiny.lakeSpec,
    catalog: "file",
    log: tiny.logSpec,
  });
  return await verifyLake(context, { vehicle: null });
};

const A = "car-1";
const AT = partitionOf(A, 2);
const OTHER = ["car-2", "car-3", "car-4", "car-5", "car-6"].find((car) => partitionOf(car, 2) === AT) ?? "";
const B = ["car-2", "car-3", "car-4", "car-5", "car-6"].find((car) => partitionOf(car, 2) !== AT) ?? "";

describe("a ledger file that is gone", () => {
  beforeEach(async () => {
    await tiny.append([fix(A, 1), fix(A, 2), fix(B, 1)]);
    await tiny.land();
    await tiny.append([fix(A, 4)]);
    await tiny.land();
  });

  test("is written anew from the rows: doubles are dropped, new records land, all is accounted for", async () => {
    const before = { known: await knownOf("gps_data", AT), state: await stateOf("gps_data", AT) };
    const other = await stateOf("gps_data", 1 - AT);
    await loseLedger("gps_data", AT);
    await tiny.append([fix(A, 1), fix(A, 3)]);
    await expect(tiny.land()).rejects.toMatchObject({
      code: "table_invalid",
      hint: expect.stringContaining("roadstream cloud rebuild TABLE") as unknown,
    });
    expect(await rebuildLedgers(optionsOf("gps_data"))).toEqual({
      partitions: [
        { partition: AT, series: 1, landed: 3, because: `ledger file ${before.state.ledger} is gone` },
      ],
      removedRows: 0,
    });
    expect(await knownOf("gps_data", AT)).toEqual(before.known);
    const after = await stateOf("gps_data", AT);
    expect([after.next, after.last]).toEqual([before.state.next, before.state.last]);
    expect(await stateOf("gps_data", 1 - AT)).toEqual(other);
    await tiny.land();
    expect((await knownOf("gps_data", AT)).landed).toBe(4);
    expect(await verify()).toMatchObject({ clean: true, totals: { landed: 5, doubled: 0, foreign: 0 } });
  });

  test("is only told of in a dry run, and nothing is done where nothing is missing", async () => {
    expect((await rebuildLedgers(optionsOf("gps_data"))).partitions).toEqual([]);
    await loseLedger("gps_data", AT);
    const before = await stateOf("gps_data", AT);
    expect((await rebuildLedgers(optionsOf("gps_data", { mode: "look" }))).partitions).toHaveLength(1);
    expect(await stateOf("gps_data", AT)).toEqual(before);
  });

  test("stays gone where rows are gone too: they would land again", async () => {
    await loseLedger("gps_data", AT);
    const { tables, store } = tiny.lake;
    const [file] = await tables.gps_data.files(await tables.gps_data.head());
    await store.delete([file?.key ?? ""]);
    await expect(rebuildLedgers(optionsOf("gps_data"))).rejects.toMatchObject({ code: "table_invalid" });
  });

  test("stays gone where the partition moves on while its rows are read", async () => {
    await loseLedger("gps_data", AT);
    const options = optionsOf("gps_data");
    const { table, rows } = options;
    const moved = await stateOf("gps_data", AT);
    const moveOn = async (): Promise<void> => {
      const base = await table.head();
      if (base.ingest === null) throw new Error("nothing has landed");
      const commitId = table.names.uuid();
      const partitions = { [AT]: { ...moved, next: moved.next + 1, commit: commitId } };
      const { ingest } = base;
      await table.append({
        ...ingest,
        base,
        commitId,
        files: [],
        partitions,
        begunAt: beginWork(table.clock),
      });
    };
    const islands: RebuildOptions["rows"]["islands"] = async function* (...of) {
      await moveOn();
      yield* rows.islands(...of);
    };
    await expect(rebuildLedgers({ ...options, rows: { islands } })).rejects.toMatchObject({
      code: "unavailable",
      hint: "Nothing was changed. Stop cloud run, or try again.",
    });
    expect(await stateOf("gps_data", AT)).toMatchObject({ next: moved.next + 1, ledger: moved.ledger });
  });
});

describe("a table from which a vehicle was erased", () => {
  beforeEach(async () => {
    await tiny.append([fix(A, 1), fix(A, 2), fix(OTHER, 1)]);
    await tiny.land();
    await using erasure = await openErasure({ lake: tiny.lakeSpec, catalog: "file" }, BASE);
    const { signal } = new AbortController();
    const report = await eraseVehicle({
      ...erasure,
      vehicle: A,
      logger: silentLogger,
      signal,
      mode: "erase",
    });
    expect(report.ok).toBe(true);
  });
  const sendAgain = async (): Promise<void> => {
    await tiny.append([fix(A, 1), fix(A, 2), fix(OTHER, 1)]);
    await tiny.land();
  };

  test("keeps its tombstones: what was erased still does not land", async () => {
    await loseLedger("gps_data", AT);
    const report = await rebuildLedgers(optionsOf("gps_data"));
    expect(report).toMatchObject({ partitions: [{ partition: AT, landed: 3 }], removedRows: 0 });
    await sendAgain();
    expect(await verify()).toMatchObject({ clean: true, problems: [], totals: { landed: 1, removed: 2 } });
  });

  test("goes on without tombstones that are lost, and says so; then the erased lands again", async () => {
    const { erased = "" } = await stateOf("gps_data", AT);
    await rm(join(tiny.folder, "lake", erased));
    await expect(verify()).rejects.toMatchObject({ hint: expect.stringContaining("erase") as unknown });
    const { partitions, removedRows } = await rebuildLedgers(optionsOf("gps_data"));
    expect(partitions).toMatchObject([
      { because: expect.stringMatching(/tombstones .* are gone/) as unknown },
    ]);
    expect([removedRows, (await stateOf("gps_data", AT)).erased]).toEqual([2, undefined]);
    await sendAgain();
    expect(await verify()).toMatchObject({ clean: true, totals: { landed: 3, removed: 0 } });
  });
});

describe("a table from which retention took rows", () => {
  const NEVER = new AbortController().signal;
  const range = (from: number, to: number): number[] =>
    Array.from({ length: to - from + 1 }, (_, i) => from + i);
  const recent = (vehicle: string, seq: number) => {
    const at = new Date(Date.now() - 60_000).toISOString();
    return tinyRecord(
      "gps_data",
      { vehicle, seq, at: "10:00:00.000" },
      { fix: "3d", latitude: 1, longitude: 2, captured_at: at, received_at: at },
    );
  };
  const old = (vehicle: string, seq: number) =>
    tinyRecord("gps_data", { vehicle, seq, at: "10:00:00.000" }, { fix: "3d", latitude: 1, longitude: 2 });
  /** Ten rows of `A` and two of `B` go, ten of `A` stay. */
  const landAndDrop = async (): Promise<void> => {
    await tiny.append([
      ...range(1, 10).map((seq) => old(A, seq)),
      ...range(11, 20).map((seq) => recent(A, seq)),
      old(B, 1),
      old(B, 2),
    ]);
    await tiny.land();
    const { gps_data: table } = tiny.lake.tables;
    await setRetainDays(table, 30);
    await dropDays({ table, pictureKeys: async function* () {}, signal: NEVER });
    expect(await verify()).toMatchObject({ clean: true, totals: { landed: 10, removed: 12 } });
  };
  const checkpoint = (given: number) =>
    tinyRecord(
      "agent_events",
      { vehicle: A, seq: given - 19, at: "10:00:00.000" },
      {
        kind: "checkpoint",
        detail: JSON.stringify({
          outbox_id: "outbox-1",
          boots: [
            {
              boot_id: TINY_BOOT,
              closed: false,
              streams: { gps_data: { given, acknowledged: [[1, given]], held: [], dropped: [] } },
            },
          ],
        }),
      },
    );

  test("forgets them in numbers: what only the car knows of is unknown, as many as may be forgotten", async () => {
    await landAndDrop();
    await tiny.append([checkpoint(20)]);
    await tiny.land();
    await loseLedger("gps_data", AT);
    // The other partition's ledger goes on knowing of its two.
    expect(await rebuildLedgers(optionsOf("gps_data"))).toMatchObject({ removedRows: 10 });
    expect((await tiny.lake.tables.gps_data.head()).properties["roadstream.forgotten-rows"]).toBe("10");
    expect(await verify()).toMatchObject({
      clean: true,
      problems: [],
      totals: { landed: 11, removed: 2, unknown: 10, lost: 0 },
    });
    await loseLedger("gps_data", AT);
    expect(await rebuildLedgers(optionsOf("gps_data"))).toMatchObject({ removedRows: 10 });
    await tiny.append([checkpoint(21)]);
    await tiny.land();
    expect(await verify()).toMatchObject({
      clean: false,
      problems: [{ code: "readings_lost" }],
      totals: { lost: 11, unknown: 0 },
    });
  });

  test("lays no row to them that is lost later", async () => {
    await landAndDrop();
    await loseLedger("gps_data", AT);
    await rebuildLedgers(optionsOf("gps_data"));
    expect(await verify()).toMatchObject({ clean: true, totals: { landed: 10, removed: 2 } });
    await rewriteRows(tiny, (rows) => `SELECT * FROM ${rows} WHERE seq < 15`);
    expect(await verify()).toMatchObject({
      clean: false,
      totals: { landed: 4 },
      problems: [{ code: "rows_missing" }, { code: "readings_lost" }],
    });
  });
});

test("dead letters that retention took are forgotten with the ledger that knew them", async () => {
  const letter = (seq: number) => ({
    topic: logTopics({}).deadLetters,
    key: A,
    value: deadLetterValue({
      id: String(seq).repeat(32),
      rejection: rejection("bad_compression", "x"),
      claim: { vehicleId: A, bootId: TINY_BOOT, stream: "gps_data", seqFrom: seq, seqTo: seq },
      topic: "dt",
      receivedAt: "2026-03-01T10:00:01.000Z",
      payloadBase64: "",
    }),
  });
  const said = { given: 3, acknowledged: [[1, 3]], held: [], dropped: [] };
  const boots = [{ boot_id: TINY_BOOT, closed: false, streams: { gps_data: said } }];
  const detail = JSON.stringify({ outbox_id: "outbox-1", boots });
  await tiny.append([fix(A, 1), letter(2), letter(3)]);
  await tiny.append([
    tinyRecord("agent_events", { vehicle: A, seq: 1, at: "10:00:00.000" }, { kind: "checkpoint", detail }),
  ]);
  await tiny.land();
  const { dead_letters: table } = tiny.lake.tables;
  await setRetainDays(table, 30);
  await dropDays({ table, pictureKeys: async function* () {}, signal: new AbortController().signal });
  await loseLedger("dead_letters", AT);
  expect(await rebuildLedgers(optionsOf("dead_letters"))).toMatchObject({ removedRows: 2 });
  const { properties } = await table.head();
  expect(properties["roadstream.forgotten-rows"]).toBe("2");
  expect(await verify()).toMatchObject({
    clean: true,
    problems: [],
    totals: { landed: 2, rejected: 0, unknown: 2, lost: 0 },
  });
});

test("a worker that runs meanwhile goes on from the ledger that was written anew", async () => {
  const stop = new AbortController();
  const landed = (next: number): Promise<void> =>
    expect
      .poll(async () => (await stateOf("gps_data", AT)).next, { timeout: 10_000, interval: 20 })
      .toBe(next);
  await tiny.append([fix(A, 1)]);
  await tiny.land();
  const working = tiny.landUntil(stop.signal);
  await tiny.append([fix(A, 2)]);
  await landed(2);
  await loseLedger("gps_data", AT);
  expect((await rebuildLedgers(optionsOf("gps_data"))).partitions).toHaveLength(1);
  await tiny.append([fix(A, 1), fix(A, 3)]);
  await landed(4);
  stop.abort();
  await working;
  expect((await knownOf("gps_data", AT)).landed).toBe(3);
  expect(await verify()).toMatchObject({ clean: true, totals: { landed: 3, doubled: 0 } });
});

test("a ledger that counts otherwise than it lists is written anew", async () => {
  await tiny.append([fix(A, 1)]);
  await tiny.land();
  const { store } = tiny.lake;
  const { ledger: key } = await stateOf("gps_data", AT);
  const file = decodeLedgerFile(key ?? "", (await store.get(key ?? "")) ?? new Uint8Array(), nodeZstd);
  await store.put(key ?? "", encodeLedgerFile({ ...file, counts: { ...file.counts, landed: 9 } }, nodeZstd));
  expect(await verify()).toMatchObject({ clean: false, problems: [{ code: "ledger_inconsistent" }] });
  expect(await rebuildLedgers(optionsOf("gps_data"))).toMatchObject({
    partitions: [{ partition: AT, because: "it counts 9 landed records and lists 1" }],
  });
  expect(await verify()).toMatchObject({ clean: true });
});

test("an unreadable ledger of dead letters knows their ids and numbers again", async () => {
  await tiny.append([fix(A, 1), fix(A, 2, { latitude: 91 }), fix(A, 3, { latitude: "north" })]);
  await tiny.land();
  await tiny.land();
  const before = await knownOf("dead_letters", AT);
  expect([before.landed, before.ids.length, before.series.size]).toEqual([2, 2, 1]);
  const { ledger } = await stateOf("dead_letters", AT);
  await tiny.lake.store.put(ledger ?? "", new TextEncoder().encode("no ledger"));
  await expect(verify()).rejects.toMatchObject({ code: "table_invalid" });
  expect((await rebuildLedgers(optionsOf("dead_letters"))).partitions).toHaveLength(1);
  expect(await knownOf("dead_letters", AT)).toEqual(before);
  expect(await verify()).toMatchObject({ clean: true, totals: { landed: 1, rejected: 2 } });
});
