import type { ColumnType } from "@roadstream/shared";
import { columnNamed } from "../lake/iceberg-schema.ts";
import { tableDefinition } from "../lake/table-definition.ts";
import { BASE, type Value, type View } from "./view.ts";

/** Of a degree as text: a tenth of a micrometre, and few enough that every engine spells a double alike. */
export const DEGREE_PLACES = 12;

/** What engines do not say alike. Expressions are SQL. */
export interface Dialect {
  /** A whole number as text. */
  readonly integerText: (expression: string) => string;
  /** A latitude or longitude as text, in plain decimal notation: rounded, as short as it can be, with a decimal point. */
  readonly degreesText: (expression: string) => string;
  /** Seconds, with fractions, from the first time to the second. */
  readonly secondsBetween: (from: string, to: string) => string;
  /** A time as a column of a view. */
  readonly time: (expression: string) => string;
}

export interface ValueOptions {
  readonly view: View;
  readonly dialect: Dialect;
  /** What an object's key is put behind to make its URI, with the last slash. */
  readonly objectsAt: string;
}

/** From north clockwise, each at the middle of its eighth of the circle. */
const COMPASS = [
  "North",
  "North-East",
  "East",
  "South-East",
  "South",
  "South-West",
  "West",
  "North-West",
] as const;
const EIGHTH_DEG = 360 / COMPASS.length;

const sqlName = (name: string): string => `"${name}"`;
const sqlText = (text: string): string => `'${text.replaceAll("'", "''")}'`;
const column = (source: string, name: string): string => `${sqlName(source)}.${sqlName(name)}`;

const typeOf = (
  view: View,
  { source, column }: { readonly source: string; readonly column: string },
): ColumnType => {
  const table = view.nearest.find((one) => one.source === source)?.table ?? view.base;
  return columnNamed(tableDefinition(table), column).type;
};

const compassSql = (heading: string): string => {
  const eighth = `MOD(CAST(FLOOR((${heading} + ${EIGHTH_DEG / 2}) / ${EIGHTH_DEG}) AS INTEGER), ${COMPASS.length})`;
  const cases = COMPASS.map((point, index) => `WHEN ${index} THEN ${sqlText(point)}`);
  return `CASE ${eighth} ${cases.join(" ")} END`;
};

const ageSql = (source: string, { secondsBetween }: Dialect): string =>
  secondsBetween(column(source, "event_at"), column(BASE, "event_at"));

/** A value of a nearest row counts only while it is young enough. */
const whileYoung = (source: string, sql: string, { view, dialect }: ValueOptions): string => {
  const nearest = view.nearest.find((one) => one.source === source);
  return nearest === undefined
    ? sql
    : `CASE WHEN ${ageSql(source, dialect)} <= ${nearest.maxAgeS} THEN ${sql} END`;
};

/** A view's value as an expression over its sources, each joined under its own name. */
export const valueSql = (value: Value, options: ValueOptions): string => {
  const { view, dialect, objectsAt } = options;
  switch (value.kind) {
    case "column": {
      const sql = column(value.source, value.column);
      const isTime = typeOf(view, value) === "timestamp";
      return whileYoung(value.source, isTime ? dialect.time(sql) : sql, options);
    }
    case "compass":
      return whileYoung(value.source, compassSql(column(value.source, value.column)), options);
    case "age_s":
      return whileYoung(value.source, ageSql(value.source, dialect), options);
    case "record_id": {
      const seq = dialect.integerText(column(BASE, "seq"));
      return `${column(BASE, "vehicle_id")} || '/' || ${column(BASE, "boot_id")} || ${sqlText(`/${view.base}/`)} || ${seq}`;
    }
    case "location": {
      const [latitude, longitude] = ["latitude", "longitude"].map((name) =>
        dialect.degreesText(column(BASE, name)),
      );
      return `'[' || ${latitude} || ', ' || ${longitude} || ']'`;
    }
    case "object_uri":
      return `${sqlText(objectsAt)} || ${column(BASE, value.column)}`;
  }
};
