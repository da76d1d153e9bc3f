import { parseIsoTime, RoadstreamError, utcDay, unixMillis } from "@roadstream/shared";
import type { ColumnStatistics, NewDataFile, TableDefinition } from "../ports.ts";
import { PARTITION_FIELD, SORT_ORDER_ID } from "./iceberg-schema.ts";
import { DATA_CONTENT, type DataFile, type KeyValue } from "./manifest.ts";
import { boundBytes, type Side } from "./single-value.ts";

const DAY_MS = 86_400_000;

/** Iceberg's value of the `day` transform: days since 1970-01-01. */
const dayNumber = (day: string): number => {
  const at = parseIsoTime(`${day}T00:00:00.000Z`);
  if (at === null) throw new RoadstreamError("invariant", `${day} is not a day`);
  return at / DAY_MS;
};

export const dayText = (day: number): string => utcDay(unixMillis(day * DAY_MS));

const sorted = <V>(pairs: readonly KeyValue<V>[]): readonly KeyValue<V>[] =>
  pairs.toSorted((a, b) => a.key - b.key);

const counts = (columns: readonly ColumnStatistics[], of: (column: ColumnStatistics) => number | null) =>
  sorted(
    columns.flatMap((column) => {
      const value = of(column);
      return value === null ? [] : [{ key: column.fieldId, value: BigInt(value) }];
    }),
  );

const bounds = (definition: TableDefinition, columns: readonly ColumnStatistics[], side: Side) => {
  const types = new Map(definition.columns.map((column) => [column.id, column.type]));
  return sorted(
    columns.flatMap((column): KeyValue<Buffer>[] => {
      const text = side === "lower" ? column.min : column.max;
      const type = types.get(column.fieldId);
      const value = text === null || type === undefined ? null : boundBytes(type, text, side);
      return value === null ? [] : [{ key: column.fieldId, value }];
    }),
  );
};

/** A written file as a manifest names it, with all its statistics. */
export const dataFile = (file: NewDataFile, definition: TableDefinition, location: string): DataFile => ({
  content: DATA_CONTENT,
  file_path: location,
  file_format: "PARQUET",
  partition: { [PARTITION_FIELD]: dayNumber(file.day) },
  record_count: BigInt(file.rows),
  file_size_in_bytes: BigInt(file.sizeBytes),
  column_sizes: counts(file.columns, ({ sizeBytes }) => sizeBytes),
  value_counts: counts(file.columns, ({ valueCount }) => valueCount),
  null_value_counts: counts(file.columns, ({ nullCount }) => nullCount),
  nan_value_counts: counts(file.columns, ({ nanCount }) => nanCount),
  lower_bounds: bounds(definition, file.columns, "lower"),
  upper_bounds: bounds(definition, file.columns, "upper"),
  key_metadata: null,
  split_offsets: null,
  equality_ids: null,
  sort_order_id: SORT_ORDER_ID,
});
