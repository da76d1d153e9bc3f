import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { foreignRows, TABLE_NAMES, tableDefinition, type WrittenLake } from "@roadstream/cloud/testing";
import { runStage } from "../processes/start-stage.ts";
import type { Column } from "@roadstream/shared";
import { pythonWithReaders } from "./install/python-step.ts";
import { asOurs, asPrinted, everyRow, everyValueLake } from "./readers/every-value.ts";
import { LineDialogue } from "./readers/line-dialogue.ts";
import { SampleLake, type SampleRow } from "./readers/sample-lake.ts";
import { hadoopCatalog, Spark } from "./readers/spark.ts";
import { services } from "./services.ts";

const script = (name: string): string => fileURLToPath(new URL(`./readers/${name}`, import.meta.url));
const LONG = `${"ü".repeat(15)}😀${"z".repeat(600)}`;
const DAYS = ["2026-01-01", "2026-01-02", "2026-01-03", "2026-01-04"] as const;

/** What bounds must cover: both zeros, the ends of numbers, text longer than a bound, times before 1970. */
const EDGES: readonly SampleRow[] = [
  {
    vehicle_id: LONG,
    seq: 9007199254740991,
    latitude: -0,
    speed_kmh: 123456789.5,
    fix_at: "1969-12-31 23:59:59.999Z",
    vehicle_type: "",
  },
  {
    vehicle_id: "a",
    seq: 1,
    latitude: 0,
    speed_kmh: 0.1,
    fix_at: "2026-01-04 23:59:59.123Z",
    vehicle_type: "\u{10ffff}".repeat(20),
  },
  { vehicle_id: "b", seq: 2, latitude: null, speed_kmh: null, fix_at: null, vehicle_type: null },
];

const rowsOf = (day: number): readonly SampleRow[] =>
  day === 3
    ? EDGES
    : Array.from({ length: 10 }, (_, i) => ({
        vehicle_id: `car-${i % 2}`,
        seq: day * 100 + i,
        latitude: i % 3 === 0 ? null : i / 10,
        satellites_used: i,
        event_at: `${DAYS[day]} 10:00:0${i}.${100 + i}Z`,
      }));

interface Scan {
  readonly files: number;
  readonly rows: readonly Record<string, unknown>[];
}

const filled = async (): Promise<SampleLake> => {
  const lake = await SampleLake.make();
  for (const [i, day] of DAYS.entries()) expect((await lake.append(day, rowsOf(i))).kind).toBe("committed");
  return lake;
};

describe("our own engine", () => {
  let every: WrittenLake;
  const spec = (): string => `file:${join(every.folder, "lake")}`;
  beforeAll(async () => {
    every = await everyValueLake(null);
  });
  afterAll(() => every?.[Symbol.asyncDispose]());

  test.each(TABLE_NAMES)("reads every value of every column: %s", async (name) => {
    const sql = `SELECT * FROM ${name} ORDER BY log_offset`;
    const ended = await runStage("cloud", ["sql", sql, "--lake", spec(), "--format", "json"]);
    expect([ended.code, JSON.parse(ended.stdout)]).toEqual([0, asPrinted(everyRow(name))]);
  });
});

