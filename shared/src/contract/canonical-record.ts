import { SENT_UPTIME_FIELD } from "./common-columns.ts";
import { valueWriter, type WriteValue } from "./canonical-value.ts";
import type { Column } from "./column.ts";
import { rejection, type Rejection } from "./rejection.ts";
import { STREAMS, STREAM_NAMES, type StreamName } from "./streams.ts";

/** The contract's major version, the `v` of every log record. */
export const CONTRACT_VERSION = 1;

/**
 * The canonical form of a log record: `{"v":1,`, what header and gateway say, and then the record's own columns, each in
 * contract order, nulls left out. One spelling per record, so that every reader agrees on it, the gateway can put the
 * same head before all records of a publish (record-grammar.ts), and the cloud's fast lane can check it without building
 * an object (canonical-grammar.ts).
 */
export type CanonicalOutcome =
  | { readonly ok: true; readonly line: string; readonly unknownFields: number }
  | { readonly ok: false; readonly rejection: Rejection };

interface Field {
  readonly column: Column;
  readonly prefix: string;
  readonly write: WriteValue;
}

const SENT_UPTIME: Column = {
  id: 0,
  name: SENT_UPTIME_FIELD,
  type: "int64",
  nullable: true,
  origin: "gateway",
  doc: "The sender's uptime when it sent.",
  unit: "ms",
  min: 0,
  max: null,
  values: null,
  pattern: null,
  maxLength: 0,
  inLake: false,
};

/** The columns that a log record of the stream may hold, in canonical order. */
export const canonicalColumns = (stream: StreamName): readonly Column[] => {
  const { columns } = STREAMS[stream];
  const around = columns.filter(({ origin }) => origin === "header" || origin === "gateway");
  return [...around, SENT_UPTIME, ...columns.filter(({ origin }) => origin === "record")];
};

/** Compiles the check of one stream. The result is pure and re-entrant. */
const compile = (name: StreamName): ((fields: Readonly<Record<string, unknown>>) => CanonicalOutcome) => {
  const stream = STREAMS[name];
  const fields: readonly Field[] = canonicalColumns(name).map((column) => ({
    column,
    prefix: `,${JSON.stringify(column.name)}:`,
    write: valueWriter(column),
  }));
  const refuse = (why: Rejection): CanonicalOutcome => ({ ok: false, rejection: why });
  return (values) => {
    let line = `{"v":${CONTRACT_VERSION}`;
    let known = Object.hasOwn(values, "v") ? 1 : 0;
    for (const { column, prefix, write } of fields) {
      const has = Object.hasOwn(values, column.name);
      if (has) known += 1;
      const value = has ? values[column.name] : null;
      if (value === null || value === undefined) {
        if (!column.nullable) return refuse(rejection("missing_field", column.name));
        continue;
      }
      const text = write(value);
      if (typeof text !== "string") return refuse(text);
      line += prefix + text;
    }
    const get = (column: string): unknown =>
      Object.hasOwn(values, column) ? (values[column] ?? null) : null;
    for (const rule of stream.rules) {
      if (!rule.holds(get)) return refuse(rejection(rule.reason, rule.doc));
    }
    return { ok: true, line: `${line}}`, unknownFields: Object.keys(values).length - known };
  };
};

const COMPILED = Object.fromEntries(STREAM_NAMES.map((name) => [name, compile(name)])) as Record<
  StreamName,
  ReturnType<typeof compile>
>;

/**
 * The canonical line of a record whose fields are merged already (record over header, gateway's own on top), or why it
 * is refused. Unknown fields are ignored and counted.
 */
export const canonicalRecord = (
  stream: StreamName,
  fields: Readonly<Record<string, unknown>>,
): CanonicalOutcome => COMPILED[stream](fields);

/** Parses a log record's text and brings it into canonical form: the slow lane, and the truth the fast lane is tested against. */
export const canonicalRecordFromText = (stream: StreamName, text: string): CanonicalOutcome => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, rejection: rejection("not_json", text.slice(0, 80)) };
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { ok: false, rejection: rejection("not_object", typeof value) };
  }
  const fields = value as Readonly<Record<string, unknown>>;
  if (!Object.hasOwn(fields, "v") || fields["v"] !== CONTRACT_VERSION) {
    return {
      ok: false,
      rejection: rejection("unknown_version", JSON.stringify(fields["v"] ?? null).slice(0, 64)),
    };
  }
  return canonicalRecord(stream, fields);
};
