import {
  DuckDBBlobValue,
  DuckDBIntervalValue,
  DuckDBTimestampMillisecondsValue,
  DuckDBTimestampNanosecondsValue,
  DuckDBTimestampSecondsValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  DuckDBTypeId,
  JsonDuckDBValueConverter,
  type DuckDBType,
  type DuckDBValue,
  type DuckDBValueConverter,
  type Json,
} from "@duckdb/node-api";

const NUMBERS: ReadonlySet<DuckDBTypeId> = new Set([
  DuckDBTypeId.TINYINT,
  DuckDBTypeId.SMALLINT,
  DuckDBTypeId.INTEGER,
  DuckDBTypeId.BIGINT,
  DuckDBTypeId.HUGEINT,
  DuckDBTypeId.UTINYINT,
  DuckDBTypeId.USMALLINT,
  DuckDBTypeId.UINTEGER,
  DuckDBTypeId.UBIGINT,
  DuckDBTypeId.UHUGEINT,
  DuckDBTypeId.FLOAT,
  DuckDBTypeId.DOUBLE,
  DuckDBTypeId.DECIMAL,
]);

export const isNumberType = (type: DuckDBType): boolean => NUMBERS.has(type.typeId);

/** Microseconds since 1970 of a finite time; null for anything else. */
const microsOf = (value: DuckDBValue): bigint | null => {
  if (value instanceof DuckDBTimestampTZValue || value instanceof DuckDBTimestampValue)
    return value.isFinite ? value.micros : null;
  if (value instanceof DuckDBTimestampMillisecondsValue) return value.millis * 1000n;
  if (value instanceof DuckDBTimestampSecondsValue) return value.seconds * 1_000_000n;
  if (value instanceof DuckDBTimestampNanosecondsValue) return value.nanos / 1000n;
  return null;
};

/** ISO 8601 in UTC: milliseconds, or microseconds where there are any. Null beyond what Date can say. */
const isoMicros = (micros: bigint): string | null => {
  const rest = ((micros % 1000n) + 1000n) % 1000n;
  const date = new Date(Number((micros - rest) / 1000n));
  if (Number.isNaN(date.getTime())) return null;
  const text = date.toISOString();
  return rest === 0n ? text : `${text.slice(0, -1)}${String(rest).padStart(3, "0")}Z`;
};

/**
 * DuckDB's value as JSON has it: integers of 64 bits and more, and decimals, as text; times in UTC as ISO 8601, also
 * those without a zone, which this session made from UTC; bytes as base64; infinite and not-a-number as text.
 */
export const duckDbCell: DuckDBValueConverter<Json> = (value, type, converter) => {
  const micros = microsOf(value);
  if (micros !== null) return isoMicros(micros) ?? String(value);
  if (value instanceof DuckDBBlobValue) return Buffer.from(value.bytes).toString("base64");
  if (value instanceof DuckDBIntervalValue) return value.toString();
  return JsonDuckDBValueConverter(value, type, converter);
};
