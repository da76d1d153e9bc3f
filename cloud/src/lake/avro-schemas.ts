/**
 * Iceberg specification, "Manifests" and "Manifest Lists", format version 2. Readers find fields by `field-id`,
 * `element-id`, and the ids of a map's key and value, so these attributes must stand in the file header.
 */
export type AvroSchema = string | readonly AvroSchema[] | { readonly [key: string]: unknown };

const optional = (type: AvroSchema): AvroSchema => ["null", type];
const required = (id: number, name: string, type: AvroSchema) => ({ name, type, "field-id": id });
const nullable = (id: number, name: string, type: AvroSchema) => ({
  name,
  type: optional(type),
  default: null,
  "field-id": id,
});

/** A map whose keys are not strings is an array of key-value records (specification, "Avro"). */
const mapOf = (keyId: number, valueId: number, value: AvroSchema): AvroSchema => ({
  type: "array",
  logicalType: "map",
  items: {
    type: "record",
    name: `k${keyId}_v${valueId}`,
    fields: [required(keyId, "key", "int"), required(valueId, "value", value)],
  },
});
const listOf = (elementId: number, items: AvroSchema): AvroSchema => ({
  type: "array",
  items,
  "element-id": elementId,
});

const dataFile = (partitionFieldId: number, partitionName: string): AvroSchema => ({
  type: "record",
  name: "r2",
  fields: [
    required(134, "content", "int"),
    required(100, "file_path", "string"),
    required(101, "file_format", "string"),
    required(102, "partition", {
      type: "record",
      name: "r102",
      fields: [nullable(partitionFieldId, partitionName, { type: "int", logicalType: "date" })],
    }),
    required(103, "record_count", "long"),
    required(104, "file_size_in_bytes", "long"),
    nullable(108, "column_sizes", mapOf(117, 118, "long")),
    nullable(109, "value_counts", mapOf(119, 120, "long")),
    nullable(110, "null_value_counts", mapOf(121, 122, "long")),
    nullable(137, "nan_value_counts", mapOf(138, 139, "long")),
    nullable(125, "lower_bounds", mapOf(126, 127, "bytes")),
    nullable(128, "upper_bounds", mapOf(129, 130, "bytes")),
    nullable(131, "key_metadata", "bytes"),
    nullable(132, "split_offsets", listOf(133, "long")),
    nullable(135, "equality_ids", listOf(136, "int")),
    nullable(140, "sort_order_id", "int"),
  ],
});

/** `manifest_entry` of a table partitioned by one day field. */
export const manifestEntrySchema = (partitionFieldId: number, partitionName: string): AvroSchema => ({
  type: "record",
  name: "manifest_entry",
  fields: [
    required(0, "status", "int"),
    nullable(1, "snapshot_id", "long"),
    nullable(3, "sequence_number", "long"),
    nullable(4, "file_sequence_number", "long"),
    required(2, "data_file", dataFile(partitionFieldId, partitionName)),
  ],
});

export const MANIFEST_LIST_SCHEMA: AvroSchema = {
  type: "record",
  name: "manifest_file",
  fields: [
    required(500, "manifest_path", "string"),
    required(501, "manifest_length", "long"),
    required(502, "partition_spec_id", "int"),
    required(517, "content", "int"),
    required(515, "sequence_number", "long"),
    required(516, "min_sequence_number", "long"),
    required(503, "added_snapshot_id", "long"),
    required(504, "added_files_count", "int"),
    required(505, "existing_files_count", "int"),
    required(506, "deleted_files_count", "int"),
    required(512, "added_rows_count", "long"),
    required(513, "existing_rows_count", "long"),
    required(514, "deleted_rows_count", "long"),
    nullable(
      507,
      "partitions",
      listOf(508, {
        type: "record",
        name: "r508",
        fields: [
          required(509, "contains_null", "boolean"),
          nullable(518, "contains_nan", "boolean"),
          nullable(510, "lower_bound", "bytes"),
          nullable(511, "upper_bound", "bytes"),
        ],
      }),
    ),
    nullable(519, "key_metadata", "bytes"),
  ],
};
