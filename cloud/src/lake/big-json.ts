/**
 * JSON in which no number changes: Iceberg's snapshot ids are 63-bit, and keys of other engines pass through as they
 * were written. An integer beyond 2^53 is read as a bigint; any other number whose text would change is kept raw.
 */
interface ReviverContext {
  readonly source?: string;
}
type Reviver = (this: unknown, key: string, value: unknown, context: ReviverContext) => unknown;
/** ECMAScript 2025 (proposal-json-parse-with-source), in Node since 22; not in the compiler's ES2024 library. */
interface JsonWithSource {
  parse(text: string, reviver: Reviver): unknown;
  rawJSON(text: string): unknown;
}
const json = JSON as unknown as JsonWithSource;

const INTEGER = /^-?(?:0|[1-9]\d*)$/;

const exact: Reviver = (_key, value, { source }) => {
  if (typeof value !== "number" || source === undefined) return value;
  if (!Number.isSafeInteger(value) && INTEGER.test(source)) return BigInt(source);
  return source === String(value) ? value : json.rawJSON(source);
};

export const parseBigJson = (text: string): unknown => json.parse(text, exact);

export const printBigJson = (value: unknown): string =>
  JSON.stringify(value, (_key, item: unknown) =>
    typeof item === "bigint" ? json.rawJSON(String(item)) : item,
  );
