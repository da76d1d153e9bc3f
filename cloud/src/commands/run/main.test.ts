import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { allTopics, logTopics, MemoryMetrics, silentLogger } from "@roadstream/shared";
import { systemClock, systemRandom } from "@roadstream/shared/adapters";
import { openEventLog, type EventLog, type LogAppend } from "@roadstream/shared/event-log";
import { afterEach, beforeEach, expect, test } from "vitest";
import { DuckDbEngine } from "../../adapters/duckdb-engine.ts";
import { FolderObjectStore } from "../../adapters/folder-object-store.ts";
import { openLake } from "../../adapters/open-lake.ts";
import { openLakeTable } from "../../lake/lake-table.ts";
import { tableDefinition } from "../../lake/table-definition.ts";
import { runCloud } from "../../testing/run-cloud.ts";

const BOOT = "0190d5e4-7b1a-7abc-8def-0123456789ab";
const TOPICS = logTopics({});

let folder: string;
let log: EventLog;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "cloud-run-"));
  log = await openLog();
  await log.createTopics(allTopics(TOPICS), 2);
});
afterEach(async () => {
  await log[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const openLog = (): Promise<EventLog> =>
  openEventLog(`sqlite:${join(folder, "log.sqlite")}`, {
    clock: systemClock(),
    random: systemRandom(),
    logger: silentLogger,
    metrics: new MemoryMetrics(),
    env: {},
  });

const IN_FOLDER = ["--log", "sqlite:log.sqlite", "--lake", "file:lake"];
const cloud = (...args: readonly string[]) =>
  runCloud(folder, "run", ...args, ...IN_FOLDER, "--until-drained", "--json");

const row = (vehicle: string, seq: number, more = ""): string =>
  `"v":1,"vehicle_id":"${vehicle}","boot_id":"${BOOT}","machine_boot":"m1","received_at":"2026-03-01T10:00:01.000Z",` +
  `"seq":${seq},"captured_at":"2026-03-01T10:00:00.000Z","clock":"gnss","uptime_ms":4000${more}`;
const gps = (vehicle: string, seq: number, latitude = 41.25): LogAppend => ({
  topic: TOPICS.streams.gps_data,
  key: vehicle,
  value: `{${row(vehicle, seq, `,"fix":"3d","latitude":${latitude},"longitude":-95.5`)}}`,
});
const PICTURE = Buffer.from("ffd8ffe000104a46ffd9", "hex");
const picture = (vehicle: string, seq: number, base64: string): LogAppend => ({
  topic: TOPICS.streams.traffic_data,
  key: vehicle,
  value: `{${row(
    vehicle,
    seq,
    `,"camera_id":"front","trigger":"interval","media_type":"image/jpeg","size_bytes":${PICTURE.length},"snapshot":"${base64}"`,
  )}}`,
});

const append = async (records: readonly LogAppend[]): Promise<void> => {
  await using writer = await log.writer();
  expect(await writer.append(records)).toMatchObject({ kind: "durable" });
};

const query = async (sql: string): Promise<readonly Record<string, unknown>[]> => {
  await using engine = await DuckDbEngine.open();
  using connection = await engine.connect();
  return await connection.rows(sql);
};

const filesOf = async (table: "gps_data" | "traffic_data" | "dead_letters"): Promise<string> => {
  const options = {
    clock: systemClock(),
    random: systemRandom(),
    logger: silentLogger,
    env: {},
    path: (text: string) => text,
  };
  await using lake = openLake({ lake: `file:${join(folder, "lake")}`, catalog: "file" }, options);
  const head = await lake.tables[table].peek();
  if (head === null) return "[]";
  const keys = (await lake.tables[table].files(head)).map((file) => lake.store.localFile(file.key));
  return `[${(await Promise.all(keys)).map((path) => `'${path}'`).join()}]`;
};

test("lands rows, pictures and dead letters; a second run adds only what is new", async () => {
  await append([
    ...Array.from({ length: 50 }, (_, i) => gps(`car-${i % 3}`, Math.floor(i / 3) + 1)),
    gps("car-1", 1),
    gps("car-2", 99, 91),
    { topic: TOPICS.streams.gps_data, key: "car-1", value: "not a record" },
    picture("car-1", 1, PICTURE.toString("base64")),
    picture("car-1", 2, Buffer.from("no picture").toString("base64")),
  ]);
  const first = await cloud();
  expect([first.code, first.stderr]).toEqual([0, expect.stringContaining('"event":"ready"')]);
  const summary = JSON.parse(first.stdout) as { tables: Record<string, Record<string, number>> };
  expect(summary.tables["gps_data"]).toMatchObject({ received: 53, landed: 50, doubled: 1, rejected: 2 });
  expect(summary.tables["traffic_data"]).toMatchObject({ received: 2, landed: 1, rejected: 1 });
  expect(summary.tables["dead_letters"]).toMatchObject({ received: 3, landed: 3 });
  const [gpsRows] = await query(
    `SELECT count(*) AS n, count(DISTINCT (vehicle_id, seq)) AS d FROM read_parquet(${await filesOf("gps_data")})`,
  );
  expect(gpsRows).toEqual({ n: 50n, d: 50n });
  const letters = await query(
    `SELECT reason, vehicle_id, seq_from FROM read_parquet(${await filesOf("dead_letters")}) ORDER BY reason`,
  );
  expect(letters).toEqual([
    { reason: "bad_picture", vehicle_id: "car-1", seq_from: 2n },
    { reason: "not_json", vehicle_id: null, seq_from: null },
    { reason: "out_of_range", vehicle_id: "car-2", seq_from: 99n },
  ]);
  const [shot] = await query(
    `SELECT snapshot_key, sha256 FROM read_parquet(${await filesOf("traffic_data")})`,
  );
  const [stored] = await query(
    `SELECT sha256(content) AS hash FROM read_blob('${join(folder, "lake", String(shot?.["snapshot_key"]))}')`,
  );
  expect(stored?.["hash"]).toBe(shot?.["sha256"]);

  await append([gps("car-0", 1), gps("car-0", 18)]);
  const second = await cloud();
  const again = JSON.parse(second.stdout) as { tables: Record<string, Record<string, number>> };
  expect(again.tables["gps_data"]).toMatchObject({ received: 2, landed: 1, doubled: 1 });
});

test("a recreated log is refused with an explanation, and taken on when told to", async () => {
  await append([gps("car-1", 1), gps("car-1", 2)]);
  expect((await cloud()).code).toBe(0);
  await log[Symbol.asyncDispose]();
  for (const suffix of ["", "-wal", "-shm"]) await rm(join(folder, `log.sqlite${suffix}`), { force: true });
  log = await openLog();
  await log.createTopics(allTopics(TOPICS), 2);
  await append([gps("car-1", 2), gps("car-1", 3)]);
  const refused = await cloud();
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain("--accept-log-change gps_data");
  const accepted = await cloud("--accept-log-change", "gps_data");
  expect([accepted.code, accepted.stderr]).toEqual([0, expect.any(String)]);
  const [rows] = await query(`SELECT count(*) AS n FROM read_parquet(${await filesOf("gps_data")})`);
  expect(rows).toEqual({ n: 3n });
});

test("brings a table of an earlier contract up to this one, says so, and lands in it", async () => {
  const definition = tableDefinition("gps_data");
  const earlier = openLakeTable({
    definition: {
      ...definition,
      columns: definition.columns.filter(({ name }) => name !== "vehicle_type"),
    },
    store: new FolderObjectStore({ folder: join(folder, "lake") }),
    clock: systemClock(),
    random: systemRandom(),
    logger: silentLogger,
  });
  await earlier.head();
  await append([gps("car-1", 1)]);
  const { code, stderr } = await cloud();
  expect([code, stderr]).toEqual([0, expect.stringMatching(/table_evolved.*gps_data.*vehicle_type/)]);
  const [rows] = await query(`SELECT vehicle_type FROM read_parquet(${await filesOf("gps_data")})`);
  expect(rows).toEqual({ vehicle_type: null });
  const { stored } = await earlier.head();
  expect(stored.metadata["current-schema-id"]).toBe(1);
});

test("a log that is not there cannot be drained: nothing is made, and the path is named", async () => {
  const lake = join(folder, "elsewhere");
  const from = ["--log", "sqlite:typo.sqlite", "--until-drained"];
  const ended = await runCloud(folder, "run", ...from, "--lake", `file:${lake}`);
  expect(ended).toMatchObject({ code: 2, stderr: expect.stringContaining("typo.sqlite") as string });
  await expect(stat(lake)).rejects.toMatchObject({ code: "ENOENT" });
});
