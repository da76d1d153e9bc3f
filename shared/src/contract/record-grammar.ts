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
const DECIMAL = String.raw`0|(?!0\.000000)(?:0|[1-9]\d{0,6})\.\d{0,7}[1-9]|[1-9]\d{0,14}`;
const DATE = String.raw`\d{4}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)`;
const TIME = String.raw`${DATE}T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z`;
const PLAIN_STRING = String.raw`[ !#-\[\]-~]`;

const numberPattern = (column: Column): string => {
  const digits = column.type === "float64" ? DECIMAL : column.type === "int32" ? WHOLE : LONG;
  return column.min !== null && column.min >= 0 ? digits : `-(?!0(?:[,}]))(?:${digits})|${digits}`;
};

const valuePattern = (column: Column): string => {
  switch (column.type) {
    case "int32":
    case "int64":
    case "float64":
      return numberPattern(column);
    case "boolean":
      return "true|false";
    case "timestamp":
      return `"${TIME}"`;
    case "bytes":
      // A picture is looked into: always the long way.
      return "(?!)";
    case "string":
      if (column.values !== null) return column.values.map((value) => `"${value}"`).join("|");
      if (column.pattern !== null) return `"(?:${column.pattern})"`;
      return `"${PLAIN_STRING}{0,${column.maxLength}}"`;
  }
};

const hasLimits = (column: Column): boolean =>
  column.max !== null || (column.min !== null && column.min !== 0);

/** Stands before a record's own columns; machine_boot and received_at are spliced in behind these. */
const isCommon = (column: Column): boolean => column.id < 100;

interface Grammar {
  readonly expression: RegExp;
  /** The columns whose values are captured, behind seq, common part and own part. */
  readonly captured: readonly Column[];
}

const compile = (stream: StreamName): Grammar => {
  const { rules } = STREAMS[stream];
  const inRules = new Set(rules.flatMap((rule) => rule.columns));
  const captured: Column[] = [];
  const field = (column: Column): string => {
    const isNeeded = inRules.has(column.name) || hasLimits(column);
    if (isNeeded) captured.push(column);
    const text = `,"${column.name}":(${isNeeded ? "" : "?:"}${valuePattern(column)})`;
    return column.nullable ? `(?:${text})?` : text;
  };
  const columns = canonicalColumns(stream).filter(
    (column) => column.origin === "record" && column.name !== "seq",
  );
  const common = columns.filter(isCommon).map(field).join("");
  const own = columns
    .filter((column) => !isCommon(column))
    .map(field)
    .join("");
  return { expression: new RegExp(`^\\{"seq":([1-9]\\d{0,14})(${common})(${own})\\}$`), captured };
};

/** Where a captured group stands: behind seq (1), the common part (2) and its captures, and the own part. */
const groupOf = (grammar: Grammar, index: number): number => {
  const inCommon = grammar.captured.filter(isCommon).length;
  return index < inCommon ? 3 + index : 4 + index;
};

const valueOf = (column: Column, text: string): unknown =>
  column.type === "string" || column.type === "timestamp" ? text.slice(1, -1) : Number(text);

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
  const grammar = compile(stream);
  const { rules } = STREAMS[stream];
  const places = grammar.captured.map((column, index) => ({ column, group: groupOf(grammar, index) }));
  const limited = places.filter(({ column }) => hasLimits(column));
  const placeOf = new Map(places.map((place) => [place.column.name, place]));
  const ownGroup = 3 + grammar.captured.filter(isCommon).length;
  return (around) => {
    const before = `{"v":${CONTRACT_VERSION},"vehicle_id":"${around.vehicleId}","boot_id":"${around.bootId}","seq":`;
    const between = `,"machine_boot":${JSON.stringify(around.machineBoot)},"received_at":"${around.receivedAt}"`;
    const behind = `,"${SENT_UPTIME_FIELD}":${around.sentUptimeMs}}`;
    return (text) => {
      const match = grammar.expression.exec(text);
      if (match === null) return null;
      for (const { column, group } of limited) {
        const value = match[group];
        if (value === undefined) continue;
        const number = Number(value);
        if (column.min !== null && number < column.min) return null;
        if (column.max !== null && number > column.max) return null;
      }
      const get = (name: string): unknown => {
        const place = placeOf.get(name);
        const value = place === undefined ? undefined : match[place.group];
        return place === undefined || value === undefined ? null : valueOf(place.column, value);
      };
      for (const rule of rules) if (!rule.holds(get)) return null;
      const [, seq = ""] = match;
      const line = `${before}${seq}${match[2] ?? ""}${between}${match[ownGroup] ?? ""}${behind}`;
      return { line, seq: Number(seq) };
    };
  };
};

/** By stream: surroundings, then texts. */
export const SPLICERS = Object.fromEntries(STREAM_NAMES.map((name) => [name, splicer(name)])) as Readonly<
  Record<StreamName, (around: RecordSurroundings) => Splice>
>;
