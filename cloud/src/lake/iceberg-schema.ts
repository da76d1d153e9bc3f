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

/** Iceberg specification, "Schema Evolution": what files written with a type can be read as, when that is wider. */
const WIDER: Readonly<Record<string, string>> = { int: "long", float: "double" };

export type SchemaFit =
  | { readonly kind: "same" }
  /**
   * The table lacks `added`, all nullable, and has `widened` in a narrower type: it can be brought up to the contract
   * without touching a file.
   */
  | { readonly kind: "table_behind"; readonly added: readonly Column[]; readonly widened: readonly Column[] }
  | { readonly kind: "differs"; readonly reason: string };

const typeText = (type: unknown): string => (typeof type === "string" ? type : JSON.stringify(type));

/** How a column stands to the field of its id: as it must be, narrower, or why neither. */
const compareField = (
  column: Column,
  there: IcebergField,
): "same" | "widened" | { readonly reason: string } => {
  const type = ICEBERG_TYPES[column.type];
  const isWidened = typeof there.type === "string" && WIDER[there.type] === type;
  if (there.name !== column.name || (there.type !== type && !isWidened)) {
    return {
      reason: `field ${column.id} is ${there.name} ${typeText(there.type)} in the table, ${column.name} ${type} here`,
    };
  }
  if (there.required && column.nullable)
    return { reason: `the table requires ${column.name}, which may be null here` };
  return isWidened ? "widened" : "same";
};

/** A worker behind the table's schema must stop; a table behind the worker's contract can be brought up to it. */
export const compareSchema = (definition: TableDefinition, stored: IcebergSchema): SchemaFit => {
  const byId = new Map(stored.fields.map((field) => [field.id, field]));
  const added: Column[] = [];
  const widened: Column[] = [];
  for (const column of definition.columns) {
    const there = byId.get(column.id);
    byId.delete(column.id);
    if (there === undefined) {
      if (!column.nullable)
        return { kind: "differs", reason: `the table lacks the required column ${column.name}` };
      added.push(column);
      continue;
    }
    const fit = compareField(column, there);
    if (typeof fit === "object") return { kind: "differs", reason: fit.reason };
    if (fit === "widened") widened.push(column);
  }
  const [unknown] = byId.values();
  if (unknown !== undefined)
    return { kind: "differs", reason: `the table has the column ${unknown.name}, unknown to this version` };
  return added.length + widened.length === 0 ? { kind: "same" } : { kind: "table_behind", added, widened };
};

/** Why a column cannot be added under its id: files may hold another column's values under it; null when it can. */
export const idInUse = (column: Column, schemas: readonly IcebergSchema[]): string | null => {
  for (const { fields } of schemas) {
    const once = fields.find(({ id }) => id === column.id);
    const fit = once === undefined ? "same" : compareField({ ...column, nullable: false }, once);
    if (typeof fit === "object") return `${fit.reason} (in an earlier schema)`;
  }
  return null;
};

/** The schema that follows `stored` with columns added and widened; what else it says stays. */
export const evolvedSchema = (
  stored: IcebergSchema,
  { added, widened }: { readonly added: readonly Column[]; readonly widened: readonly Column[] },
  schemaId: number,
): IcebergSchema => {
  const wider = new Map(widened.map((column) => [column.id, ICEBERG_TYPES[column.type]]));
  const fields = stored.fields.map((one) => (wider.has(one.id) ? { ...one, type: wider.get(one.id) } : one));
  return { ...stored, "schema-id": schemaId, fields: [...fields, ...added.map(field)] };
};
