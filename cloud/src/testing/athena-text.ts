import {
  DuckDBBlobValue,
  DuckDBTimestampMillisecondsValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  type DuckDBType,
  type DuckDBValue,
} from "@duckdb/node-api";

const TYPES: Readonly<Record<string, string>> = {
  TIMESTAMPTZ: "timestamp with time zone",
  "TIMESTAMP WITH TIME ZONE": "timestamp with time zone",
  TIMESTAMP_MS: "timestamp",
  BLOB: "varbinary",
  FLOAT: "real",
  HUGEINT: "bigint",
};

/** Athena's name of a DuckDB type. */
export const athenaType = (type: DuckDBType): string => {
  const name = String(type);
  return TYPES[name] ?? name.toLowerCase().replace(/\(.*$/, "");
};

const timeText = (micros: bigint, digits: number): string => {
  const whole = new Date(Number(micros / 1000n)).toISOString().replace("T", " ").slice(0, 19);
  return `${whole}.${String(((micros % 1_000_000n) + 1_000_000n) % 1_000_000n)
    .padStart(6, "0")
    .slice(0, digits)}`;
};

/** Java's spelling of a double: at least one digit after the point, powers of ten beyond 10⁷ and below 10⁻³. */
const doubleText = (value: number): string => {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e7)) {
    const [mantissa = "", exponent] = value.toExponential().split("e");
    return `${mantissa.includes(".") ? mantissa : `${mantissa}.0`}E${Number(exponent)}`;
  }
  return Number.isInteger(value) ? `${Object.is(value, -0) ? "-0" : value}.0` : String(value);
};

/** A value as GetQueryResults spells it; null where there is none. */
export const athenaText = (value: DuckDBValue, type: string): string | null => {
  if (value === null) return null;
  if (value instanceof DuckDBTimestampTZValue) return `${timeText(value.micros, 6)} UTC`;
  if (value instanceof DuckDBTimestampValue) return timeText(value.micros, 6);
  if (value instanceof DuckDBTimestampMillisecondsValue) return timeText(value.millis * 1000n, 3);
  if (value instanceof DuckDBBlobValue)
    return [...value.bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
  return type === "double" || type === "real" ? doubleText(Number(value)) : String(value);
};
