import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { deadLetterValue, rejection, silentLogger } from "@roadstream/shared";
import { partitionOf, type LogAppend } from "@roadstream/shared/event-log";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { FolderObjectStore } from "../adapters/folder-object-store.ts";
import { DEFAULT_DUCKDB, DuckDbEngine } from "../adapters/duckdb-engine.ts";
import { lakeFilesSql } from "../adapters/duckdb-lake-files.ts";
import { openErasure } from "../adapters/open-erasure.ts";
import { openIngest } from "../adapters/open-ingest.ts";
import { openVerify } from "../adapters/open-verify.ts";
import { acceptLogChange } from "../ingest/accept-log-change.ts";
import { withProperties } from "../lake/next-snapshot.ts";
import { TABLE_NAMES } from "../lake/table-definition.ts";
import { localFiles } from "../object-store/local-files.ts";
import { filesNaming } from "../testing/names-in-lake.ts";
import { TINY_BOOT, tinyLake, tinyRecord, type TinyLake } from "../testing/tiny-lake.ts";
import { verifyLake } from "../verify/verify-lake.ts";
import { eraseVehicle } from "./erase-vehicle.ts";
import { realContext } from "../testing/real-context.ts";

const NAME = "car-to-be-forgotten";
const OTHER =
  ["a", "b", "c", "d", "e", "f"]
    .map((c) => `car-${c}`)
    .find((v) => partitionOf(v, 2) === partitionOf(NAME, 2)) ?? "";
const FAR =
  ["a", "b", "c", "d", "e", "f"]
    .map((c) => `car-${c}`)
    .find((v) => partitionOf(v, 2) !== partitionOf(NAME, 2)) ?? "";
const JPEG = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 1, 2, 3, 0xff, 0xd9]);

/** A whole lake is filled, read and unpacked in each. */
const PATIENTLY = { timeout: 60_000 };

let engine: DuckDbEngine;
let tiny: TinyLake;
beforeAll(async () => {
  engine = await DuckDbEngine.open(DEFAULT_DUCKDB);
});
afterAll(() => engine[Symbol.asyncDispose]());
beforeEach(async () => {
  tiny = await tinyLake();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await tiny[Symbol.asyncDispose]();
});

const spec = () => ({ lake: tiny.lakeSpec, catalog: "file" });

const fix = (vehicle: string, seq: number, latitude: unknown = 1): LogAppend =>
  tinyRecord(
    "gps_data",
    { vehicle, seq, at: `10:00:${String(seq % 60).padStart(2, "0")}` },
    { fix: "3d", latitude, longitude: 2 },
  );
const picture = (vehicle: string, seq: number): LogAppend =>
  tinyRecord(
    "traffic_data",
    { vehicle, seq, at: "10:00:00" },
    {
      camera_id: "front",
      trigger: "interval",
      media_type: "image/jpeg",
      size_bytes: JPEG.length,
      snapshot: JPEG.toString("base64"),
    },
  );
const checkpoint = (vehicle: string, seq: number, given: number): LogAppend => {
  const stream = { given, acknowledged: [[1, given]], held: [], dropped: [] };
  const detail = {
    outbox_id: `of-${vehicle}`,
    boots: [{ boot_id: TINY_BOOT, closed: false, streams: { gps_data: stream } }],
  };
  return tinyRecord(
    "agent_events",
    { vehicle, seq, at: "10:00:30" },
    { kind: "checkpoint", detail: JSON.stringify(detail) },
  );
};
/** Refused by the gateway: who sent it is known by the topic and the bytes alone. */
const strangeLetter = (vehicle: string, id: string): LogAppend => ({
  topic: "dead_letter",
  key: "unknown",
  value: deadLetterValue({
    id,
    rejection: rejection("bad_header", "no boot_id"),
    claim: { vehicleId: null, bootId: null, stream: null, seqFrom: null, seqTo: null },
    topic: "no/such/topic",
    receivedAt: "2026-03-01T10:00:00.000Z",
    payloadBase64: Buffer.from(`{"vehicle_id": "${vehicle}"}`).toString("base64"),
  }),
});

