import { canonicalColumns, CONTRACT_VERSION } from "./canonical-record.ts";
import type { Column } from "./column.ts";
import { SENT_UPTIME_FIELD } from "./common-columns.ts";
import { PLAIN_CHARACTER } from "./patterns.ts";
import type { RowRule } from "./row-rules.ts";
import { STREAM_NAMES, STREAMS, type StreamName } from "./streams.ts";

/**
 * The regular grammar of a record as an agent sends it under a header: canonical order and spelling, without what the
 * header and the gateway say. A text of such records becomes log lines by putting the same head before each, with no
 * object made of any. It accepts less than the contract does (plain ASCII, some 15 digits, no 29 February): what does
 * not match is not wrong, it takes the long way. A property test holds both ways to the same lines.
 */

/** At most so many digits. Each is there or is not: a counted repetition takes V8 a third longer for a whole record. */
const digitsUpTo = (count: number): string =>
  count === 0 ? "" : String.raw`(?:\d${digitsUpTo(count - 1)})?`;

const WHOLE = `[1-9]${digitsUpTo(8)}|0`;
const POSITIVE = `[1-9]${digitsUpTo(14)}`;
const LONG = `${POSITIVE}|0`;
/** What String() writes back alike: at most 15 digits, no zero at the end, not below 1e-6. */
const FRACTION = String.raw`\.${digitsUpTo(7)}[1-9]`;
const BELOW_ONE = String.raw`0(?:(?!\.000000)${FRACTION})?`;
/**
 * There is one way only to match a number, as everywhere in this grammar: with two, a record of twenty numbers that fails
 * at its end would be tried in a million ways.
 */
const DECIMAL = `[1-9]${digitsUpTo(6)}(?:${FRACTION})?|[1-9]${String.raw`\d`.repeat(7)}${digitsUpTo(7)}|${BELOW_ONE}`;
const DATE = String.raw`\d\d\d\d-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)`;
const TIME = String.raw`${DATE}T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z`;
/** Of no record: it takes the long way. */
const NOTHING = "(?!)";

/** The whole numbers from 1 to below `limit`, the longest first: what a reader meets most is tried first. */
const positiveBelow = (limit: number): string => {
  const digits = Array.from(String(limit), Number);
  const asLong = digits.flatMap((digit, place) => {
    const least = place === 0 ? 1 : 0;
    const alike = digits.slice(0, place).join("");
    const rest = String.raw`\d`.repeat(digits.length - place - 1);
    return digit > least ? [`${alike}[${least}-${digit - 1}]${rest}`] : [];
  });
  const shorter = digits.length === 1 ? [] : [`[1-9]${digitsUpTo(digits.length - 2)}`];
  return `(?:${[...asLong, ...shorter].join("|") || NOTHING})`;
};

/** The numbers from 0 to `limit`, a whole number of at most 7 digits for decimals. */
const upTo = (limit: number, isDecimal: boolean): string => {
  if (limit === 0) return "0";
  const whole = positiveBelow(limit);
  return isDecimal ? `${whole}(?:${FRACTION})?|${BELOW_ONE}|${limit}` : `${whole}|${limit}|0`;
};

const MAX_DECIMAL_LIMIT = 9_999_999;

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
  return min === 0 ? positive : String.raw`(?!(?:0|${positiveBelow(min)})[.,}])(?:${positive})`;
};

/** The values of a column; `words` are those allowed of a column that has words only. */
const valuePattern = (column: Column, words = column.values): string => {
  switch (column.type) {
    case "int32":
    case "int64":
    case "float64":
      return `(?:${numberPattern(column)})`;
    case "boolean":
      return "(?:true|false)";
    case "timestamp":
      return `"${TIME}"`;
    case "bytes":
      // A picture is looked into.
      return NOTHING;
    case "string":
      if (words !== null) return `"(?:${words.join("|")})"`;
      if (column.pattern !== null) return `"(?:${column.pattern})"`;
      return `"${PLAIN_CHARACTER}{0,${column.maxLength}}"`;
  }
};

const field = (column: Column, words = column.values): string =>
  `,"${column.name}":${valuePattern(column, words)}`;

/** Neighbours that rules look at together, from the first such column to the last; every other column by itself. */
const spansOf = (columns: readonly Column[], rules: readonly RowRule[]): readonly (readonly Column[])[] => {
  const lastOf = (rule: RowRule): number => columns.findLastIndex(({ name }) => rule.columns.includes(name));
  const spans: Column[][] = [];
  let span: Column[] = [];
  let last = -1;
  columns.forEach((column, i) => {
    span.push(column);
    for (const rule of rules) if (rule.columns.includes(column.name)) last = Math.max(last, lastOf(rule));
    if (i < last) return;
    spans.push(span);
    span = [];
  });
  return spans;
};

