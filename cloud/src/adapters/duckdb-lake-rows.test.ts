import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seededRandom, SeqRanges, type Random } from "@roadstream/shared";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { tableDefinition } from "../lake/table-definition.ts";
import type { LiveFile } from "../ports.ts";
import { DuckDbEngine } from "./duckdb-engine.ts";
import { DUCKDB_TYPES } from "./duckdb-lake-files.ts";
import { DuckDbLakeRows } from "./duckdb-lake-rows.ts";
import { FolderObjectStore } from "./folder-object-store.ts";

interface Row {
  readonly vehicle: string;
  readonly boot: string;
  readonly seq: number;
}

const definition = tableDefinition("gps_data");
let folder: string;
let engine: DuckDbEngine;
let lakeRows: DuckDbLakeRows;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lake-rows-"));
  engine = await DuckDbEngine.open({ memoryLimit: "512MB", threads: 2, temporaryFolder: null });
  lakeRows = new DuckDbLakeRows({ engine, store: new FolderObjectStore({ folder }) });
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

/** A data file of rows in this order, all other columns null. */
const fileOf = async (name: string, rows: readonly Row[]): Promise<LiveFile> => {
  const given: Readonly<Record<string, string>> = { vehicle_id: "v", boot_id: "b", seq: "s" };
  const columns = definition.columns.map(
    (column) => `${given[column.name] ?? "NULL"}::${DUCKDB_TYPES[column.type]} AS ${column.name}`,
  );
  const ids = definition.columns.map((column) => `${column.name}: ${column.id}`);
  const values = rows.map(({ vehicle, boot, seq }) => `('${vehicle}', '${boot}', ${seq})`);
  using connection = await engine.connect();
  await connection.run(
    `COPY (SELECT ${columns.join(", ")} FROM (VALUES ${values.join(", ")}) t(v, b, s)) TO '${join(folder, name)}'
     (FORMAT parquet, FIELD_IDS {${ids.join(", ")}})`,
  );
  return { key: name, sizeBytes: 1, rows: rows.length, day: "2026-01-01", sequenceNumber: 1 };
};

const islandsOf = async (files: readonly LiveFile[]): Promise<readonly string[]> => {
  const found: string[] = [];
  for await (const islands of lakeRows.islands("gps_data", files, null)) {
    for (const { vehicleId, bootId, from, to, doubled } of islands)
      found.push(`${vehicleId} ${bootId} ${from}-${to} +${doubled}`);
  }
  return found.sort();
};

/** The same by sets, one number at a time. */
const expected = (rows: readonly Row[]): readonly string[] => {
  const series = Map.groupBy(rows, (row) => `${row.vehicle} ${row.boot}`);
  return [...series]
    .flatMap(([name, of]) =>
      [...SeqRanges.of(of.map(({ seq }) => [seq, seq] as const))].map(([from, to]) => {
        const within = of.filter(({ seq }) => seq >= from && seq <= to).length;
        return `${name} ${from}-${to} +${within - (to - from + 1)}`;
      }),
    )
    .sort();
};

/** Mostly in order, as files are; some numbers are left out, some come twice, some late. */
const drawn = (random: Random, sorted: boolean): readonly Row[] => {
  const rows: Row[] = [];
  for (const vehicle of ["a", "b"]) {
    for (const boot of ["1", "2"]) {
      for (let seq = 1; seq <= 40; seq += 1) {
        if (random.next() < 0.1) continue;
        rows.push({ vehicle, boot, seq });
        if (random.next() < 0.1)
          rows.push({ vehicle, boot, seq: Math.max(1, seq - Math.floor(random.next() * 9)) });
      }
    }
  }
  return sorted
    ? rows
    : rows
        .map((row) => ({ row, at: random.next() }))
        .sort((x, y) => x.at - y.at)
        .map(({ row }) => row);
};

describe("islands of rows", () => {
  test.each([
    ["in the order of files", true],
    ["in any order", false],
  ])("are what sets say, %s, gaps and doubles too", async (_, sorted) => {
    const random = seededRandom(sorted ? 1 : 2);
    for (let round = 0; round < 10; round += 1) {
      const rows = drawn(random, sorted);
      const half = Math.floor(rows.length / 3);
      const files = [
        await fileOf(`${sorted}-${round}-1.parquet`, rows.slice(0, half)),
        await fileOf(`${sorted}-${round}-2.parquet`, rows.slice(half)),
      ];
      expect(await islandsOf(files)).toEqual(expected(rows));
    }
  });

  test("a number that another series has between two of a series does not join them", async () => {
    const rows = [
      { vehicle: "a", boot: "1", seq: 7 },
      { vehicle: "b", boot: "1", seq: 8 },
      { vehicle: "a", boot: "1", seq: 9 },
      { vehicle: "a", boot: "2", seq: 10 },
      { vehicle: "a", boot: "1", seq: 11 },
    ];
    expect(await islandsOf([await fileOf("between.parquet", rows)])).toEqual(expected(rows));
  });
});
