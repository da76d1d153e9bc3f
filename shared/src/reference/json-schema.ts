import { canonicalColumns, CONTRACT_VERSION } from "../contract/canonical-record.ts";
import type { Column } from "../contract/column.ts";
import { STREAMS, type StreamName } from "../contract/streams.ts";

type Schema = Readonly<Record<string, unknown>>;

const INT32_MAX = 2_147_483_647;
const TIME = String.raw`^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$`;

const limits = (min: number | null, max: number | null): Schema => ({
  ...(min === null ? {} : { minimum: min }),
  ...(max === null ? {} : { maximum: max }),
});

const whole = (column: Column, most: number): Schema => ({
  type: "integer",
  ...limits(column.min ?? -most, column.max ?? most),
});

const stringSchema = (column: Column): Schema => ({
  type: "string",
  ...(column.values === null ? { maxLength: column.maxLength } : { enum: column.values }),
  ...(column.pattern === null ? {} : { pattern: `^(?:${column.pattern})$` }),
});

const typeSchema = (column: Column): Schema => {
  switch (column.type) {
    case "int32":
      return whole(column, INT32_MAX);
    case "int64":
      return whole(column, Number.MAX_SAFE_INTEGER);
    case "float64":
      return { type: "number", ...limits(column.min, column.max) };
    case "boolean":
      return { type: "boolean" };
    case "timestamp":
      return { type: "string", format: "date-time", pattern: TIME };
    case "bytes":
      return {
        type: "string",
        contentEncoding: "base64",
        maxLength: Math.ceil(column.maxLength / 3) * 4,
      };
    case "string":
      return stringSchema(column);
  }
};

const describe = (column: Column): string =>
  column.unit === null ? column.doc : `${column.doc} Unit: ${column.unit}.`;

/**
 * JSON Schema (2020-12) of a stream's records in the event log. Absent columns are left out. The rules between columns
 * stand in the description: a validator of columns alone accepts more than the contract does.
 */
export const streamSchema = (stream: StreamName): Schema => {
  const columns = canonicalColumns(stream);
  const { doc, rules } = STREAMS[stream];
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: stream,
    description: `${doc} Between its columns: ${rules.map((rule) => rule.doc).join("; ")}.`,
    type: "object",
    properties: {
      v: { const: CONTRACT_VERSION, description: "Version of the contract." },
      ...Object.fromEntries(
        columns.map((column) => [column.name, { ...typeSchema(column), description: describe(column) }]),
      ),
    },
    required: ["v", ...columns.filter((column) => !column.nullable).map(({ name }) => name)],
  };
};
