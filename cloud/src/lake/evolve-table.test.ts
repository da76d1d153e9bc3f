import { seededRandom, silentLogger, type Column } from "@roadstream/shared";
import { nodeSha256 } from "@roadstream/shared/adapters";
import { VirtualClock } from "@roadstream/shared/testing";
import { beforeEach, describe, expect, test } from "vitest";
import type { TableDefinition } from "../ports.ts";
import { batch, whileTimePasses } from "../testing/lake-fixture.ts";
import { MemoryGlueTables } from "../testing/memory-glue-tables.ts";
import { MemoryObjectStore } from "../testing/memory-object-store.ts";
import { evolveTable } from "./evolve-table.ts";
import { FileCatalog } from "./file-catalog.ts";
import { GlueCatalog } from "./glue-catalog.ts";
import { openLakeTable, type IcebergTable } from "./lake-table.ts";
import { currentSchema } from "./table-metadata.ts";
import { tableDefinition } from "./table-definition.ts";
import { voidWork } from "./void-work.ts";
import { beginWork } from "./work-age.ts";

const gps = tableDefinition("gps_data");
const last = gps.columns.at(-1) as Column;
/** The contract of a later version: a column more, satellites in 64 bits. */
const MORE: Column = { ...last, id: 900, name: "signal_db", type: "float64", nullable: true };
const later: TableDefinition = {
  ...gps,
  columns: [
    ...gps.columns.map((column) =>
      column.name === "satellites_used" ? { ...column, type: "int64" as const } : column,
    ),
    MORE,
  ],
};

