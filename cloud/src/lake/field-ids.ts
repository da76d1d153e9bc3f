import type { AvroSchema } from "./avro-schemas.ts";

interface RecordField {
  readonly name: string;
  readonly type: AvroSchema;
  readonly "field-id"?: number;
}

const recordFields = (schema: AvroSchema): readonly RecordField[] | null => {
  if (typeof schema === "string") return null;
  if (Array.isArray(schema)) {
    const branches = (schema as readonly AvroSchema[]).map(recordFields).filter((fields) => fields !== null);
    return branches[0] ?? null;
  }
  const one = schema as { readonly type?: unknown; readonly fields?: readonly RecordField[] };
  return one.type === "record" && Array.isArray(one.fields) ? one.fields : null;
};

/**
 * A record as another writer spelled it, under the names of `ours`: fields are matched by `field-id`, never by name
 * (Iceberg specification, "Column Projection"). What the writer did not have is null; records nest.
 */
export const renameByFieldId = (value: unknown, theirs: AvroSchema, ours: AvroSchema): unknown => {
  const wanted = recordFields(ours);
  const given = recordFields(theirs);
  if (wanted === null || given === null || value === null || typeof value !== "object") return value;
  const byId = new Map(given.map((field) => [field["field-id"], field]));
  const source = value as Readonly<Record<string, unknown>>;
  const renamed: Record<string, unknown> = {};
  for (const field of wanted) {
    const there = byId.get(field["field-id"]);
    renamed[field.name] =
      there === undefined ? null : renameByFieldId(source[there.name] ?? null, there.type, field.type);
  }
  return renamed;
};
