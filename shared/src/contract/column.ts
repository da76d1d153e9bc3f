/** How a value is stored: each maps to one JSON form, one Iceberg type, one DuckDB type and one Redshift type. */
export type ColumnType = "string" | "int32" | "int64" | "float64" | "boolean" | "timestamp" | "bytes";

/**
 * Where a column's value comes from.
 * `header`: the MQTT payload's header says it once for all records (a record may say it itself) · `record`: each record ·
 * `gateway`: added at acceptance, in the log from there on · `cloud`: added when landed, only in the lake.
 */
export type ColumnOrigin = "header" | "record" | "gateway" | "cloud";

export interface Column {
  /** The Iceberg field id: unique in its table, never reused. */
  readonly id: number;
  readonly name: string;
  readonly type: ColumnType;
  readonly nullable: boolean;
  readonly origin: ColumnOrigin;
  readonly doc: string;
  /** As in COVESA VSS; also the end of the name where there is one. */
  readonly unit: string | null;
  /** Inclusive limits of numbers that have them by definition. */
  readonly min: number | null;
  readonly max: number | null;
  /** The only strings allowed. */
  readonly values: readonly string[] | null;
  /** A regular expression that the whole string matches. */
  readonly pattern: string | null;
  /** Of strings and bytes, in UTF-16 units or bytes. */
  readonly maxLength: number;
  /** False for what travels but is not stored as a column (a picture's bytes). */
  readonly inLake: boolean;
}

type Extra = Partial<Omit<Column, "id" | "name" | "type" | "nullable" | "doc">>;

const DEFAULT_MAX_STRING = 256;

const column = <N extends string, T extends ColumnType, B extends boolean, O extends ColumnOrigin>(
  id: number,
  name: N,
  type: T,
  nullable: B,
  origin: O,
  doc: string,
  extra: Extra,
) => ({
  unit: null,
  min: null,
  max: null,
  values: null,
  pattern: null,
  maxLength: DEFAULT_MAX_STRING,
  inLake: true,
  ...extra,
  id,
  name,
  type,
  nullable,
  origin,
  doc,
});

/** A column of each record that may be absent (null with the row kept). */
export const optional = <N extends string, T extends ColumnType>(
  id: number,
  name: N,
  type: T,
  doc: string,
  extra: Extra = {},
) => column(id, name, type, true, "record", doc, extra);

/** A column without which a record is refused. */
export const required = <N extends string, T extends ColumnType>(
  id: number,
  name: N,
  type: T,
  doc: string,
  extra: Extra = {},
) => column(id, name, type, false, "record", doc, extra);

/** An optional column whose value is one of a list. */
export const oneOf = <N extends string, V extends string, B extends boolean>(
  id: number,
  name: N,
  values: readonly V[],
  options: { nullable: B },
  doc: string,
) => ({ ...column(id, name, "string", options.nullable, "record", doc, {}), values });

/** A column that a later stage adds; `nullable` as that stage promises. */
export const added = <N extends string, T extends ColumnType, B extends boolean, O extends ColumnOrigin>(
  id: number,
  name: N,
  type: T,
  options: { nullable: B; origin: O },
  doc: string,
  extra: Extra = {},
) => column(id, name, type, options.nullable, options.origin, doc, extra);

interface TsTypes {
  string: string;
  int32: number;
  int64: number;
  float64: number;
  boolean: boolean;
  timestamp: string;
  bytes: string;
}

type Value<C> = C extends { readonly values: readonly (infer V)[] }
  ? V
  : C extends { readonly type: infer T extends ColumnType }
    ? TsTypes[T]
    : never;

/** A wire row of these columns: absent is null, timestamps are ISO 8601 text, bytes are base64 text. */
export type Row<C extends readonly Column[]> = {
  readonly [K in C[number] as K["name"]]: K["nullable"] extends true ? Value<K> | null : Value<K>;
};
