import type { Column } from "@roadstream/shared";
import { describe, expect, test } from "vitest";
import type { TableDefinition } from "../ports.ts";
import { compareSchema, icebergSchema, partitionSpec, sortOrder } from "./iceberg-schema.ts";
import { TABLE_NAMES, tableDefinition } from "./table-definition.ts";

const gps = tableDefinition("gps_data");
const extra: Column = { ...(gps.columns.at(-1) as Column), id: 999, name: "new_column" };
const having = (columns: readonly Column[]): TableDefinition => ({ ...gps, columns });

describe("a table's definition", () => {
  test("has unique field ids and names, and its day and sort columns", () => {
    for (const name of TABLE_NAMES) {
      const definition = tableDefinition(name);
      expect(new Set(definition.columns.map(({ id }) => id)).size).toBe(definition.columns.length);
      expect(new Set(definition.columns.map((column) => column.name)).size).toBe(definition.columns.length);
      expect(partitionSpec(definition).fields[0]).toMatchObject({
        name: "event_day",
        transform: "day",
        "field-id": 1000,
      });
      expect(sortOrder(definition).fields.length).toBe(definition.sortedBy.length);
      expect(definition.columns.every((column) => column.inLake)).toBe(true);
    }
  });
});

describe("a stored schema, against the contract", () => {
  const stored = (definition: TableDefinition) => icebergSchema(definition);

  test("is the same", () => {
    for (const name of TABLE_NAMES)
      expect(compareSchema(tableDefinition(name), stored(tableDefinition(name)))).toEqual({ kind: "same" });
  });

  test("lacks a nullable column: it can be brought up to it", () => {
    expect(compareSchema(having([...gps.columns, extra]), stored(gps))).toEqual({
      kind: "table_behind",
      added: [extra],
      widened: [],
    });
  });

  test("differs in any other way: this worker must not write", () => {
    const changed = (more: Partial<Column>): TableDefinition =>
      having(gps.columns.map((column) => (column.id === 3 ? { ...column, ...more } : column)));
    for (const [definition, table] of [
      [gps, having([...gps.columns, extra])],
      [having([...gps.columns, { ...extra, nullable: false }]), gps],
      [changed({ type: "string" }), gps],
      [changed({ name: "sequence" }), gps],
      [changed({ nullable: true }), gps],
    ] as const) {
      expect(compareSchema(definition, stored(table)).kind).toBe("differs");
    }
  });
});