/** Every way in which some of the names can be there, the fullest first. */
const waysOf = (names: readonly string[]): readonly ReadonlySet<string>[] => {
  const [first, ...rest] = names;
  if (first === undefined) return [new Set()];
  const ways = waysOf(rest);
  return [...ways.map((way) => new Set([first, ...way])), ...ways];
};

/** A text that stands for any value: rules ask for words, and else only whether there is one. */
const SOMETHING = "";

/** A span of columns, with what its rules allow spelled out: one branch for each way in which columns can be absent. */
const spanPattern = (span: readonly Column[], rules: readonly RowRule[]): string => {
  const own = rules.filter((rule) => span.some(({ name }) => rule.columns.includes(name)));
  const isRuled = ({ name }: Column): boolean => own.some((rule) => rule.columns.includes(name));
  const worded = span.find((column) => isRuled(column) && column.values !== null) ?? null;
  const optional = span.filter((column) => isRuled(column) && column.nullable && column !== worded);
  const branches = waysOf(optional.map(({ name }) => name)).flatMap((there) => {
    const isAbsent = (column: Column): boolean => optional.includes(column) && !there.has(column.name);
    const holds = (word: string | null): boolean => {
      const get = (name: string): string | null => {
        if (name === worded?.name) return word;
        const column = span.find((other) => other.name === name);
        return column === undefined || isAbsent(column) ? null : SOMETHING;
      };
      return own.every((rule) => rule.holds(get));
    };
    const words = (worded?.values ?? []).filter(holds);
    if (worded === null ? !holds(null) : words.length === 0) return [];
    const fields = span.map((column) => {
      if (isAbsent(column)) return "";
      if (column === worded) return field(column, words);
      return column.nullable && !isRuled(column) ? `(?:${field(column)})?` : field(column);
    });
    return [fields.join("")];
  });
  return branches.length === 1 ? (branches[0] ?? NOTHING) : `(?:${branches.join("|")})`;
};

/** One record from where `lastIndex` says. */
const compile = (stream: StreamName): RegExp => {
  const { rules } = STREAMS[stream];
  const columns = canonicalColumns(stream).filter(
    ({ origin, name }) => origin === "record" && name !== "seq",
  );
  const fields = spansOf(columns, rules).map((span) => spanPattern(span, rules));
  return new RegExp(String.raw`\{"seq":${POSITIVE}${fields.join("")}\}`, "y");
};

const GRAMMAR = Object.fromEntries(STREAM_NAMES.map((name) => [name, compile(name)])) as Readonly<
  Record<StreamName, RegExp>
>;

const NEWLINE = 0x0a;
const ZERO = 0x30;
const NINE = 0x39;
const SEQ_AT = `{"seq":`.length;

/** The number whose digits begin there. */
export const digitsAt = (text: string, at: number): number => {
  let value = 0;
  for (let i = at; ; i += 1) {
    const code = text.charCodeAt(i);
    if (!(code >= ZERO && code <= NINE)) return value;
    value = value * 10 + code - ZERO;
  }
};

/**
 * How many records the text holds, one a line, when all of them are usual and their numbers ascend within the header's
 * range; null when they take the long way.
 */
export const countUsual = (
  stream: StreamName,
  text: string,
  range: { readonly firstSeq: number; readonly lastSeq: number },
): number | null => {
  const grammar = GRAMMAR[stream];
  let count = 0;
  let least = range.firstSeq;
  for (let at = 0; ; at += 1) {
    grammar.lastIndex = at;
    if (!grammar.test(text)) return null;
    const seq = digitsAt(text, at + SEQ_AT);
    if (seq < least || seq > range.lastSeq) return null;
    least = seq + 1;
    count += 1;
    at = grammar.lastIndex;
    if (at === text.length) return count;
    if (text.charCodeAt(at) !== NEWLINE) return null;
  }
};

const PLAIN = new RegExp(`^${PLAIN_CHARACTER}*$`);

/** Whether JSON writes a header's text as it is, in ASCII, as the texts of the records under it. */
export const isPlain = (text: string): boolean => PLAIN.test(text);

/** What the header and the gateway say of all records of one publish, in texts that are plain. */
export interface RecordSurroundings {
  readonly vehicleId: string;
  readonly bootId: string;
  readonly machineBoot: string;
  readonly receivedAt: string;
  readonly sentUptimeMs: number;
}

/** What stands in a log line instead of a usual record's `{`. */
export const recordHead = (around: RecordSurroundings): string =>
  `{"v":${CONTRACT_VERSION},"vehicle_id":"${around.vehicleId}","boot_id":"${around.bootId}",` +
  `"machine_boot":"${around.machineBoot}","received_at":"${around.receivedAt}",` +
  `"${SENT_UPTIME_FIELD}":${around.sentUptimeMs},`;
