import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { foreignRows } from "@roadstream/cloud/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { pythonWithReaders } from "./install/python-step.ts";
import { LineDialogue } from "./readers/line-dialogue.ts";
import { evolvedLake, LARGE, LATER } from "./readers/evolved-lake.ts";
import { hadoopCatalog, Spark } from "./readers/spark.ts";
import { services } from "./services.ts";

const script = (name: string): string => fileURLToPath(new URL(`./readers/${name}`, import.meta.url));

describe.skipIf(services("python").skip)("pyiceberg reads a table that was brought up to a contract", () => {
  test("old rows with null and the wider type, new ones with values; filters and bounds on both", async () => {
    const { first, second } = await evolvedLake();
    await using _first = first;
    const metadata = await second.metadata();
    await using reader = new LineDialogue(pythonWithReaders, [script("pyiceberg_reader.py")]);
    const schema = await reader.ask<{ columns: readonly unknown[][] }>({ metadata, want: "schema" });
    expect(schema.columns.map(([, name]) => name)).toContain("vehicle_type");
    expect(schema.columns.find(([, name]) => name === "satellites_used")).toContain("long");
    const scan = async (filter?: string) => {
      const { rows } = await reader.ask<{ rows: readonly Record<string, unknown>[] }>({
        metadata,
        want: "rows",
        filter,
      });
      return rows
        .toSorted((a, b) => Number(a["seq"]) - Number(b["seq"]))
        .map((row) => [row["seq"], row["satellites_used"], row["vehicle_type"]]);
    };
    const all = [
      [1, 1, null],
      [2, null, null],
      [3, 3, null],
      [4, LARGE, "car"],
    ];
    expect(await scan()).toEqual(all);
    expect(await scan("satellites_used >= 3")).toEqual(all.slice(2));
    expect(await scan("satellites_used < 3")).toEqual(all.slice(0, 1));
    expect(await scan("vehicle_type is null")).toEqual(all.slice(0, 3));
    expect(await scan("vehicle_type = 'car'")).toEqual(all.slice(3));
  });
});

describe.skipIf(services("python", "iceberg-spark").skip)("Spark reads and writes such a table", () => {
  let lake: Awaited<ReturnType<typeof evolvedLake>>;
  let spark: Spark;
  const sql = (text: string): Promise<readonly Record<string, unknown>[]> => spark.sql(text);
  const seqs = async (where: string): Promise<readonly unknown[]> =>
    (await sql(`SELECT seq FROM h.lake.gps_data WHERE ${where} ORDER BY seq`)).map((row) => row["seq"]);

  beforeAll(async () => {
    lake = await evolvedLake();
    spark = await Spark.start(hadoopCatalog(join(lake.first.folder, "..")));
  }, 120_000);
  afterAll(async () => {
    await spark?.[Symbol.asyncDispose]();
    await lake?.first[Symbol.asyncDispose]();
  });

  test("old rows with null and the wider type; as it was before, too", async () => {
    expect(
      await sql(
        "SELECT seq, satellites_used, vehicle_type FROM h.lake.gps_data WHERE seq IN (1, 4) ORDER BY seq",
      ),
    ).toEqual([
      { seq: 1, satellites_used: 1 },
      { seq: 4, satellites_used: LARGE, vehicle_type: "car" },
    ]);
    expect(await seqs("vehicle_type IS NULL")).toEqual([1, 2, 3]);
    expect(await seqs("satellites_used >= 3")).toEqual([3, 4]);
    expect(await sql("SELECT count(*) AS n FROM h.lake.gps_data.history")).toEqual([{ n: 2 }]);
  });

  test("its own rows and ours go on, and our compaction makes the old files of the new schema", async () => {
    const columns = LATER.columns.map(({ name }) => name).join(", ");
    await sql(`INSERT INTO h.lake.gps_data SELECT ${columns} FROM h.lake.gps_data WHERE seq = 4`);
    const row = { vehicle_id: "a", seq: 6, satellites_used: 6, vehicle_type: null };
    expect((await lake.second.append("2026-01-01", [row])).kind).toBe("committed");
    expect(foreignRows((await lake.second.table.head()).stored.metadata)).toEqual({ added: 1, removed: 0 });
    expect(await lake.second.compact()).toMatchObject({ filesBefore: 4, filesAfter: 2, rows: 6 });
    expect(await seqs("satellites_used >= 3")).toEqual([3, 4, 4, 6]);
    expect(await seqs("vehicle_type IS NULL")).toEqual([1, 2, 3, 6]);
  });
});
