import type { Column, ColumnType } from "@roadstream/shared";
import { RoadstreamError } from "@roadstream/shared";
import type { TableDefinition } from "../ports.ts";

/** Iceberg specification, "Schemas": one field of a struct. Unknown keys of other writers pass through. */
export interface IcebergField {
  readonly id: number;
  readonly name: string;
  readonly required: boolean;
  readonly type: unknown;
  readonly doc?: string | undefined;
  readonly [other: string]: unknown;
}

export interface IcebergSchema {
  readonly type: "struct";
  readonly "schema-id": number;
  readonly fields: readonly IcebergField[];
  readonly [other: string]: unknown;
}

/** A picture's or a dead letter's text form on the wire becomes these in the lake. */
const ICEBERG_TYPES: Readonly<Record<ColumnType, string>> = {
  string: "string",
  int32: "int",
  int64: "long",
  float64: "double",
  boolean: "boolean",
  timestamp: "timestamptz",
  bytes: "binary",
};

const field = (column: Column): IcebergField => ({
  id: column.id,
  name: column.name,
  required: !column.nullable,
  type: ICEBERG_TYPES[column.type],
  doc: column.unit === null ? column.doc : `${column.doc} Unit: ${column.unit}.`,
});

export const icebergSchema = (definition: TableDefinition, schemaId = 0): IcebergSchema => ({
  type: "struct",
  "schema-id": schemaId,
  fields: definition.columns.map(field),
});

export const columnNamed = (definition: TableDefinition, name: string): Column => {
  const found = definition.columns.find((column) => column.name === name);
  if (found === undefined) throw new RoadstreamError("invariant", `${definition.name} has no column ${name}`);
  return found;
};

export const PARTITION_FIELD = "event_day";
export const PARTITION_FIELD_ID = 1000;
export const PARTITION_SPEC_ID = 0;
export const SORT_ORDER_ID = 1;

/** Iceberg specification, "Partitioning": whole UTC days since 1970-01-01. */
export const partitionSpec = (definition: TableDefinition) => ({
  "spec-id": PARTITION_SPEC_ID,
  fields: [
    {
      name: PARTITION_FIELD,
      transform: "day",
      "source-id": columnNamed(definition, definition.dayOf).id,
      "field-id": PARTITION_FIELD_ID,
    },
  ],
});

export const sortOrder = (definition: TableDefinition) => ({
  "order-id": SORT_ORDER_ID,
  fields: definition.sortedBy.map((name) => ({
    transform: "identity",
    "source-id": columnNamed(definition, name).id,
    direction: "asc",
    "null-order": "nulls-first",
  })),
});

export type SchemaFit =
  | { readonly kind: "same" }
  /** The table lacks these columns; all are nullable, so that they can be added without touching a file. */
  | { readonly kind: "table_behind"; readonly added: readonly Column[] }
  | { readonly kind: "differs"; readonly reason: string };

/** A worker behind the table's schema must stop; a table behind the worker's contract can be brought up to it. */
export const compareSchema = (definition: TableDefinition, stored: IcebergSchema): SchemaFit => {
  const byId = new Map(stored.fields.map((field) => [field.id, field]));
  const added: Column[] = [];
  for (const column of definition.columns) {
    const there = byId.get(column.id);
    byId.delete(column.id);
    if (there === undefined) {
      if (!column.nullable)
        return { kind: "differs", reason: `the table lacks the required column ${column.name}` };
      added.push(column);
    } else if (there.name !== column.name || there.type !== ICEBERG_TYPES[column.type]) {
      const theirs = typeof there.type === "string" ? there.type : JSON.stringify(there.type);
      return {
        kind: "differs",
        reason: `field ${column.id} is ${there.name} ${theirs} in the table, ${column.name} ${ICEBERG_TYPES[column.type]} here`,
      };
    } else if (there.required && column.nullable) {
      return { kind: "differs", reason: `the table requires ${column.name}, which may be null here` };
    }
  }
  const [unknown] = byId.values();
  if (unknown !== undefined)
    return { kind: "differs", reason: `the table has the column ${unknown.name}, unknown to this version` };
  return added.length === 0 ? { kind: "same" } : { kind: "table_behind", added };
};