describe.skipIf(services("python").skip)("pyiceberg", () => {
  let lake: SampleLake;
  let every: WrittenLake;
  let reader: LineDialogue;
  let metadata: string;
  const scan = (more: { filter?: string; snapshot?: string } = {}): Promise<Scan> =>
    reader.ask({ metadata, want: "rows", ...more });

  beforeAll(async () => {
    lake = await filled();
    every = await everyValueLake(null);
    metadata = await lake.metadata();
    reader = new LineDialogue(pythonWithReaders, [script("pyiceberg_reader.py")]);
  });
  afterAll(async () => {
    await reader?.[Symbol.asyncDispose]();
    await every?.[Symbol.asyncDispose]();
    await lake?.[Symbol.asyncDispose]();
  });

  test("sees the contract's columns, ids, requiredness, partition spec and sort order", async () => {
    const schema = await reader.ask<Record<string, unknown>>({ metadata, want: "schema" });
    const types = {
      string: "string",
      int32: "int",
      int64: "long",
      float64: "double",
      boolean: "boolean",
      timestamp: "timestamptz",
      bytes: "binary",
    };
    expect(schema["columns"]).toEqual(
      tableDefinition("gps_data").columns.map((c) => [c.id, c.name, types[c.type], !c.nullable]),
    );
    expect(schema["spec"]).toEqual([["event_day", "day", 10, 1000]]);
    expect(schema["sort"]).toEqual([
      ["identity", 1],
      ["identity", 10],
    ]);
  });

  test.each(TABLE_NAMES)("reads every value of every column as it was written: %s", async (name) => {
    const { version } = await every.lake.tables[name].head();
    const file = join(every.folder, `lake/${name}/metadata/v${version}.metadata.json`);
    const cells: readonly Record<string, unknown>[] = await reader.ask({ metadata: file, want: "cells" });
    const inBase64 = cells.map((row) => {
      const { payload } = row;
      return typeof payload === "string"
        ? { ...row, payload: Buffer.from(payload, "hex").toString("base64") }
        : row;
    });
    expect(asOurs(name, inBase64)).toEqual(everyRow(name));
  });

  test("reads the values that bounds must cover, and every null", async () => {
    const { rows, files } = await scan();
    expect(files).toBe(4);
    expect(rows.length).toBe(33);
    const first = rows.find((row) => row["seq"] === 101);
    expect(first).toMatchObject({
      vehicle_id: "car-1",
      latitude: 0.1,
      satellites_used: 1,
      event_at: "2026-01-02T10:00:01.101000+00:00",
      altitude_m: null,
    });
    const edge = rows.find((row) => row["seq"] === 9007199254740991);
    expect(edge).toMatchObject({
      vehicle_id: LONG,
      speed_kmh: 123456789.5,
      fix_at: "1969-12-31T23:59:59.999000+00:00",
      vehicle_type: "",
    });
    expect(Object.is(edge?.["latitude"], -0)).toBe(true);
    expect(rows.filter((row) => row["latitude"] === null).length).toBe(3 * 4 + 1);
  });

  test("reads as many files as the day, or a column's bounds, leave over", async () => {
    expect((await scan({ filter: "event_at >= '2026-01-03T00:00:00+00:00'" })).files).toBe(2);
    expect(await scan({ filter: "seq = 101" })).toMatchObject({ files: 2, rows: [{ seq: 101 }] });
    expect((await scan({ filter: "seq < 100 and seq > 1" })).files).toBe(2);
    expect((await scan({ filter: "latitude > 0.85" })).files).toBe(0);
    expect((await scan({ filter: "satellites_used is null" })).files).toBe(1);
    expect((await scan({ filter: "vehicle_type is not null" })).files).toBe(1);
  });

  test("finds the rows at the edges of the bounds", async () => {
    for (const filter of [
      `vehicle_id = '${LONG}'`,
      "seq = 9007199254740991",
      "speed_kmh >= 123456789.5",
      "fix_at < '1970-01-01T00:00:00+00:00'",
      "fix_at >= '2026-01-04T23:59:59.123+00:00'",
      "vehicle_type = ''",
      `vehicle_type = '${"\u{10ffff}".repeat(20)}'`,
    ]) {
      expect((await scan({ filter })).rows.length, filter).toBe(1);
    }
    expect((await scan({ filter: "latitude = 0.0 and seq < 3" })).rows.length).toBe(1);
  });

  test("reads our statistics as we meant them", async () => {
    const statistics = await reader.ask<readonly Record<string, Record<string, unknown>>[]>({
      metadata,
      want: "statistics",
    });
    const day = statistics.find((file) => file["seq"]?.["lower_bound"] === 100);
    expect(day?.["seq"]).toMatchObject({
      value_count: 10,
      null_value_count: 0,
      lower_bound: 100,
      upper_bound: 109,
    });
    expect(day?.["latitude"]).toMatchObject({
      value_count: 10,
      null_value_count: 4,
      nan_value_count: 0,
      lower_bound: 0.1,
      upper_bound: 0.8,
    });
    expect(day?.["event_at"]).toMatchObject({
      lower_bound: "2026-01-02T10:00:00.100000+00:00",
      upper_bound: "2026-01-02T10:00:09.109000+00:00",
    });
    const edge = statistics.find((file) => file["seq"]?.["lower_bound"] === 1);
    expect(edge?.["vehicle_id"]).toMatchObject({ lower_bound: "a", upper_bound: `${"ü".repeat(15)}😁` });
    expect(edge?.["vehicle_type"]).toMatchObject({ lower_bound: "", upper_bound: null });
  });

  test("travels in time", async () => {
    const schema = await reader.ask<{ snapshots: readonly string[] }>({ metadata, want: "schema" });
    expect(schema.snapshots.length).toBe(4);
    const counts = [];
    for (const snapshot of schema.snapshots) counts.push((await scan({ snapshot })).rows.length);
    expect(counts).toEqual([10, 20, 30, 33]);
  });
});

