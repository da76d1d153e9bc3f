import { RoadstreamError } from "@roadstream/shared";
import type { GlueColumn, GlueContent } from "./glue-tables.ts";
import { currentSchema, type TableMetadata } from "./table-metadata.ts";

/** Parameters by which engines know an Iceberg table in Glue. */
export const GLUE_PARAMETER = {
  tableType: "table_type",
  metadataLocation: "metadata_location",
  previousMetadataLocation: "previous_metadata_location",
} as const;

/** Iceberg's primitive types in Hive's words, as Iceberg's own Glue catalog spells them. */
const HIVE_TYPES: Readonly<Record<string, string>> = {
  string: "string",
  int: "int",
  long: "bigint",
  float: "float",
  double: "double",
  boolean: "boolean",
  timestamptz: "timestamp",
  timestamp: "timestamp",
  date: "date",
  binary: "binary",
};

/** Glue's limit of a column comment. */
const MAX_COMMENT = 255;

const columns = (metadata: TableMetadata): readonly GlueColumn[] =>
  currentSchema(metadata).fields.map((field) => {
    const type = typeof field.type === "string" ? HIVE_TYPES[field.type] : undefined;
    if (type === undefined)
      throw new RoadstreamError(
        "table_invalid",
        `column ${field.name}: Glue has no type for ${JSON.stringify(field.type)}`,
      );
    return {
      name: field.name,
      type,
      comment: (typeof field["doc"] === "string" ? field["doc"] : "").slice(0, MAX_COMMENT),
      parameters: {
        "iceberg.field.id": String(field.id),
        "iceberg.field.optional": String(!field.required),
        "iceberg.field.current": "true",
      },
    };
  });

/** The Glue entry that points at `metadata`, which lies at `location`. */
export const glueContent = (
  metadata: TableMetadata,
  location: string,
  previous: string | null,
): GlueContent => ({
  location: metadata.location,
  description: metadata.properties["comment"] ?? "",
  parameters: {
    [GLUE_PARAMETER.tableType]: "ICEBERG",
    [GLUE_PARAMETER.metadataLocation]: location,
    ...(previous === null ? {} : { [GLUE_PARAMETER.previousMetadataLocation]: previous }),
  },
  columns: columns(metadata),
});
