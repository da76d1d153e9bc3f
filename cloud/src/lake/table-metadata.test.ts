import { describe, expect, test } from "vitest";
import { newTable } from "./new-table.ts";
import { tableDefinition, TABLE_NAMES } from "./table-definition.ts";
import { currentSnapshot, parseTableMetadata, printTableMetadata } from "./table-metadata.ts";

const fresh = newTable({
  definition: tableDefinition("gps_data"),
  location: "file:///x",
  uuid: "u",
  catalog: "file",
  now: 1,
});
const text = (value: unknown): Uint8Array =>
  new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));

describe("metadata.json", () => {
  test("of every table comes back as it was", () => {
    for (const name of TABLE_NAMES) {
      const metadata = newTable({
        definition: tableDefinition(name),
        location: "file:///x",
        uuid: "u",
        catalog: "file",
        now: 1,
      });
      expect(parseTableMetadata(printTableMetadata(metadata), "x")).toEqual(metadata);
    }
  });

  test("keeps keys that we do not know, also inside snapshots, and ids of 63 bits", () => {
    const foreign =
      `{${JSON.stringify(fresh).slice(1, -1)},"next-row-id":1.0,"statistics":[{"snapshot-id":7506268201114272029}]}`.replace(
        '"snapshots":[]',
        '"current-snapshot-id":7506268201114272029,"snapshots":[{"snapshot-id":7506268201114272029,"sequence-number":1,"timestamp-ms":1,"manifest-list":"l","summary":{},"x":{"y":[1.50]}}]',
      );
    const metadata = parseTableMetadata(text(foreign), "x");
    expect(currentSnapshot(metadata)?.["snapshot-id"]).toBe(7506268201114272029n);
    const printed = new TextDecoder().decode(printTableMetadata(metadata));
    for (const part of ['"next-row-id":1.0', '"snapshot-id":7506268201114272029', '"x":{"y":[1.50]}'])
      expect(printed).toContain(part);
  });

  test("-1 means no snapshot, as older writers say", () => {
    expect(
      currentSnapshot(parseTableMetadata(text({ ...fresh, "current-snapshot-id": -1 }), "x")),
    ).toBeNull();
  });

  test("of another format, or damaged, is refused", () => {
    for (const wrong of [
      "",
      "{",
      "[]",
      "null",
      { ...fresh, "format-version": 3 },
      { ...fresh, snapshots: [{}] },
      { ...fresh, properties: { a: 1 } },
    ]) {
      expect(() => parseTableMetadata(text(wrong), "x")).toThrow(/x/);
    }
  });
});