describe.skipIf(services("python", "iceberg-spark").skip)("Spark with the Iceberg runtime", () => {
  let lake: SampleLake;
  let every: WrittenLake;
  let spark: Spark;
  const sql = (text: string): Promise<readonly Record<string, unknown>[]> => spark.sql(text);
  const count = async (where = ""): Promise<unknown> =>
    (await sql(`SELECT count(*) AS n FROM h.lake.gps_data ${where}`))[0]?.["n"];
  const columns = (): string =>
    tableDefinition("gps_data")
      .columns.map(({ name }) => name)
      .join(", ");

  beforeAll(async () => {
    lake = await filled();
    every = await everyValueLake(`file:${join(lake.folder, "../every")}`);
    spark = await Spark.start(hadoopCatalog(join(lake.folder, "..")));
  }, 120_000);
  afterAll(async () => {
    await spark?.[Symbol.asyncDispose]();
    await every?.[Symbol.asyncDispose]();
    await lake?.[Symbol.asyncDispose]();
  });

  test.each(TABLE_NAMES)("reads every value of every column as it was written: %s", async (name) => {
    // Its JSON keeps 53 bits of whole numbers, and of times what calendars of old make of them.
    const whole = ({ name: column, type }: Column): string =>
      type === "int64"
        ? `CAST(${column} AS STRING) AS ${column}`
        : type === "timestamp"
          ? `unix_micros(${column}) AS ${column}`
          : column;
    const rows = await sql(
      `SELECT ${tableDefinition(name).columns.map(whole).join(", ")} FROM h.every.${name}`,
    );
    expect(asOurs(name, rows)).toEqual(everyRow(name));
    const described = await sql(`DESCRIBE TABLE h.every.${name}`);
    const names = described.map((row) => row["col_name"]);
    expect(names).toEqual(expect.arrayContaining(tableDefinition(name).columns.map((column) => column.name)));
  });

  test("reads values, nulls and edges with filters", async () => {
    expect(await count()).toBe(33);
    expect(await count("WHERE latitude IS NULL")).toBe(13);
    expect(await count(`WHERE vehicle_id = '${LONG}' AND fix_at < timestamp '1970-01-01 00:00:00'`)).toBe(1);
    expect(await sql("SELECT vehicle_id, latitude, event_at FROM h.lake.gps_data WHERE seq = 101")).toEqual([
      { vehicle_id: "car-1", latitude: 0.1, event_at: "2026-01-02T10:00:01.101Z" },
    ]);
    const bounds = await sql(
      "SELECT min(readable_metrics.seq.lower_bound) AS low, max(readable_metrics.seq.upper_bound) AS high FROM h.lake.gps_data.files",
    );
    expect(bounds).toEqual([{ low: 0, high: 9007199254740991 }]);
  });

  test("prunes by day, and says so in its plan", async () => {
    const partitions = await sql(
      "SELECT partition.event_day AS day, record_count, file_count FROM h.lake.gps_data.partitions ORDER BY day",
    );
    expect(partitions).toEqual(
      DAYS.map((day, i) => ({ day, record_count: i === 3 ? 3 : 10, file_count: 1 })),
    );
    const read = await sql(
      "SELECT DISTINCT input_file_name() AS file FROM h.lake.gps_data WHERE event_at >= timestamp '2026-01-03 00:00:00'",
    );
    expect(read.length).toBe(2);
  });

  test("travels in time by snapshot", async () => {
    const snapshots = await sql(
      "SELECT CAST(snapshot_id AS STRING) AS id FROM h.lake.gps_data.snapshots ORDER BY committed_at",
    );
    expect(
      await sql(`SELECT count(*) AS n FROM h.lake.gps_data VERSION AS OF ${String(snapshots[1]?.["id"])}`),
    ).toEqual([{ n: 20 }]);
  });

  test("its insert survives and is counted as foreign; our next commit stands on it, offsets unharmed", async () => {
    await sql(`INSERT INTO h.lake.gps_data SELECT ${columns()} FROM h.lake.gps_data WHERE seq IN (1, 101)`);
    const head = await lake.table.head();
    expect(head.ingest?.partitions[0]?.next).toBe(33);
    expect(foreignRows(head.stored.metadata)).toEqual({ added: 3, removed: 0 });
    expect((await lake.append(DAYS[0], rowsOf(0))).kind).toBe("committed");
    const after = await lake.table.head();
    expect(after.ingest?.partitions[0]?.next).toBe(43);
    expect(foreignRows(after.stored.metadata)).toEqual({ added: 3, removed: 0 });
    expect(await count()).toBe(46);
    expect((await lake.table.files(after)).reduce((sum, file) => sum + file.rows, 0)).toBe(46);
  });

  test("its compaction survives: rows and properties stay, our commits and our own compaction go on", async () => {
    await sql(
      "CALL h.system.rewrite_data_files(table => 'lake.gps_data', options => map('rewrite-all', 'true'))",
    );
    await sql("CALL h.system.rewrite_manifests('lake.gps_data')");
    const head = await lake.table.head();
    expect(head.ingest?.partitions[0]?.next).toBe(43);
    expect(foreignRows(head.stored.metadata)).toEqual({ added: 3, removed: 0 });
    expect((await lake.append(DAYS[1], rowsOf(1))).kind).toBe("committed");
    expect(await count()).toBe(56);
    expect(await lake.compact()).toMatchObject({
      days: 1,
      filesBefore: 2,
      filesAfter: 1,
      rows: 21,
      skipped: [],
    });
    expect(await count()).toBe(56);
    expect(await count("WHERE event_at < timestamp '2026-01-03 00:00:00' AND latitude IS NULL")).toBe(16);
  });

  test("its roll-back is noticed: the properties are ahead, so nothing is written", async () => {
    const snapshots = await sql(
      "SELECT CAST(snapshot_id AS STRING) AS id FROM h.lake.gps_data.history WHERE is_current_ancestor ORDER BY made_current_at",
    );
    await sql(`CALL h.system.rollback_to_snapshot('lake.gps_data', ${String(snapshots[0]?.["id"])})`);
    expect(await lake.append(DAYS[0], rowsOf(0))).toMatchObject({
      kind: "refused",
      reason: expect.stringContaining("rolled back") as string,
    });
  });

  test("its row-level deletes are noticed: files are not handed out without them", async () => {
    await sql("ALTER TABLE h.lake.gps_data SET TBLPROPERTIES ('write.delete.mode' = 'merge-on-read')");
    await sql("DELETE FROM h.lake.gps_data WHERE seq = 3");
    const head = await lake.table.head();
    await expect(lake.table.files(head)).rejects.toMatchObject({ code: "table_invalid" });
  });
});
