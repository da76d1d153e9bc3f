import { nodeSha256 } from "@roadstream/shared/adapters";
import { seededRandom, silentLogger } from "@roadstream/shared";
import { VirtualClock } from "@roadstream/shared/testing";
import { beforeEach, describe, expect, test } from "vitest";
import { batch, whileTimePasses } from "../testing/lake-fixture.ts";
import { MemoryGlueTables, type GlueFault, type GlueOperation } from "../testing/memory-glue-tables.ts";
import { MemoryObjectStore } from "../testing/memory-object-store.ts";
import { FileCatalog } from "./file-catalog.ts";
import { GlueCatalog } from "./glue-catalog.ts";
import { openLakeTable, type IcebergTable } from "./lake-table.ts";
import { moveToCatalog } from "./move-to-catalog.ts";
import { DEFAULT_RETENTION, type Retention } from "./snapshot-expiry.ts";
import { tableCatalogContract } from "./table-catalog.contract.ts";
import { printTableMetadata } from "./table-metadata.ts";
import { tableDefinition } from "./table-definition.ts";
import { beginWork } from "./work-age.ts";

const definition = tableDefinition("gps_data");

tableCatalogContract("Glue, in memory", () => {
  const clock = new VirtualClock();
  const store = new MemoryObjectStore(clock);
  const glue = new MemoryGlueTables();
  const table = definition.name;
  return Promise.resolve({
    open: () => {
      const files = new FileCatalog({ store, table });
      return new GlueCatalog({ store, table, glue, files, sha256: nodeSha256 });
    },
    fault: (what) => {
      glue.fault = (operation) => (operation === "replace" ? what : null);
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
});

describe("the Glue catalog", () => {
  let clock: VirtualClock;
  let store: MemoryObjectStore;
  let glue: MemoryGlueTables;
  let names = 0;
  const random = () => seededRandom((names += 1));
  const open = (catalog: "file" | "glue", retention: Retention = DEFAULT_RETENTION): IcebergTable => {
    const files = new FileCatalog({ store, table: definition.name });
    const options = { definition, store, clock, random: random(), logger: silentLogger, retention };
    if (catalog === "file") return openLakeTable(options);
    const glueCatalog = new GlueCatalog({ store, table: definition.name, glue, files, sha256: nodeSha256 });
    return openLakeTable({ ...options, catalog: glueCatalog });
  };
  const append = async (table: IcebergTable, partition: number, rows: number) => {
    const base = await table.head();
    const commitId = `commit-${(names += 1)}`;
    const key = `gps_data/data/event_day=2026-01-01/${commitId}.parquet`;
    const begunAt = beginWork(clock);
    return whileTimePasses(
      clock,
      table.append(batch(definition, { base, partition, rows, key, commitId, begunAt })),
    );
  };
  const faultOnce = (operation: GlueOperation, fault: GlueFault): void => {
    let left = 1;
    glue.fault = (asked) => (asked === operation && (left -= 1) >= 0 ? fault : null);
  };
  const next = async (table: IcebergTable) => (await table.head()).ingest?.partitions[0]?.next;

  beforeEach(() => {
    clock = new VirtualClock();
    store = new MemoryObjectStore(clock);
    glue = new MemoryGlueTables();
  });

  test("a table is an ICEBERG entry with comments and field ids, and points at its newest metadata", async () => {
    const table = open("glue");
    await append(table, 0, 5);
    const content = glue.content("gps_data");
    expect(content?.parameters["table_type"]).toBe("ICEBERG");
    expect(content?.parameters["metadata_location"]).toMatch(/metadata\/00001-[0-9a-f]{32}\.metadata\.json$/);
    expect(content?.parameters["previous_metadata_location"]).toMatch(/v1\.metadata\.json$/);
    const latitude = content?.columns.find((column) => column.name === "latitude");
    expect(latitude).toMatchObject({ type: "double", parameters: { "iceberg.field.optional": "true" } });
    expect(latitude?.comment).not.toBe("");
    expect(content?.columns.map((column) => column.type)).toContain("timestamp");
  });

  test.each<GlueFault>(["lost_request", "lost_answer", "repeated", "late"])(
    "an update with a %s lands once",
    async (fault) => {
      const table = open("glue");
      await append(table, 0, 5);
      faultOnce("replace", fault);
      expect((await append(table, 0, 3)).kind).toBe("committed");
      glue.deliverLate(seededRandom(1));
      expect(await next(open("glue"))).toBe(8);
      const files = await table.files(await table.head());
      expect(files.length).toBe(2);
    },
  );

  test.each<GlueFault>(["lost_request", "lost_answer", "repeated"])(
    "a making with a %s makes one table",
    async (fault) => {
      faultOnce("create", fault);
      expect((await append(open("glue"), 0, 5)).kind).toBe("committed");
      expect(await next(open("glue"))).toBe(5);
    },
  );

  test("of two writers on one head, the second rebases where partitions differ, and drops its batch where not", async () => {
    const [one, two] = [open("glue"), open("glue")];
    await append(one, 0, 1);
    const base = await two.head();
    await append(one, 0, 5);
    const late = (partition: number, commitId: string) =>
      whileTimePasses(
        clock,
        two.append(
          batch(definition, { base, partition, rows: 2, key: commitId, commitId, begunAt: beginWork(clock) }),
        ),
      );
    expect((await late(1, "other-partition")).kind).toBe("committed");
    const before = store.keys;
    expect((await late(0, "same-partition")).kind).toBe("conflict");
    expect(await next(one)).toBe(6);
    // Glue's versions have the bytes in their names: the loser's is his own, and he takes it back.
    expect(store.keys).toEqual(before);
  });

  test("a worker with the wrong catalog is refused with the right one, whoever made the table", async () => {
    await append(open("glue"), 0, 5);
    expect(await append(open("file"), 0, 5)).toMatchObject({
      kind: "refused",
      hint: expect.stringContaining("--catalog glue:lake") as string,
    });
    store = new MemoryObjectStore(clock);
    glue = new MemoryGlueTables();
    await append(open("file"), 0, 5);
    await expect(open("glue").head()).rejects.toMatchObject({
      code: "refused",
      hint: expect.stringContaining("--move-catalog") as string,
    });
  });

  test("a table moves from files to Glue with its rows and offsets; file workers are refused from then on", async () => {
    const before = open("file");
    await append(before, 0, 5);
    await moveToCatalog(before, "glue:lake");
    await moveToCatalog(before, "glue:lake");
    const after = open("glue");
    expect(await next(after)).toBe(5);
    expect((await append(after, 0, 4)).kind).toBe("committed");
    expect((await append(before, 0, 1)).kind).toBe("refused");
    expect((await after.files(await after.head())).length).toBe(2);
  });

  test("of the versions that files kept, a signpost is left: who owns the table now, and nothing of its rows", async () => {
    const before = open("file");
    for (const rows of [5, 6]) await append(before, 0, rows);
    await moveToCatalog(before, "glue:lake");
    const after = open("glue");
    await append(after, 0, 4);
    const fileVersions = (): readonly string[] =>
      store.keys.filter((key) => /\/v\d+\.metadata\.json$/.test(key));
    expect(fileVersions().length).toBe(4);
    await after.sweep(await after.head());
    expect(fileVersions()).toEqual([
      "gps_data/metadata/v1.metadata.json",
      "gps_data/metadata/v5.metadata.json",
    ]);
    const signpost = await open("file").peek();
    expect([signpost?.properties["roadstream.catalog"], signpost?.ingest?.partitions]).toEqual([
      "glue:lake",
      {},
    ]);
    expect((await append(before, 0, 1)).kind).toBe("refused");
    expect((await append(after, 0, 4)).kind).toBe("committed");
    await after.sweep(await after.head());
    expect(fileVersions().length).toBe(2);
  });

  test("another engine's commit is stood on: its name of the metadata, its key, its rows and its version", async () => {
    const table = open("glue");
    await append(table, 0, 5);
    const base = await table.head();
    const theirs = { ...base.stored.metadata, properties: { ...base.properties, "their.key": "kept" } };
    const key = "gps_data/metadata/00005-0190d5e4-7b1a-7abc-8def-0123456789ab.metadata.json";
    await store.putIfAbsent(key, printTableMetadata(theirs));
    const content = glue.content("gps_data")!;
    const moved = {
      ...content,
      parameters: {
        ...content.parameters,
        metadata_location: store.location(key),
        previous_metadata_location: base.stored.pointer.location,
      },
    };
    expect(await glue.replace("gps_data", base.stored.pointer.token, moved)).toBe("replaced");
    const commit = { base, partition: 0, rows: 3, key: "late", commitId: "late", begunAt: beginWork(clock) };
    const outcome = await whileTimePasses(clock, table.append(batch(definition, commit)));
    expect(outcome).toMatchObject({ kind: "committed", attempts: 2 });
    expect(glue.content("gps_data")?.parameters["previous_metadata_location"]).toBe(store.location(key));
    const head = await open("glue", { ...DEFAULT_RETENTION, metadataVersions: 1 }).head();
    expect(head.properties["their.key"]).toBe("kept");
    expect(head.ingest?.partitions[0]?.next).toBe(8);
    expect(head.stored.metadata["metadata-log"].at(-1)?.["metadata-file"]).toBe(store.location(key));
  });

  test("a table that Glue forgot is not begun anew", async () => {
    const table = open("glue");
    await append(table, 0, 5);
    glue.drop("gps_data");
    await expect(open("glue").head()).rejects.toMatchObject({
      code: "table_invalid",
      hint: expect.stringContaining("metadata_location=memory:///gps_data/metadata/00001-") as string,
    });
  });

  test("old metadata goes, what Glue points at stays", async () => {
    const table = open("glue", { ...DEFAULT_RETENTION, metadataVersions: 3, sweepEveryCommits: 1 });
    for (let i = 0; i < 10; i += 1) await append(table, 0, 1);
    const versions = store.keys.filter((key) => /metadata\/\d{5}-/.test(key)).map((key) => key.slice(18, 23));
    expect(versions).toEqual(["00008", "00009", "00010"]);
    // Of one who was killed when Glue had taken another's.
    const lost = `gps_data/metadata/00010-${"0".repeat(32)}.metadata.json`;
    const coming = `gps_data/metadata/00011-${"0".repeat(32)}.metadata.json`;
    for (const key of [lost, coming]) await store.putIfAbsent(key, new Uint8Array(1));
    await table.sweep(await table.head(), 1);
    expect(store.keys.filter((key) => key === lost || key === coming)).toEqual([coming]);
    expect(await next(open("glue"))).toBe(10);
  });
});
