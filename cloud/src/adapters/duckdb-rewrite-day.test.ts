import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "@roadstream/shared";
import { systemClock, systemRandom } from "@roadstream/shared/adapters";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { compactTable } from "../lake/compact-table.ts";
import { openLakeTable, type IcebergTable } from "../lake/lake-table.ts";
import { tableDefinition } from "../lake/table-definition.ts";
import { localFiles } from "../object-store/local-files.ts";
import type { LiveFile, TableHead } from "../ports.ts";
import { batch } from "../testing/lake-fixture.ts";
import { DuckDbEngine } from "./duckdb-engine.ts";
import { DUCKDB_TYPES, lakeFilesSql } from "./duckdb-lake-files.ts";
import { DuckDbParquetWriter } from "./duckdb-parquet.ts";
import { duckDbRewriteDay } from "./duckdb-rewrite-day.ts";
import { FolderObjectStore, incomingFolder } from "./folder-object-store.ts";
import { beginWork } from "../lake/work-age.ts";

const DAY = "2026-01-01";
const ROWS = 2000;
const definition = tableDefinition("gps_data");
const clock = systemClock();
const random = systemRandom();

/** Of 40 cars in no order, some with a row that another engine left without its key. */
const ROWS_SQL: Readonly<Record<string, string>> = {
  vehicle_id: "CASE WHEN n % 499 = 0 THEN NULL ELSE 'car-' || (hash(n) % 40) END",
  event_at: `TIMESTAMPTZ '${DAY} 00:00:00Z' + to_seconds(hash(n + 7) % 80000)`,
  seq: "n",
  latitude: "random()",
};

let folder: string;
let store: FolderObjectStore;
let engine: DuckDbEngine;
let writer: DuckDbParquetWriter;
let table: IcebergTable;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "rewrite-day-"));
  store = new FolderObjectStore({ folder });
  engine = await DuckDbEngine.open();
  writer = new DuckDbParquetWriter({ store, clock, random, folder: await incomingFolder(folder) });
  table = openLakeTable({ definition, store, clock, random, logger: silentLogger });
});
afterEach(async () => {
  await engine[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const append = async (first: number): Promise<TableHead> => {
  using connection = await engine.connect();
  const columns = definition.columns.map(
    ({ name, type }) => `(${ROWS_SQL[name] ?? "NULL"})::${DUCKDB_TYPES[type]} AS ${name}`,
  );
  const select = `SELECT ${columns.join(", ")} FROM range(${first}, ${first + ROWS}) t(n)`;
  const file = await writer.write({ connection, definition, select, day: DAY });
  if (file === null) throw new Error("no rows");
  const base = await table.head();
  const one = {
    base,
    partition: 0,
    rows: ROWS,
    key: file.key,
    commitId: file.key,
    begunAt: beginWork(clock),
  };
  const outcome = await table.append({ ...batch(definition, one), files: [file] });
  if (outcome.kind !== "committed") throw new Error(outcome.reason);
  return outcome.head;
};

/** Per file: its rows' keys in their order. */
const keysOf = async (file: LiveFile): Promise<readonly string[]> => {
  using connection = await engine.connect();
  const select = lakeFilesSql(definition, await localFiles(store, [file.key]));
  const rows = await connection.rows(
    `SELECT coalesce(vehicle_id, '~') || ' ' || epoch_ms(event_at) AS key FROM (${select})`,
  );
  return rows.map((row) => String(row["key"]));
};

const sumOf = async (head: TableHead): Promise<unknown> => {
  using connection = await engine.connect();
  const paths = await localFiles(
    store,
    (await table.files(head)).map(({ key }) => key),
  );
  const [row] = await connection.rows(
    `SELECT count(*) AS n, count(DISTINCT seq) AS seqs, sum(seq) AS sum FROM (${lakeFilesSql(definition, paths)})`,
  );
  return row;
};

describe("a large day", () => {
  test("becomes files near the target that are sorted one after the other, and the older snapshot still reads", async () => {
    for (let n = 0; n < 4; n += 1) await append(n * ROWS);
    const before = await append(4 * ROWS);
    const bytes = (await table.files(before)).reduce((sum, file) => sum + file.sizeBytes, 0);
    const targetBytes = Math.ceil(bytes / 3.4);
    const rewrite = duckDbRewriteDay({ engine, writer, store, definition, targetBytes });
    const report = await compactTable({ table, rewrite, targetBytes });
    expect(report).toMatchObject({ filesBefore: 5, filesAfter: 4, rows: 5 * ROWS, skipped: [] });

    const after = await table.head();
    const files = await Promise.all(
      (await table.files(after)).map(async ({ sizeBytes, ...file }) => ({
        sizeBytes,
        keys: await keysOf({ sizeBytes, ...file }),
      })),
    );
    const inOrder = files.toSorted((a, b) => ((a.keys[0] ?? "") < (b.keys[0] ?? "") ? -1 : 1));
    const keys = inOrder.flatMap((file) => file.keys);
    expect(keys).toEqual(keys.toSorted());
    for (const { sizeBytes } of files) expect(sizeBytes).toBeLessThanOrEqual(targetBytes);

    expect(await sumOf(after)).toEqual(await sumOf(before));
    expect(await compactTable({ table, rewrite, targetBytes })).toMatchObject({ days: 0, skipped: [] });
  });

  test("is cut smaller where the inputs had packed better than the files that they become", async () => {
    for (let n = 0; n < 3; n += 1) await append(n * ROWS);
    const files = await table.files(await table.head());
    const bytes = files.reduce((sum, file) => sum + file.sizeBytes, 0);
    const targetBytes = Math.ceil(bytes / 1.4);
    const rewrite = duckDbRewriteDay({ engine, writer, store, definition, targetBytes });
    const outputs = await rewrite(
      files.map((file) => ({ ...file, sizeBytes: file.sizeBytes / 2 })),
      DAY,
      { isWanted: () => Promise.resolve(true), puts: [] },
    );
    expect(outputs.map(({ sizeBytes }) => sizeBytes <= targetBytes)).toEqual([true, true]);
    expect(outputs.reduce((sum, file) => sum + file.rows, 0)).toBe(3 * ROWS);
  });
});
