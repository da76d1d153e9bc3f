import { canonicalColumns, DEAD_LETTERS_COLUMNS, type Column, type TableName } from "@roadstream/shared";

/**
 * The form in which a row goes to the database: the canonical line with the log's position put before it, and for a
 * picture its key and hash in the place of its bytes.
 */
const POSITION = ["log_partition", "log_offset", "log_appended_ms"] as const;

const SQL_TYPES = {
  string: "VARCHAR",
  int32: "INTEGER",
  int64: "BIGINT",
  float64: "DOUBLE",
  boolean: "BOOLEAN",
  timestamp: "TIMESTAMPTZ",
  bytes: "VARCHAR",
} as const satisfies Record<Column["type"], string>;

/** Names and SQL types of the lines' fields, for typed reading. */
export const landingColumns = (table: TableName): Readonly<Record<string, string>> => {
  const columns =
    table === "dead_letters"
      ? DEAD_LETTERS_COLUMNS.filter((column) => column.origin !== "cloud")
      : canonicalColumns(table).filter((column) => column.name !== "snapshot");
  const pictures = table === "traffic_data" ? { snapshot_key: "VARCHAR", sha256: "VARCHAR" } : {};
  return {
    ...Object.fromEntries(POSITION.map((name) => [name, "BIGINT"])),
    ...Object.fromEntries(columns.map((column) => [column.name, SQL_TYPES[column.type]])),
    ...pictures,
  };
};
