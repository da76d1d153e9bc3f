import { describe, expect, test } from "vitest";
import { avroType, readAvroFile, writeAvroFile } from "./avro-file.ts";
import { MANIFEST_LIST_SCHEMA, manifestEntrySchema, type AvroSchema } from "./avro-schemas.ts";
import { renameByFieldId } from "./field-ids.ts";

const SCHEMA: AvroSchema = {
  type: "record",
  name: "r",
  fields: [
    { name: "id", type: "long", "field-id": 7 },
    { name: "more", type: ["null", { type: "array", items: "long", "element-id": 8 }], "field-id": 9 },
  ],
};
const sync = new Uint8Array(16).fill(3);
const file = (records: readonly unknown[]): Promise<Uint8Array> =>
  writeAvroFile({ schema: SCHEMA, type: avroType(SCHEMA), header: { "format-version": "2" }, records, sync });

describe("an Avro file", () => {
  test("gives back its records, with 63-bit numbers, and its header", async () => {
    const records = [
      { id: 9223372036854775807n, more: null },
      { id: -1n, more: [1n, 2n ** 53n + 1n] },
    ];
    const read = await readAvroFile(await file(records), "x");
    expect(read.records.map((record) => ({ ...(record as object) }))).toEqual(records);
    expect(read.header).toMatchObject({ "format-version": "2", "avro.codec": "deflate" });
    expect((await readAvroFile(await file([]), "x")).records).toEqual([]);
  });

  test("keeps the attributes by which readers find fields", async () => {
    const read = await readAvroFile(await file([]), "x");
    expect(read.schema).toEqual(SCHEMA);
    for (const schema of [MANIFEST_LIST_SCHEMA, manifestEntrySchema(1000, "event_day")]) {
      const bytes = await writeAvroFile({ schema, type: avroType(schema), header: {}, records: [], sync });
      expect((await readAvroFile(bytes, "x")).schema).toEqual(schema);
    }
    expect(JSON.stringify(MANIFEST_LIST_SCHEMA)).toContain('"element-id":508');
    expect(JSON.stringify(manifestEntrySchema(1000, "event_day"))).toContain('"logicalType":"map"');
  });

  test("damaged anywhere it is refused, not misread", async () => {
    const bytes = await file([{ id: 1n, more: [2n] }]);
    for (const cut of [0, 3, 10, bytes.length - 17, bytes.length - 1]) {
      await expect(readAvroFile(bytes.slice(0, cut), "cut"), String(cut)).rejects.toMatchObject({
        code: "table_invalid",
      });
    }
    const flipped = bytes.slice();
    flipped[bytes.length - 1] = 0;
    await expect(readAvroFile(flipped, "flipped")).rejects.toMatchObject({ code: "table_invalid" });
  });
});

test("fields are found by id, whatever another writer calls them", () => {
  const theirs: AvroSchema = {
    type: "record",
    name: "q",
    fields: [
      { name: "old_name", type: "long", "field-id": 7 },
      { name: "unknown", type: "int", "field-id": 99 },
    ],
  };
  expect(renameByFieldId({ old_name: 5n, unknown: 1 }, theirs, SCHEMA)).toEqual({ id: 5n, more: null });
});
