import {
  numericLimitsSql,
  STREAMS,
  type Column,
  type TableName,
  type UnixMillis,
  isoTime,
} from "@roadstream/shared";
import type { TableDefinition } from "../ports.ts";
import { LATENCY_MAX, TRUSTED_AHEAD_MS, TRUSTED_SINCE_MS } from "./ingest-limits.ts";
import { landingColumns } from "./landing-columns.ts";
import type { RowBatch } from "./ports.ts";
import { TRUE_CLOCKS_SQL } from "./true-clocks.ts";

const DAY_US = 86_400_000_000;

/**
 * Where a row stands in time. captured_at where it can be trusted; else the reading's age at sending before
 * received_at. sent_uptime_ms is in the log only where it is of the same machine boot as uptime_ms. An age that would
 * reach back before 2020 is not believed either. All in whole microseconds: DuckDB's own arithmetic on times with a
 * zone goes through a calendar, row by row.
 */
const EVENT_AT_SQL = `make_timestamptz(CASE
  WHEN clock <> 'unsynced'
    AND epoch_us(captured_at) BETWEEN ${TRUSTED_SINCE_MS}000 AND epoch_us(received_at) + ${TRUSTED_AHEAD_MS}000
    THEN epoch_us(captured_at)
  WHEN sent_uptime_ms - uptime_ms BETWEEN 0 AND epoch_ms(received_at) - ${TRUSTED_SINCE_MS}
    THEN epoch_us(received_at) - (sent_uptime_ms - uptime_ms) * 1000
  ELSE epoch_us(received_at) END)`;

const RUN_COLUMNS = {
  log_partition: "INTEGER",
  first_offset: "BIGINT",
  rows: "BIGINT",
  log_appended_ms: "BIGINT",
};

/** Tables are partitioned by days since 1970; see also read-record.ts. */
const RECEIVED_SQL = "epoch_us(received_at) >= 0";

/** Every condition of the contract that the canonical grammar cannot say; never NULL. */
const rowIsValidSql = (table: TableName): string =>
  table === "dead_letters"
    ? RECEIVED_SQL
    : [RECEIVED_SQL, numericLimitsSql(table), ...STREAMS[table].rules.map((rule) => rule.sql)]
        .map((sql) => `(${sql})`)
        .join(" AND ");

const expression = (column: Column, landedAt: UnixMillis): string => {
  switch (column.name) {
    case "event_at":
      return "at_event";
    case "log_appended_at":
      return "make_timestamptz(log_appended_ms * 1000)";
    case "landed_at":
      return `TIMESTAMPTZ '${isoTime(landedAt)}'`;
    default:
      return column.type === "bytes" ? `from_base64(${column.name})` : column.name;
  }
};

/** The table's columns in lake order, over rows that {@link withDaySql} gives. */
export const lakeColumnsSql = (table: TableDefinition, landedAt: UnixMillis): string =>
  table.columns.map((column) => `${expression(column, landedAt)} AS ${column.name}`).join(", ");

/**
 * Lines and runs (see landing-rows.ts) as rows: line by line in the file's order, which DuckDB keeps for a positional
 * join. A line too many or too few leaves NULLs, which is a row that is not valid.
 */
export const placedSql = (table: TableName, lines: string, runs: string): string => {
  const columns = (all: Readonly<Record<string, string>>): string =>
    Object.entries(all)
      .map(([name, type]) => `${name}: '${type}'`)
      .join(", ");
  return `(SELECT * FROM read_json(${lines}, format = 'newline_delimited', columns = {${columns(landingColumns(table))}})
    POSITIONAL JOIN (SELECT log_partition, log_appended_ms, unnest(range(first_offset, first_offset + rows)) AS log_offset
      FROM read_csv(${runs}, auto_detect = false, header = false, columns = {${columns(RUN_COLUMNS)}})) AS places)`;
};

/** The rows of `source` with what they are judged and placed by: `is_valid`, `on_day` (days since 1970), and for streams `at_event`. */
export const landedSql = (table: TableDefinition, source: string): string => {
  const valid = `(${rowIsValidSql(table.name)}) AS is_valid`;
  const onDay = (time: string): string => `CAST(epoch_us(${time}) // ${DAY_US} AS INTEGER) AS on_day`;
  return table.dayOf === "received_at"
    ? `SELECT *, ${onDay("received_at")}, ${valid} FROM ${source}`
    : `SELECT *, ${onDay("at_event")}, ${valid} FROM (SELECT *, ${EVENT_AT_SQL} AS at_event FROM ${source})`;
};

/**
 * When rows were captured by this machine's monotonic clock, in steps of 10 ms: its own rows exactly, others' by the
 * wall clocks where they can be compared, the rest not at all. Null for a table without capture times.
 */
export const capturedSql = (batch: RowBatch, machineBootText: string, source: string): string | null => {
  if (batch.table.dayOf === "received_at") return null;
  const bootAt = Math.round(batch.landedAt - batch.uptime);
  const at = `CASE WHEN machine_boot = ${machineBootText} THEN uptime_ms
    WHEN ${TRUE_CLOCKS_SQL} THEN epoch_ms(captured_at) - ${bootAt} END`;
  return `SELECT ms // 10 * 10 AS at, count(*) AS rows FROM (SELECT ${at} AS ms FROM ${source})
    WHERE ms BETWEEN ${Math.floor(batch.uptime - LATENCY_MAX)} AND ${Math.ceil(batch.uptime)} GROUP BY 1`;
};
