import type { Cell } from "../sql/query-result.ts";

/** Types that are padded to the left in a table. */
const NUMBERS: ReadonlySet<string> = new Set([
  "tinyint",
  "smallint",
  "integer",
  "bigint",
  "float",
  "real",
  "double",
  "decimal",
]);

export const isNumberType = (type: string): boolean => NUMBERS.has(type);

/** `2026-03-01 10:00:00.000 UTC`: date, time, fraction, zone. */
const TIME = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d+))?(?: (.+))?$/;
const OFFSET = /^[+-]\d\d:\d\d$/;

/** Milliseconds, or microseconds where there are any. */
const fractionText = (digits: string): string => {
  const micros = digits.padEnd(6, "0").slice(0, 6);
  return micros.endsWith("000") ? micros.slice(0, 3) : micros;
};

/** ISO 8601 in UTC; a time in a zone that has a name stays as Athena spells it. */
const isoTime = (text: string): string => {
  const [, date, time, digits = "", zone = "UTC"] = TIME.exec(text) ?? [];
  if (date === undefined || time === undefined) return text;
  const fraction = fractionText(digits);
  if (zone === "UTC" || zone === "Z") return `${date}T${time}.${fraction}Z`;
  if (!OFFSET.test(zone)) return text;
  const whole = new Date(`${date}T${time}${zone}`).toISOString();
  return `${whole.slice(0, whole.indexOf("."))}.${fraction}Z`;
};

/** Athena spells bytes as pairs of hexadecimal digits with blanks between them. */
const base64OfHex = (text: string): string => Buffer.from(text.replaceAll(" ", ""), "hex").toString("base64");

/** JSON has no number that is infinite or none. */
const finite = (text: string): Cell => {
  const number = Number(text);
  return Number.isFinite(number) ? number : text;
};

/**
 * A value of Athena's as JSON has it, alike to DuckDB's: integers of 64 bits, and decimals, as text; times in UTC as ISO
 * 8601, also those without a zone; bytes as base64. Lists, maps and rows stay the text that Athena gives.
 */
export const athenaCell = (text: string | null, type: string): Cell => {
  if (text === null) return null;
  switch (type) {
    case "boolean":
      return text === "true";
    case "tinyint":
    case "smallint":
    case "integer":
    case "float":
    case "real":
    case "double":
      return finite(text);
    case "timestamp":
    case "timestamp with time zone":
      return isoTime(text);
    case "varbinary":
      return base64OfHex(text);
    default:
      return text;
  }
};
