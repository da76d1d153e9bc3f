import { parseIsoTime } from "../time/time.ts";
import type { Column } from "./column.ts";
import { rejection, type Rejection } from "./rejection.ts";

/**
 * Checks one value and writes its canonical JSON, in one step: the returned text, or why it is refused. JavaScript and
 * SQL engines read the canonical text alike: whole numbers without fraction or exponent, finite decimals, well-formed
 * strings without NUL, times that exist.
 */
export type WriteValue = (value: unknown) => string | Rejection;

const INT32_MAX = 2_147_483_647;

const bounds = (column: Column): { min: number; max: number } => {
  const whole = column.type === "int32" ? INT32_MAX : Number.MAX_SAFE_INTEGER;
  const widest = column.type === "float64" ? Number.MAX_VALUE : whole;
  return { min: column.min ?? -widest, max: column.max ?? widest };
};

const numberWriter = (column: Column): WriteValue => {
  const { min, max } = bounds(column);
  const isWhole = column.type !== "float64";
  return (value) => {
    if (typeof value !== "number") return rejection("wrong_type", `${column.name}: not a number`);
    if (!Number.isFinite(value)) return rejection("not_finite", `${column.name}: not finite`);
    if (isWhole && !Number.isInteger(value))
      return rejection("wrong_type", `${column.name}: ${value} is not whole`);
    if (value < min || value > max) return rejection("out_of_range", `${column.name}: ${value}`);
    return Object.is(value, -0) ? "0" : String(value);
  };
};

// The usual string: printable ASCII that JSON writes as it stands.
const PLAIN = /^[ !#-[\]-~]*$/;

const stringWriter = (column: Column): WriteValue => {
  const pattern = column.pattern === null ? null : new RegExp(`^(?:${column.pattern})$`);
  const allowed = column.values === null ? null : new Set(column.values);
  return (value) => {
    if (typeof value !== "string") return rejection("wrong_type", `${column.name}: not a string`);
    if (allowed !== null) {
      return allowed.has(value)
        ? `"${value}"`
        : rejection("not_allowed", `${column.name}: ${value.slice(0, 64)}`);
    }
    if (value.length > column.maxLength)
      return rejection("too_long", `${column.name}: ${value.length} characters`);
    if (pattern !== null && !pattern.test(value))
      return rejection("bad_string", `${column.name}: ${value.slice(0, 64)}`);
    if (PLAIN.test(value)) return `"${value}"`;
    if (!value.isWellFormed() || value.includes("\0"))
      return rejection("bad_string", `${column.name}: lone surrogate or NUL`);
    return JSON.stringify(value);
  };
};

const booleanWriter =
  (column: Column): WriteValue =>
  (value) => {
    if (value === true) return "true";
    if (value === false) return "false";
    return rejection("wrong_type", `${column.name}: not a boolean`);
  };

const timestampWriter =
  (column: Column): WriteValue =>
  (value) => {
    if (typeof value !== "string") return rejection("wrong_type", `${column.name}: not a string`);
    if (parseIsoTime(value) === null) return rejection("bad_time", `${column.name}: ${value.slice(0, 64)}`);
    return `"${value}"`;
  };

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

const bytesWriter =
  (column: Column): WriteValue =>
  (value) => {
    if (typeof value !== "string") return rejection("wrong_type", `${column.name}: not a string`);
    if (value.length > Math.ceil(column.maxLength / 3) * 4)
      return rejection("too_long", `${column.name}: ${value.length} characters`);
    if (!BASE64.test(value)) return rejection("bad_bytes", `${column.name}: not base64`);
    return `"${value}"`;
  };

export const valueWriter = (column: Column): WriteValue => {
  switch (column.type) {
    case "int32":
    case "int64":
    case "float64":
      return numberWriter(column);
    case "string":
      return stringWriter(column);
    case "boolean":
      return booleanWriter(column);
    case "timestamp":
      return timestampWriter(column);
    case "bytes":
      return bytesWriter(column);
  }
};
