import { fileURLToPath } from "node:url";
import {
  COUNTED_ROWS,
  DuckDbRedshift,
  hastyClock,
  RedshiftBed,
  SQL_SCRIPTS,
  WarehouseLoader,
  WrittenLake,
  type WarehouseFacts,
} from "@roadstream/cloud/testing";
import { seededRandom, silentLogger, STREAM_NAMES, type TableName } from "@roadstream/shared";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { pythonWithReaders } from "./install/python-step.ts";
import { LineDialogue } from "./readers/line-dialogue.ts";
import { services } from "./services.ts";

const SCRIPT = fileURLToPath(new URL("./readers/sql_grammar.py", import.meta.url));
const TABLES: readonly TableName[] = [...STREAM_NAMES, "dead_letters"];
const URL_OF_ALL =
  "redshift://roadstream/cars?region=eu-west-1&schema=fleet&external_schema=lake&iam_role=arn:aws:iam::123456789012:role/roadstream-redshift";

/** Everything that a loader asks of Redshift, from an empty warehouse to one whose rows went. */
const everyStatement = async (): Promise<readonly string[]> => {
  await using written = await WrittenLake.open();
  const engine = await DuckDbRedshift.open();
  const { store } = written.lake;
  engine.stores.push(store);
  await using bed = await RedshiftBed.open(engine, URL_OF_ALL);
  const loaderOf = (facts: WarehouseFacts) =>
    new WarehouseLoader({
      lake: written.lake.tables,
      tables: TABLES,
      facts,
      open: () =>
        Promise.resolve(bed.warehouse({ store, random: seededRandom(1), glueDatabase: "cars_lake" })),
      objectsAt: store.location("x").slice(0, -1),
      clock: hastyClock,
      random: seededRandom(2),
      logger: silentLogger,
      signal: new AbortController().signal,
    });
  const loader = loaderOf(COUNTED_ROWS);
  const rowOf = (seq: number, day: string) => ({
    vehicle_id: "car-1",
    boot_id: "b",
    seq,
    dead_letter_id: String(seq).padStart(32, "0"),
    event_at: `${day}T10:00:00Z`,
    received_at: `${day}T10:00:00Z`,
  });
  for (const table of TABLES)
    await written.append(table, [rowOf(1, "2026-03-01"), rowOf(2, "2026-03-01"), rowOf(3, "2026-03-05")]);
  for (const change of [() => written.append("gps_data", [rowOf(4, "2026-03-02")]), removeSome(written)]) {
    expect((await loader.round()).failures).toEqual([]);
    await change();
  }
  expect((await loader.round()).failures).toEqual([]);
  // A later version, with a column more.
  const more = { name: "note", type: "string", comment: "", nullable: true, maxLength: 10 } as const;
  const tables = COUNTED_ROWS.tables.map((table) => ({ ...table, columns: [...table.columns, more] }));
  const later = { ...COUNTED_ROWS, tables };
  expect((await loaderOf(later).round()).failures).toEqual([]);
  return [...new Set([...bed.redshift.batches.values()].flatMap(({ statements }) => statements))];
};

const removeSome = (written: WrittenLake) => async (): Promise<void> => {
  for (const table of TABLES) await written.remove(table, "log_offset = 0");
};

describe.skipIf(services("python").skip)("what Redshift is asked", () => {
  let grammar: LineDialogue;
  const wrong = (sql: string, dialect = "redshift") => grammar.ask<readonly string[]>({ dialect, sql });
  beforeAll(() => {
    grammar = new LineDialogue(pythonWithReaders, [SCRIPT]);
  });
  afterAll(() => grammar[Symbol.asyncDispose]());

  test("is of its grammar, every statement", async () => {
    const statements = await everyStatement();
    const kinds = new Set(statements.map((sql) => sql.split(/\s/, 2).join(" ")));
    const expected = [
      "COPY",
      "MERGE INTO",
      "LOCK TABLE",
      "CREATE TABLE",
      "CREATE TEMP",
      "CREATE EXTERNAL",
      "COMMENT ON",
      "ALTER TABLE",
    ];
    for (const kind of [...expected, "CREATE OR", "DELETE FROM", "SET search_path", "DROP TABLE"])
      expect(
        [...kinds].some((one) => one.startsWith(kind)),
        kind,
      ).toBe(true);
    // Comments are all alike.
    for (const sql of statements.filter((one, at) => !one.startsWith("COMMENT") || at % 20 === 0))
      expect(await wrong(sql), sql).toEqual([]);
    expect(await wrong("MERGE INTO t USING s WHEN MATCHED")).not.toEqual([]);
  });

  test.each(SQL_SCRIPTS)("docs/sql/$path is of its engine's grammar", async ({ engine, statements }) => {
    for (const { sql } of statements.filter((one, at) => !one.sql.startsWith("COMMENT") || at % 20 === 0))
      expect(await wrong(sql, engine), sql).toEqual([]);
  });
});
