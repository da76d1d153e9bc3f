import { canonicalColumns, DEAD_LETTERS_COLUMNS, type Column, type TableName } from "@roadstream/shared";

const SQL_TYPES = {
  string: "VARCHAR",
  int32: "INTEGER",
  int64: "BIGINT",
  float64: "DOUBLE",
  boolean: "BOOLEAN",
  timestamp: "TIMESTAMPTZ",
  bytes: "VARCHAR",
} as const satisfies Record<Column["type"], string>;

/**
 * Names and SQL types of the lines' fields, for typed reading: the canonical line, and for a picture its key and hash
 * in the place of its bytes.
 */
export const landingColumns = (table: TableName): Readonly<Record<string, string>> => {
  const columns =
    table === "dead_letters"
      ? DEAD_LETTERS_COLUMNS.filter((column) => column.origin !== "cloud")
      : canonicalColumns(table).filter((column) => column.name !== "snapshot");
  const pictures = table === "traffic_data" ? { snapshot_key: "VARCHAR", sha256: "VARCHAR" } : {};
  return {
    ...Object.fromEntries(columns.map((column) => [column.name, SQL_TYPES[column.type]])),
    ...pictures,
  };
};
