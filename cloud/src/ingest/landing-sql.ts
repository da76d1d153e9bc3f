import {
  numericLimitsSql,
  STREAMS,
  type Column,
  type TableName,
  type UnixMillis,
  isoTime,
} from "@roadstream/shared";
import type { TableDefinition } from "../ports.ts";
import { LATENCY_MAX } from "./ingest-limits.ts";
import type { RowBatch } from "./ports.ts";

const TRUSTED_SINCE = "TIMESTAMP '2020-01-01 00:00:00'";

/**
 * Where a row stands in time. captured_at where it can be trusted; else the reading's age at sending before
 * received_at. sent_uptime_ms is in the log only where it is of the same machine boot as uptime_ms. An age that would
 * reach back before 2020 is not believed either.
 */
export const EVENT_AT_SQL = `CASE
  WHEN clock <> 'unsynced' AND captured_at >= ${TRUSTED_SINCE} AND captured_at <= received_at + INTERVAL 1 DAY
    THEN captured_at
  WHEN sent_uptime_ms - uptime_ms BETWEEN 0 AND epoch_ms(received_at) - epoch_ms(${TRUSTED_SINCE})
    THEN received_at - to_milliseconds(sent_uptime_ms - uptime_ms)
  ELSE received_at END`;

/** Tables are partitioned by days since 1970; see also read-record.ts. */
const RECEIVED_SQL = "received_at >= TIMESTAMP '1970-01-01'";

/** Every condition of the contract that the canonical grammar cannot say; never NULL. */
export const rowIsValidSql = (table: TableName): string =>
  table === "dead_letters"
    ? RECEIVED_SQL
    : [RECEIVED_SQL, numericLimitsSql(table), ...STREAMS[table].rules.map((rule) => rule.sql)]
        .map((sql) => `(${sql})`)
        .join(" AND ");

const expression = (column: Column, landedAt: UnixMillis): string => {
  const timestamp = (sql: string): string => `CAST(${sql} AS TIMESTAMPTZ)`;
  switch (column.name) {
    case "event_at":
      return timestamp("at_event");
    case "log_partition":
      return "CAST(log_partition AS INTEGER)";
    case "log_appended_at":
      return timestamp("epoch_ms(log_appended_ms)");
    case "landed_at":
      return `TIMESTAMPTZ '${isoTime(landedAt)}'`;
    default:
      if (column.type === "timestamp") return timestamp(column.name);
      if (column.type === "bytes") return `from_base64(${column.name})`;
      return column.name;
  }
};

/** The table's columns in lake order, over rows that {@link withDaySql} gives. */
export const lakeColumnsSql = (table: TableDefinition, landedAt: UnixMillis): string =>
  table.columns.map((column) => `${expression(column, landedAt)} AS ${column.name}`).join(", ");

/** The rows of `source` with what they are judged and placed by: `is_valid`, `on_day`, and for streams `at_event`. */
export const landedSql = (table: TableDefinition, source: string): string => {
  const valid = `(${rowIsValidSql(table.name)}) AS is_valid`;
  return table.dayOf === "received_at"
    ? `SELECT *, CAST(received_at AS DATE) AS on_day, ${valid} FROM ${source}`
    : `SELECT *, CAST(at_event AS DATE) AS on_day, ${valid} FROM (SELECT *, ${EVENT_AT_SQL} AS at_event FROM ${source})`;
};

/** When this machine's own rows were captured, in steps of 10 ms; null for a table without capture times. */
export const capturedSql = (batch: RowBatch, machineBootText: string): string | null =>
  batch.table.dayOf === "received_at"
    ? null
    : `SELECT uptime_ms // 10 * 10 AS at, count(*) AS rows FROM landing WHERE machine_boot = ${machineBootText}
       AND uptime_ms BETWEEN ${Math.floor(batch.uptime - LATENCY_MAX)} AND ${Math.ceil(batch.uptime)} GROUP BY 1`;
