import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Column } from "@roadstream/shared";
import { systemClock, systemRandom } from "@roadstream/shared/adapters";
import { dataFile } from "../lake/data-file.ts";
import { tableDefinition } from "../lake/table-definition.ts";
import type { NewDataFile } from "../ports.ts";
import { DuckDbEngine } from "./duckdb-engine.ts";
import { DUCKDB_TYPES, lakeFilesSql } from "./duckdb-lake-files.ts";
import { DuckDbParquetWriter } from "./duckdb-parquet.ts";
import { FolderObjectStore, incomingFolder } from "./folder-object-store.ts";

const definition = tableDefinition("gps_data");
const DAY = "2026-01-01";

describe("a Parquet file of the lake", () => {
  let folder: string;
  let store: FolderObjectStore;
  let engine: DuckDbEngine;
  let writer: DuckDbParquetWriter;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "roadstream-parquet-"));
    store = new FolderObjectStore({ folder });
    engine = await DuckDbEngine.open();
    writer = new DuckDbParquetWriter({
      store,
      clock: systemClock(),
      random: systemRandom(),
      folder: await incomingFolder(folder),
    });
  });
  afterEach(async () => {
    await engine[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  const value = (column: Column, given: Readonly<Record<string, string>>): string => {
    const filled =
      column.type === "timestamp" ? `'${DAY} 00:00:00Z'` : column.type === "string" ? "'x'" : "'0'";
    return `CAST(${given[column.name] ?? (column.nullable ? "NULL" : filled)} AS ${DUCKDB_TYPES[column.type]}) AS ${column.name}`;
  };
  const rowsSql = (rows: readonly Readonly<Record<string, string>>[]): string =>
    rows
      .map((row) => `SELECT ${definition.columns.map((column) => value(column, row)).join(", ")}`)
      .join(" UNION ALL ");
  const written = async (select: string): Promise<NewDataFile> => {
    using connection = await engine.connect();
    const file = await writer.write({ connection, definition, select, day: DAY });
    if (file === null) throw new Error("no file");
    return file;
  };
  const idOf = (name: string): number => definition.columns.find((column) => column.name === name)?.id ?? 0;
  /** Bounds of a column as a manifest would hold them. */
  const bounds = (file: NewDataFile, name: string): readonly [Buffer | null, Buffer | null] => {
    const { lower_bounds: lower, upper_bounds: upper } = dataFile(file, definition, "x");
    const of = (pairs: typeof lower): Buffer | null =>
      pairs?.find(({ key }) => key === idOf(name))?.value ?? null;
    return [of(lower), of(upper)];
  };

  test("is sorted, has the contract's field ids, zstd, and lies where its day says", async () => {
    const file = await written(
      rowsSql([
        { vehicle_id: "'b'" },
        { vehicle_id: "'a'", event_at: `'${DAY} 02:00:00Z'` },
        { vehicle_id: "'a'", event_at: `'${DAY} 01:00:00Z'` },
      ]),
    );
    expect(file).toMatchObject({ rows: 3, day: DAY });
    expect(file.key).toMatch(/^gps_data\/data\/event_day=2026-01-01\/[0-9a-f-]{36}\.parquet$/);
    const path = await store.localFile(file.key);
    using connection = await engine.connect();
    const rows = await connection.rows(`SELECT vehicle_id, hour(event_at) AS h FROM read_parquet('${path}')`);
    expect(rows.map((row) => `${String(row["vehicle_id"])}${String(row["h"])}`)).toEqual(["a1", "a2", "b0"]);
    const schema = await connection.rows(
      `SELECT name, field_id, repetition_type FROM parquet_schema('${path}') WHERE field_id IS NOT NULL`,
    );
    expect(schema.map((row) => [Number(row["field_id"]), row["name"]])).toEqual(
      definition.columns.map(({ id, name }) => [id, name]),
    );
    const codecs = await connection.rows(
      `SELECT DISTINCT compression AS codec FROM parquet_metadata('${path}')`,
    );
    expect(codecs).toEqual([{ codec: "ZSTD" }]);
    expect(await readdir(join(folder, ".incoming"))).toEqual([]);
  });

  test("its bounds are right at the edges of doubles, times, text and booleans", async () => {
    const file = await written(
      rowsSql([
        {
          seq: "9007199254740993",
          latitude: "'-0.0'",
          speed_kmh: "'inf'",
          altitude_m: "0.1::DOUBLE + 0.2::DOUBLE",
          fix_at: "'1969-12-31 23:59:59.999999Z'",
          vehicle_type: "chr(0) || 'z'",
        },
        {
          seq: "-9223372036854775808",
          latitude: "0",
          speed_kmh: "'-inf'",
          fix_at: `'${DAY} 00:00:00.1Z'`,
          vehicle_type: "repeat('z', 300) || 'é'",
        },
      ]),
    );
    expect(bounds(file, "seq").map((one) => one?.readBigInt64LE())).toEqual([
      -9223372036854775808n,
      9007199254740993n,
    ]);
    expect(bounds(file, "latitude").map((one) => one?.readDoubleLE())).toEqual([-0, 0]);
    expect(bounds(file, "speed_kmh").map((one) => one?.readDoubleLE())).toEqual([-Infinity, Infinity]);
    expect(bounds(file, "altitude_m").map((one) => one?.readDoubleLE())).toEqual([
      0.30000000000000004, 0.30000000000000004,
    ]);
    expect(bounds(file, "fix_at").map((one) => one?.readBigInt64LE())).toEqual([-1n, 1767225600100000n]);
    expect(bounds(file, "vehicle_type").map((one) => one?.toString())).toEqual(["\0z", `${"z".repeat(15)}{`]);
  });

  test("text longer than the engine's own bounds is still enclosed", async () => {
    const [lower, upper] = bounds(
      await written(rowsSql([{ vehicle_type: "repeat('é', 20000)" }])),
      "vehicle_type",
    );
    const text = Buffer.from("é".repeat(20_000));
    expect(Buffer.compare(lower ?? text, text)).toBeLessThanOrEqual(0);
    expect(Buffer.compare(upper ?? text, text)).toBeGreaterThanOrEqual(0);
  });

  test("NaN gives no bounds and no count; nulls are counted", async () => {
    const file = await written(rowsSql([{ hdop: "'nan'" }, { hdop: "1.5" }, {}]));
    expect(bounds(file, "hdop")).toEqual([null, null]);
    expect(file.columns.find(({ fieldId }) => fieldId === idOf("hdop"))).toMatchObject({
      valueCount: 3,
      nullCount: 1,
      nanCount: null,
    });
    expect(bounds(file, "altitude_m")).toEqual([null, null]);
  });

  test("without rows there is no file", async () => {
    using connection = await engine.connect();
    expect(
      await writer.write({ connection, definition, select: `${rowsSql([{}])} LIMIT 0`, day: DAY }),
    ).toBeNull();
    expect(await readdir(join(folder, ".incoming"))).toEqual([]);
  });

  test("files are read by field id: a file from before a column gives null, one with an old name its value", async () => {
    using connection = await engine.connect();
    const path = join(folder, "old.parquet");
    await connection.run(
      `COPY (SELECT 'car' AS renamed, 7::BIGINT AS seq) TO '${path}' (FORMAT parquet, FIELD_IDS {renamed: ${idOf("vehicle_id")}, seq: 3})`,
    );
    const file = await written(rowsSql([{ vehicle_id: "'new'", seq: "8", hdop: "2" }]));
    const rows = await connection.rows(
      `SELECT vehicle_id, seq, hdop FROM (${lakeFilesSql(definition, [path, await store.localFile(file.key)])}) ORDER BY seq`,
    );
    expect(rows).toEqual([
      { vehicle_id: "car", seq: 7n, hdop: null },
      { vehicle_id: "new", seq: 8n, hdop: 2 },
    ]);
    const none = await connection.rows(`SELECT * FROM (${lakeFilesSql(definition, [])})`);
    expect(none).toEqual([]);
  });

  test("files from before a type was made wider are read with those from after", async () => {
    const wider = {
      ...definition,
      columns: definition.columns.map((one) =>
        one.name === "satellites_used" ? { ...one, type: "int64" as const } : one,
      ),
    };
    const before = await written(rowsSql([{ seq: "1", satellites_used: "-7" }]));
    const select = rowsSql([{ seq: "2" }]).replace(
      "CAST(NULL AS INTEGER) AS satellites_used",
      "5000000000 AS satellites_used",
    );
    using connection = await engine.connect();
    const after = await writer.write({ connection, definition: wider, select, day: DAY });
    const files = await Promise.all([before, after!].map(({ key }) => store.localFile(key)));
    expect(
      await connection.rows(`SELECT satellites_used FROM (${lakeFilesSql(wider, files)}) ORDER BY seq`),
    ).toEqual([{ satellites_used: -7n }, { satellites_used: 5_000_000_000n }]);
  });

  test("the engine speaks UTC, and fetches nothing by itself", async () => {
    using connection = await engine.connect();
    const settings =
      "current_setting('TimeZone') AS zone, current_setting('autoinstall_known_extensions') AS fetches";
    expect(await connection.rows(`SELECT ${settings}`)).toEqual([{ zone: "UTC", fetches: false }]);
  });
});
