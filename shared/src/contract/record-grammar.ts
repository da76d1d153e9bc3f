import { canonicalColumns, CONTRACT_VERSION } from "./canonical-record.ts";
import type { Column } from "./column.ts";
import { SENT_UPTIME_FIELD } from "./common-columns.ts";
import { STREAM_NAMES, STREAMS, type StreamName } from "./streams.ts";

/**
 * The regular grammar of a record as an agent sends it under a header: canonical order and spelling, without what the
 * header and the gateway say. A record that matches becomes its log line by splicing text, with no object made of it.
 * It accepts less than the contract does (plain ASCII, some 15 digits, no 29 February): what does not match is not
 * wrong, it takes the long way. A property test holds both ways to the same line.
 */
const WHOLE = String.raw`0|[1-9]\d{0,8}`;
const LONG = String.raw`0|[1-9]\d{0,14}`;
/** What String() writes back alike: at most 15 digits, no zero at the end, not below 1e-6. */
const FRACTION = String.raw`\.\d{0,7}[1-9]`;
const DECIMAL = String.raw`0|(?!0\.000000)(?:0|[1-9]\d{0,6})${FRACTION}|[1-9]\d{0,14}`;
const DATE = String.raw`\d{4}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)`;
const TIME = String.raw`${DATE}T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z`;
const PLAIN_STRING = String.raw`[ !#-\[\]-~]`;

/** The whole numbers from 0 to below `limit`. */
const below = (limit: number): string => {
  const digits = Array.from(String(limit), Number);
  const shorter = digits.length === 1 ? [] : [String.raw`\d`];
  if (digits.length > 2) shorter.push(String.raw`[1-9]\d{1,${digits.length - 2}}`);
  const asLong = digits.flatMap((digit, place) => {
    const least = place === 0 && digits.length > 1 ? 1 : 0;
    const alike = digits.slice(0, place).join("");
    const rest = String.raw`\d`.repeat(digits.length - place - 1);
    return digit > least ? [`${alike}[${least}-${digit - 1}]${rest}`] : [];
  });
  return `(?:${[...shorter, ...asLong].join("|")})`;
};

/** The numbers from 0 to `limit`, a whole number of at most 7 digits for decimals. */
const upTo = (limit: number, isDecimal: boolean): string =>
  isDecimal ? String.raw`(?!0\.000000)${below(limit)}(?:${FRACTION})?|${limit}` : `${below(limit)}|${limit}`;

const MAX_DECIMAL_LIMIT = 9_999_999;
/** Of no record: it takes the long way. */
const NOTHING = "(?!)";

/** Numbers within the column's limits, by their digits alone. */
const numberPattern = (column: Column): string => {
  const { min, max } = column;
  const isDecimal = column.type === "float64";
  const limits = [min ?? 0, max ?? 0];
  if (limits.some((limit) => !Number.isInteger(limit) || Math.abs(limit) > MAX_DECIMAL_LIMIT)) return NOTHING;
  const any = isDecimal ? DECIMAL : column.type === "int32" ? WHOLE : LONG;
  const positive = max === null ? any : max < 0 ? NOTHING : upTo(max, isDecimal);
  if (min === null || min < 0) {
    const negative = min === null ? any : upTo(-min, isDecimal);
    return `-(?!0(?:[,}]))(?:${negative})|${positive}`;
  }
  return min === 0 ? positive : String.raw`(?!${below(min)}[.,}])(?:${positive})`;
};

/** The values of a column; their text alone is captured where a row rule asks for it, without quotes. */
const valuePattern = (column: Column, isCaptured: boolean): string => {
  const open = isCaptured ? "(" : "(?:";
  switch (column.type) {
    case "int32":
    case "int64":
    case "float64":
      return `${open}${numberPattern(column)})`;
    case "boolean":
      return `${open}true|false)`;
    case "timestamp":
      return `"${open}${TIME})"`;
    case "bytes":
      // A picture is looked into.
      return NOTHING;
    case "string":
      if (column.values !== null) return `"${open}${column.values.join("|")})"`;
      if (column.pattern !== null) return `"${open}${column.pattern})"`;
      return `"${open}${PLAIN_STRING}{0,${column.maxLength}})"`;
  }
};

/** Stands before a record's own columns; machine_boot and received_at are spliced in behind these. */
const isCommon = (column: Column): boolean => column.id < 100;

interface Grammar {
  /** Groups: 1 seq · 2 the common part, and what is captured in it · the own part, and what is captured in that. */
  readonly expression: RegExp;
  readonly ownGroup: number;
  /** Where the texts that the row rules look at are captured. */
  readonly groups: ReadonlyMap<string, number>;
}

const compile = (stream: StreamName): Grammar => {
  const inRules = new Set(STREAMS[stream].rules.flatMap((rule) => rule.columns));
  const groups = new Map<string, number>();
  let group = 2;
  const field = (column: Column): string => {
    const isCaptured = inRules.has(column.name);
    if (isCaptured) groups.set(column.name, (group += 1));
    const text = `,"${column.name}":${valuePattern(column, isCaptured)}`;
    return column.nullable ? `(?:${text})?` : text;
  };
  const columns = canonicalColumns(stream).filter(
    ({ origin, name }) => origin === "record" && name !== "seq",
  );
  const common = columns.filter(isCommon).map(field).join("");
  const ownGroup = (group += 1);
  const own = columns
    .filter((column) => !isCommon(column))
    .map(field)
    .join("");
  return { expression: new RegExp(`^\\{"seq":([1-9]\\d{0,14})(${common})(${own})\\}$`), ownGroup, groups };
};

export interface SplicedRecord {
  readonly line: string;
  readonly seq: number;
}

/** What the header and the gateway say of all records of one publish. */
export interface RecordSurroundings {
  readonly vehicleId: string;
  readonly bootId: string;
  readonly machineBoot: string;
  readonly receivedAt: string;
  readonly sentUptimeMs: number;
}

/** Makes log lines of one publish's records; null for a record that takes the long way. */
export type Splice = (text: string) => SplicedRecord | null;

const splicer = (stream: StreamName): ((around: RecordSurroundings) => Splice) => {
  const { expression, ownGroup, groups } = compile(stream);
  const { rules } = STREAMS[stream];
  let match: RegExpExecArray | null = null;
  // The rules ask for words, and whether a number is there: its text serves as well.
  const get = (name: string): string | null => match?.[groups.get(name) ?? 0] ?? null;
  return (around) => {
    const before = `{"v":${CONTRACT_VERSION},"vehicle_id":"${around.vehicleId}","boot_id":"${around.bootId}","seq":`;
    const between = `,"machine_boot":${JSON.stringify(around.machineBoot)},"received_at":"${around.receivedAt}"`;
    const behind = `,"${SENT_UPTIME_FIELD}":${around.sentUptimeMs}}`;
    return (text) => {
      match = expression.exec(text);
      if (match === null) return null;
      for (const rule of rules) if (!rule.holds(get)) return null;
      const seq = match[1] ?? "";
      const line = `${before}${seq}${match[2] ?? ""}${between}${match[ownGroup] ?? ""}${behind}`;
      return { line, seq: Number(seq) };
    };
  };
};

/** By stream: surroundings, then texts. */
export const SPLICERS = Object.fromEntries(STREAM_NAMES.map((name) => [name, splicer(name)])) as Readonly<
  Record<StreamName, (around: RecordSurroundings) => Splice>
>;