const erase = async (mode: "look" | "erase" = "erase") => {
  await using erasure = await openErasure(spec(), realContext());
  return await eraseVehicle({
    ...erasure,
    vehicle: NAME,
    logger: silentLogger,
    signal: new AbortController().signal,
    mode,
  });
};
const verify = async () => {
  await using context = await openVerify({ ...realContext(), ...spec(), log: tiny.logSpec });
  return await verifyLake(context, { vehicle: null });
};
const count = async (table: (typeof TABLE_NAMES)[number], where = "true"): Promise<number> => {
  const { tables, store } = tiny.lake;
  const files = await tables[table].files(await tables[table].head());
  const paths = await localFiles(
    store,
    files.map(({ key }) => key),
  );
  using connection = await engine.connect();
  const [row] = await connection.rows(
    `SELECT count(*) AS n FROM (${lakeFilesSql(tables[table].definition, paths)}) WHERE ${where}`,
  );
  return Number(row?.["n"]);
};
const naming = () => filesNaming(engine, join(tiny.folder, "lake"), NAME);

/** As an operator does who lets the whole log be read once more. */
const replay = async (): Promise<void> => {
  await using ingest = await openIngest({
    ...realContext(),
    ...spec(),
    log: tiny.logSpec,
    moveCatalog: false,
    untilDrained: true,
    commitInterval: 50 as never,
  });
  for (const table of TABLE_NAMES) await acceptLogChange(ingest, table);
};

const fill = async (): Promise<void> => {
  for (const seq of [1, 3]) {
    await tiny.append([
      fix(NAME, seq),
      fix(NAME, seq + 1),
      fix(OTHER, seq),
      fix(OTHER, seq + 1),
      fix(FAR, seq),
      fix(FAR, seq + 1),
      picture(NAME, seq),
      picture(OTHER, seq),
    ]);
    await tiny.land();
  }
  await tiny.append([
    checkpoint(OTHER, 1, 4),
    checkpoint(NAME, 1, 5),
    fix(NAME, 5, "north"),
    strangeLetter(NAME, "1".repeat(32)),
    strangeLetter(OTHER, "2".repeat(32)),
  ]);
  await tiny.land();
  await tiny.land();
};

test(
  "nothing in the lake names the vehicle any more, all else is as it was, and every reading is accounted for",
  PATIENTLY,
  async () => {
    await fill();
    const before = await verify();
    expect(before).toMatchObject({
      clean: true,
      totals: { landed: 12 + 4 + 2, rejected: 1, removed: 0 },
    });
    const named = await naming();
    expect(named.length).toBeGreaterThan(15);
    const dropped = vi.spyOn(FolderObjectStore.prototype, "dropCopies");
    const looked = await erase("look");
    expect(looked).toMatchObject({ ok: true, dry_run: true, pictures: { deleted: 2 } });
    expect((await verify()).totals).toEqual(before.totals);
    expect(dropped).not.toHaveBeenCalled();
    const report = await erase();
    const copies = [...((dropped.mock.lastCall?.at(0) ?? []) as Iterable<string>)];
    expect([copies.length > 0, copies.filter((key) => named.some((path) => path.endsWith(key)))]).toEqual([
      true,
      [],
    ]);
    const rows = Object.fromEntries(report.tables.map((one) => [one.table, one.rows]));
    expect(Object.fromEntries(looked.tables.map((one) => [one.table, one.rows]))).toEqual(rows);
    expect(rows).toMatchObject({
      gps_data: 4,
      traffic_data: 2,
      agent_events: 1,
      dead_letters: 2,
      vehicle_data: 0,
    });
    expect(report).toMatchObject({ ok: true, pictures: { deleted: 2, remaining: 0 } });
    expect(await naming()).toEqual([]);
    expect([await count("gps_data"), await count("traffic_data"), await count("dead_letters")]).toEqual([
      8, 2, 1,
    ]);
    const after = await verify();
    expect(after.problems).toEqual([]);
    expect(after).toMatchObject({
      clean: true,
      complete_through: before.complete_through,
      totals: { ...before.totals, landed: before.totals.landed - 7, removed: 7 },
    });
    const again = await erase();
    expect(again.ok).toBe(true);
    for (const one of again.tables)
      expect([one.rows, one.series, one.remaining]).toEqual([0, 0, { rows: 0, ledgers: 0, objects: 0 }]);
    expect((await verify()).totals).toEqual(after.totals);
  },
);

/** A log partition's state is JSON in JSON. */
const LAST_RECORD = /(\\"last\\":\\")[^/"]+\//g;