describe.each(["file", "glue"] as const)("a table behind the contract, kept by the %s catalog", (catalog) => {
  let clock: VirtualClock;
  let store: MemoryObjectStore;
  let glue: MemoryGlueTables;
  let seed = 0;
  const open = (definition: TableDefinition): IcebergTable => {
    const random = seededRandom((seed += 1));
    const files = new FileCatalog({ store, table: gps.name });
    const options = { definition, store, clock, random, logger: silentLogger };
    if (catalog === "file") return openLakeTable(options);
    return openLakeTable({
      ...options,
      catalog: new GlueCatalog({ store, table: gps.name, glue, files, sha256: nodeSha256 }),
    });
  };
  const append = async (table: IcebergTable, base = table.head()) => {
    const commitId = `commit-${(seed += 1)}`;
    const options = { partition: 0, rows: 5, key: `gps_data/data/${commitId}`, commitId };
    const commit = batch(table.definition, { base: await base, begunAt: beginWork(clock), ...options });
    return whileTimePasses(clock, table.append(commit));
  };
  const evolve = (table: IcebergTable) => whileTimePasses(clock, evolveTable(table));
  const schemaOf = async (table: IcebergTable) => currentSchema((await table.head()).stored.metadata);

  beforeEach(() => {
    clock = new VirtualClock();
    store = new MemoryObjectStore(clock);
    glue = new MemoryGlueTables();
  });

  test("is refused a fence with what to do, not told to try again", async () => {
    await append(open(gps));
    const table = open(later);
    await expect(voidWork(table, await table.head())).rejects.toMatchObject({
      code: "refused",
      hint: expect.stringContaining("cloud run") as string,
    });
  });

  test("is given the column and the wider type by one commit; rows and offsets stay", async () => {
    await append(open(gps));
    const table = open(later);
    expect(await append(table)).toMatchObject({
      kind: "refused",
      reason: expect.stringContaining("signal_db, satellites_used") as string,
    });
    const evolution = await evolve(table);
    expect(evolution?.added.map(({ name }) => name)).toEqual(["signal_db"]);
    expect(evolution?.widened.map(({ name }) => name)).toEqual(["satellites_used"]);
    const { metadata } = (await table.head()).stored;
    expect(metadata["current-schema-id"]).toBe(1);
    expect(metadata["last-column-id"]).toBe(900);
    expect(metadata.properties["read.parquet.vectorization.enabled"]).toBe("false");
    expect(metadata.schemas.map((schema) => schema.fields.length)).toEqual([
      gps.columns.length,
      later.columns.length,
    ]);
    expect(currentSchema(metadata).fields.at(-1)).toMatchObject({
      id: 900,
      name: "signal_db",
      required: false,
      type: "double",
    });
    expect(currentSchema(metadata).fields.find(({ name }) => name === "satellites_used")?.type).toBe("long");
    expect((await append(table)).kind).toBe("committed");
    expect((await table.head()).ingest?.partitions[0]?.next).toBe(10);
    expect((await table.files(await table.head())).length).toBe(2);
    if (catalog === "glue") {
      const columns = glue.content("gps_data")?.columns ?? [];
      expect(columns.at(-1)).toMatchObject({ name: "signal_db", type: "double" });
      expect(columns.find(({ name }) => name === "satellites_used")?.type).toBe("bigint");
    }
  });

  test("is left alone by a second look, and not made where there is none", async () => {
    expect(await evolve(open(later))).toBeNull();
    expect(await open(later).peek()).toBeNull();
    await append(open(gps));
    await evolve(open(later));
    const { version } = await open(later).head();
    expect(await evolve(open(later))).toBeNull();
    expect((await open(later).head()).version).toBe(version);
  });

  test("is evolved once by two workers that start together", async () => {
    await append(open(gps));
    const [one, two] = await Promise.all([evolve(open(later)), evolve(open(later))]);
    expect([one, two].filter((evolution) => evolution !== null).length).toBe(1);
    const { metadata } = (await open(later).head()).stored;
    expect(metadata.schemas.length).toBe(2);
  });

  test("drops a batch of before, and stops workers of the older version with the reason", async () => {
    const old = open(gps);
    await append(old);
    const before = old.head();
    await before;
    await evolve(open(later));
    for (const base of [before, old.head()]) {
      expect(await append(old, base)).toMatchObject({
        kind: "refused",
        reason: expect.stringContaining("satellites_used long in the table") as string,
        hint: expect.stringContaining("upgrade the cloud workers") as string,
      });
    }
    await expect(evolveTable(old)).rejects.toMatchObject({ code: "refused" });
    expect((await append(open(later))).kind).toBe("committed");
  });

  test("is refused any other difference, with the reason", async () => {
    await append(open(gps));
    const having = (columns: readonly Column[]): TableDefinition => ({ ...gps, columns });
    const changed = (more: Partial<Column>) =>
      having(gps.columns.map((one) => (one.name === "satellites_used" ? { ...one, ...more } : one)));
    for (const [definition, reason] of [
      [having([...gps.columns, { ...MORE, nullable: false }]), "lacks the required column signal_db"],
      [changed({ type: "float64" }), "satellites_used int in the table, satellites_used double here"],
      [changed({ name: "satellites" }), "field"],
      [having(gps.columns.slice(0, -1)), `the column ${last.name}, unknown`],
    ] as const) {
      await expect(evolveTable(open(definition))).rejects.toMatchObject({
        code: "refused",
        message: expect.stringContaining(reason) as string,
      });
    }
    expect((await schemaOf(open(gps)))["schema-id"]).toBe(0);
  });

  test("does not take a field id again that another column once had", async () => {
    const once = { ...MORE, name: "was_something_else" };
    await append(open({ ...gps, columns: [...gps.columns, once] }));
    const table = open(gps);
    const head = await table.head();
    const { metadata } = head.stored;
    const dropped = {
      ...currentSchema(metadata),
      "schema-id": 1,
      fields: currentSchema(metadata).fields.slice(0, -1),
    };
    await whileTimePasses(
      clock,
      table.commit(
        {
          base: head.stored,
          commitId: "drop",
          propose: () =>
            Promise.resolve({
              kind: "ready",
              metadata: { ...metadata, schemas: [...metadata.schemas, dropped], "current-schema-id": 1 },
            }),
        },
        () => null,
      ),
    );
    await expect(evolve(open({ ...gps, columns: [...gps.columns, MORE] }))).rejects.toMatchObject({
      code: "refused",
      message: expect.stringContaining("was_something_else") as string,
    });
  });
});
