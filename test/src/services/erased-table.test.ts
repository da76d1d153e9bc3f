import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { foreignRows } from "@roadstream/cloud/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { pythonWithReaders } from "./install/python-step.ts";
import { LineDialogue } from "./readers/line-dialogue.ts";
import { SampleLake } from "./readers/sample-lake.ts";
import { hadoopCatalog, Spark } from "./readers/spark.ts";
import { services } from "./services.ts";

const script = (name: string): string => fileURLToPath(new URL(`./readers/${name}`, import.meta.url));
const DAYS = ["2026-01-01", "2026-01-02", "2026-01-03"] as const;
const rowsOf = (day: number) =>
  ["car-a", "car-b", "car-c"].flatMap((vehicle_id) =>
    [1, 2].map((n) => ({ vehicle_id, seq: day * 10 + n, latitude: n / 10 })),
  );
/** Its rows are a whole file of one day, a part of the others'. */
const ERASED = "car-a";

const erasedLake = async (): Promise<SampleLake> => {
  const lake = await SampleLake.make();
  for (const [day, name] of DAYS.entries()) await lake.append(name, rowsOf(day));
  await lake.append(DAYS[0], [{ vehicle_id: ERASED, seq: 100 }]);
  expect(await lake.erase(ERASED)).toBe(7);
  expect(await lake.retain(DAYS[1])).toBe(4);
  return lake;
};
/** What is left of three days, without one vehicle and without the first day. */
const LEFT = [1, 2].flatMap((day) =>
  ["car-b", "car-c"].flatMap((vehicle) => [1, 2].map((n) => `${vehicle}/${day * 10 + n}`)),
);

describe.skipIf(services("python").skip)("a table after an erasure and retention", () => {
  test("pyiceberg reads what is left, and prunes by it", async () => {
    await using lake = await erasedLake();
    await using reader = new LineDialogue(pythonWithReaders, [script("pyiceberg_reader.py")]);
    const scan = async (filter?: string) => {
      const query = {
        metadata: await lake.metadata(),
        want: "rows",
        ...(filter === undefined ? {} : { filter }),
      };
      return reader.ask<{ files: number; rows: readonly Record<string, unknown>[] }>(query);
    };
    const { rows, files } = await scan();
    expect(files).toBe(2);
    expect(rows.map((row) => `${String(row["vehicle_id"])}/${String(row["seq"])}`).toSorted()).toEqual(
      LEFT.toSorted(),
    );
    expect(await scan(`vehicle_id = '${ERASED}'`)).toMatchObject({ files: 0, rows: [] });
    expect((await scan("vehicle_id = 'car-b'")).rows.length).toBe(4);
  });
});

describe.skipIf(services("python", "iceberg-spark").skip)("Spark, after an erasure and retention", () => {
  let lake: SampleLake;
  let spark: Spark;
  const sql = (text: string): Promise<readonly Record<string, unknown>[]> => spark.sql(text);

  beforeAll(async () => {
    lake = await erasedLake();
    spark = await Spark.start(hadoopCatalog(join(lake.folder, "..")));
  }, 120_000);
  afterAll(async () => {
    await spark?.[Symbol.asyncDispose]();
    await lake?.[Symbol.asyncDispose]();
  });

  test("reads what is left, knows its history, and goes on writing; so do we", async () => {
    const rows = await sql("SELECT concat(vehicle_id, '/', seq) AS id FROM h.lake.gps_data ORDER BY id");
    expect(rows.map(({ id }) => id)).toEqual(LEFT.toSorted());
    expect(await sql("SELECT operation FROM h.lake.gps_data.snapshots ORDER BY committed_at")).toEqual([
      { operation: "overwrite" },
      { operation: "delete" },
    ]);
    await sql(
      "CALL h.system.rewrite_data_files(table => 'lake.gps_data', options => map('rewrite-all', 'true'))",
    );
    await sql("CALL h.system.rewrite_manifests('lake.gps_data')");
    expect(await sql("SELECT count(*) AS n FROM h.lake.gps_data")).toEqual([{ n: 8 }]);
    const head = await lake.table.head();
    expect(foreignRows(head.stored.metadata)).toEqual({ added: 0, removed: 0 });
    expect(head.properties["roadstream.removed-rows"]).toBe("11");
    expect((await lake.append(DAYS[2], rowsOf(5))).kind).toBe("committed");
    expect(await lake.erase("car-c")).toBe(6);
    expect(await sql("SELECT DISTINCT vehicle_id AS v FROM h.lake.gps_data ORDER BY v")).toEqual([
      { v: "car-a" },
      { v: "car-b" },
    ]);
  });
});