/** As a crash or a dropped batch does, rows and a picture that no snapshot names; and as Iceberg's own commits do, metadata. */
const leaveBehind = async (): Promise<void> => {
  const { tables, store } = tiny.lake;
  const head = await tables.gps_data.head();
  const [live] = await tables.gps_data.files(head);
  const bytes = (await store.get(live?.key ?? "")) ?? new Uint8Array();
  await writeFile(join(tiny.folder, "lake/gps_data/data/event_day=2026-03-01/left.parquet"), bytes);
  const foreign = "lake/gps_data/metadata/00007-250d778a-ef2e-4023-99b2-16314db773d0.metadata.json";
  const metadata = new TextDecoder().decode(head.stored.pointer.bytes);
  await writeFile(join(tiny.folder, foreign), metadata.replaceAll(LAST_RECORD, `$1${NAME}/`));
  await writeFile(join(tiny.folder, `lake/pictures/${NAME}/${TINY_BOOT}/9-left.jpg`), JPEG);
};

test(
  "what was left behind goes too; the whole log read once more lands nothing of it; what the car sends later is new",
  PATIENTLY,
  async () => {
    await fill();
    await leaveBehind();
    expect(await erase()).toMatchObject({ ok: true, pictures: { deleted: 3 } });
    expect(await naming()).toEqual([]);
    await replay();
    await tiny.land();
    await tiny.land();
    expect(await naming()).toEqual([]);
    expect(await verify()).toMatchObject({ clean: true, totals: { removed: 7, doubled: 0 } });
    await tiny.append([fix(NAME, 4), fix(NAME, 6), checkpoint(NAME, 2, 6)]);
    await tiny.land();
    expect(await count("gps_data", `vehicle_id = '${NAME}'`)).toBe(1);
    const after = await verify();
    expect(after.problems).toEqual([]);
    expect(after).toMatchObject({ clean: true, totals: { removed: 7, lost: 0 } });
    // Its own word makes the series known again by name.
    const series = after.series.find((one) => one.vehicle_id === NAME && one.stream === "gps_data");
    expect(series).toMatchObject({ given: 6, removed: 4, rejected: 1, landed: 1 });
    expect(await erase()).toMatchObject({ ok: true });
    expect(await naming()).toEqual([]);
    expect(await verify()).toMatchObject({ clean: true, totals: { removed: 9 } });
  },
);

test(
  "what a tag of the table keeps is told, and goes with the next run once the tag is dropped",
  PATIENTLY,
  async () => {
    await tiny.append([fix(NAME, 1), fix(OTHER, 1)]);
    await tiny.land();
    const { gps_data: table } = tiny.lake.tables;
    const tag = async (change: (refs: Record<string, unknown>) => Record<string, unknown>): Promise<void> => {
      const { stored: base } = await table.head();
      const commitId = table.names.uuid();
      const outcome = await table.commit({
        base,
        commitId,
        propose: (on) => {
          const next = withProperties(on, { "roadstream.commit": commitId }, table.clock.now());
          const refs = change(next.refs) as typeof next.refs;
          return Promise.resolve({ kind: "ready", metadata: { ...next, refs } });
        },
      });
      expect(outcome.kind).toBe("committed");
    };
    const { snapshotId } = await table.head();
    await tag((refs) => ({ ...refs, audit: { type: "tag", "snapshot-id": snapshotId } }));
    const kept = await erase();
    expect([kept.ok, kept.tables.find((one) => one.table === "gps_data")?.remaining]).toEqual([
      false,
      { rows: 0, ledgers: 0, objects: 1 },
    ]);
    expect(await count("gps_data")).toBe(1);
    await tag((refs) => Object.fromEntries(Object.entries(refs).filter(([name]) => name !== "audit")));
    expect((await erase()).ok).toBe(true);
    expect(await naming()).toEqual([]);
  },
);

test("goes on while a worker lands what others send, into the same partition too", PATIENTLY, async () => {
  await fill();
  const stop = new AbortController();
  const working = tiny.landUntil(stop.signal);
  const feed = async (): Promise<void> => {
    for (let seq = 5; seq < 20; seq += 1) await tiny.append([fix(OTHER, seq), fix(FAR, seq)]);
  };
  const [report] = await Promise.all([erase(), feed()]);
  stop.abort();
  await working;
  await tiny.land();
  expect(report.ok).toBe(true);
  expect(await naming()).toEqual([]);
  expect(await verify()).toMatchObject({ clean: true, totals: { removed: 7, landed: 11 + 30 } });
});
