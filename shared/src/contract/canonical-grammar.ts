import { canonicalColumns, CONTRACT_VERSION } from "./canonical-record.ts";
import type { Column } from "./column.ts";
import { STREAM_NAMES, type StreamName } from "./streams.ts";

/**
 * The regular grammar of a stream's canonical lines, for a check without building an object per record. It accepts a
 * subset of what {@link canonicalRecord} writes: a line that matches has the right columns, types, enum words and
 * spelling; what a grammar cannot say (numeric limits, row rules, calendar dates) is left to SQL, see
 * {@link numericLimitsSql} and the stream's row rules. A line that does not match is not wrong, it takes the slow lane.
 */
const WHOLE = String.raw`-?(?:0|[1-9]\d{0,14})`;
const DECIMAL = String.raw`-?(?:0|[1-9]\d{0,16})(?:\.\d{1,20})?(?:e-\d{1,2})?`;
const PLAIN_STRING = String.raw`[ !#-\[\]-~]`;
/** Which days exist is left to SQL anyhow; hours are not, for it takes 24:00 as midnight. Each choice costs time per record. */
const TIME = String.raw`\d{4}-[01]\d-[0-3]\dT(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z`;
const BASE64 = String.raw`(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?`;

const valuePattern = (column: Column): string => {
  switch (column.type) {
    case "int32":
    case "int64":
      return WHOLE;
    case "float64":
      return DECIMAL;
    case "boolean":
      return "true|false";
    case "timestamp":
      return `"${TIME}"`;
    case "bytes":
      return `"${BASE64}"`;
    case "string":
      if (column.values !== null) return `"(?:${column.values.join("|")})"`;
      if (column.pattern !== null) return `"(?:${column.pattern})"`;
      return `"${PLAIN_STRING}{0,${column.maxLength}}"`;
  }
};

/** Captured, with seq: the identity within the stream. */
const CAPTURED = new Set(["vehicle_id", "boot_id"]);

const fieldPattern = (column: Column): string => {
  const value = valuePattern(column);
  if (CAPTURED.has(column.name)) return `,"${column.name}":"(${column.pattern})"`;
  const field = `,"${column.name}":(?:${value})`;
  return column.nullable ? `(?:${field})?` : field;
};

interface CanonicalGrammar {
  /** What header and gateway say, from the beginning of a line up to the digits of its seq: [head, vehicle_id, boot_id]. */
  readonly head: RegExp;
  /** The rest, from where `lastIndex` says. */
  readonly record: RegExp;
}

const compile = (stream: StreamName): CanonicalGrammar => {
  const columns = canonicalColumns(stream);
  const seq = columns.findIndex(({ name }) => name === "seq");
  const pattern = (part: readonly Column[]): string => part.map(fieldPattern).join("");
  return {
    head: new RegExp(`^\\{"v":${CONTRACT_VERSION}${pattern(columns.slice(0, seq))},"seq":`),
    record: new RegExp(`[1-9]\\d{0,14}${pattern(columns.slice(seq + 1))}\\}$`, "y"),
  };
};

/** A canonical line is a head and a record; the lines of one publish have the same head. */
export const CANONICAL_GRAMMAR = Object.fromEntries(
  STREAM_NAMES.map((name) => [name, compile(name)]),
) as Readonly<Record<StreamName, CanonicalGrammar>>;

/** The numeric limits of a stream's log columns as one SQL condition that is never NULL. */
export const numericLimitsSql = (stream: StreamName): string => {
  const limits = canonicalColumns(stream).flatMap((column) => {
    const min = column.min ?? null;
    const max = column.max ?? null;
    const parts = [
      min === null ? [] : [`${column.name} >= ${min}`],
      max === null ? [] : [`${column.name} <= ${max}`],
    ].flat();
    if (column.type === "float64") parts.push(`isfinite(${column.name})`);
    return parts.length === 0 ? [] : [`(${column.name} IS NULL OR (${parts.join(" AND ")}))`];
  });
  return limits.length === 0 ? "true" : limits.join(" AND ");
};
