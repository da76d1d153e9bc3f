import type { TableDefinition } from "../ports.ts";
import {
  icebergSchema,
  partitionSpec,
  PARTITION_FIELD_ID,
  PARTITION_SPEC_ID,
  SORT_ORDER_ID,
  sortOrder,
} from "./iceberg-schema.ts";
import type { TableMetadata } from "./table-metadata.ts";
import { PROPERTY } from "./table-properties.ts";

export interface NewTable {
  readonly definition: TableDefinition;
  readonly location: string;
  readonly uuid: string;
  readonly catalog: string;
  readonly now: number;
}

/** The metadata of an empty table: no snapshot, no offsets. */
export const newTable = ({ definition, location, uuid, catalog, now }: NewTable): TableMetadata => ({
  "format-version": 2,
  "table-uuid": uuid,
  location,
  "last-sequence-number": 0,
  "last-updated-ms": now,
  "last-column-id": Math.max(...definition.columns.map((column) => column.id)),
  "current-schema-id": 0,
  schemas: [
    {
      ...icebergSchema(definition),
      fields: [...icebergSchema(definition).fields] as TableMetadata["schemas"][number]["fields"],
    },
  ],
  "partition-specs": [partitionSpec(definition)],
  "default-spec-id": PARTITION_SPEC_ID,
  "last-partition-id": PARTITION_FIELD_ID,
  "sort-orders": [sortOrder(definition)],
  "default-sort-order-id": SORT_ORDER_ID,
  properties: {
    [PROPERTY.catalog]: catalog,
    comment: definition.doc,
    "write.format.default": "parquet",
    "write.parquet.compression-codec": "zstd",
    // Names of metadata files are the commit protocol's: no engine may compress or remove them.
    "write.metadata.compression-codec": "none",
    "write.metadata.delete-after-commit.enabled": "false",
  },
  snapshots: [],
  "snapshot-log": [],
  "metadata-log": [],
  refs: {},
});
