import { RoadstreamError } from "@roadstream/shared";
import { z } from "zod";
import { parseBigJson, printBigJson } from "./big-json.ts";

/** 63-bit: a number in JSON, a bigint here. */
const snapshotId = z.union([z.int(), z.bigint()]).transform(BigInt);

const snapshotSchema = z.looseObject({
  "snapshot-id": snapshotId,
  "parent-snapshot-id": snapshotId.nullish(),
  "sequence-number": z.int(),
  "timestamp-ms": z.int(),
  "manifest-list": z.string(),
  summary: z.record(z.string(), z.string()).default({}),
  "schema-id": z.int().nullish(),
});

const schemaSchema = z.looseObject({
  type: z.literal("struct"),
  "schema-id": z.int(),
  fields: z.array(z.looseObject({ id: z.int(), name: z.string(), required: z.boolean(), type: z.unknown() })),
});

/** Iceberg specification, "Table Metadata", format version 2. Keys that are not named here pass through unchanged. */
const metadataSchema = z.looseObject({
  "format-version": z.literal(2),
  "table-uuid": z.string(),
  location: z.string(),
  "last-sequence-number": z.int(),
  "last-updated-ms": z.int(),
  "last-column-id": z.int(),
  "current-schema-id": z.int(),
  schemas: z.array(schemaSchema),
  "partition-specs": z.array(z.looseObject({ "spec-id": z.int(), fields: z.array(z.unknown()) })),
  "default-spec-id": z.int(),
  properties: z.record(z.string(), z.string()).default({}),
  "current-snapshot-id": snapshotId.nullish(),
  snapshots: z.array(snapshotSchema).default([]),
  "snapshot-log": z.array(z.looseObject({ "snapshot-id": snapshotId, "timestamp-ms": z.int() })).default([]),
  "metadata-log": z
    .array(z.looseObject({ "metadata-file": z.string(), "timestamp-ms": z.int() }))
    .default([]),
  refs: z.record(z.string(), z.looseObject({ "snapshot-id": snapshotId, type: z.string() })).default({}),
});

export type TableMetadata = z.infer<typeof metadataSchema>;
export type Snapshot = TableMetadata["snapshots"][number];

export const MAIN_BRANCH = "main";

export const parseTableMetadata = (bytes: Uint8Array, name: string): TableMetadata => {
  let value: unknown;
  try {
    value = parseBigJson(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new RoadstreamError("table_invalid", `${name}: not JSON`, { cause });
  }
  const parsed = metadataSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue === undefined ? "" : `${issue.path.join(".")}: ${issue.message}`;
  throw new RoadstreamError("table_invalid", `${name} is not Iceberg version 2 metadata: ${where}`);
};

export const printTableMetadata = (metadata: TableMetadata): Uint8Array =>
  new TextEncoder().encode(printBigJson(metadata));

/** Null in an empty table; older writers say -1. */
export const currentSnapshot = (metadata: TableMetadata): Snapshot | null => {
  const id = metadata["current-snapshot-id"] ?? null;
  return id === null || id === -1n ? null : snapshotById(metadata, id);
};

const snapshotById = (metadata: TableMetadata, id: bigint): Snapshot | null =>
  metadata.snapshots.find((snapshot) => snapshot["snapshot-id"] === id) ?? null;

export const currentSchema = (metadata: TableMetadata): TableMetadata["schemas"][number] => {
  const schema = metadata.schemas.find((one) => one["schema-id"] === metadata["current-schema-id"]);
  if (schema === undefined)
    throw new RoadstreamError("table_invalid", `no schema ${metadata["current-schema-id"]} in the metadata`);
  return schema;
};

/** From `start` back to the oldest ancestor that has not been expired. */
export function* ancestry(metadata: TableMetadata, start: Snapshot | null): Generator<Snapshot, void, void> {
  const byId = new Map(metadata.snapshots.map((snapshot) => [snapshot["snapshot-id"], snapshot]));
  let at: Snapshot | undefined = start ?? undefined;
  while (at !== undefined) {
    yield at;
    byId.delete(at["snapshot-id"]);
    const parent: bigint | null = at["parent-snapshot-id"] ?? null;
    at = parent === null ? undefined : byId.get(parent);
  }
}
