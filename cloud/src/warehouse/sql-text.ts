import { isoTime, RoadstreamError, type UnixMillis } from "@roadstream/shared";

/** A name inside double quotes. */
export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** A text inside single quotes. Throws `invariant` for a backslash, which Redshift reads as an escape and others do not. */
export const literal = (text: string): string => {
  if (text.includes("\\")) throw new RoadstreamError("invariant", `a backslash in a text of SQL: ${text}`);
  return `'${text.replaceAll("'", "''")}'`;
};

export const names = (columns: readonly string[]): string => columns.map(quoted).join(", ");

/** The UTC day of a time, whatever the session's time zone is. */
export const utcDaySql = (time: string): string => `CAST(${time} AT TIME ZONE 'UTC' AS DATE)`;

/** `YYYY-MM-DD` as a day. */
export const daySql = (day: string): string => `CAST(${literal(day)} AS DATE)`;

/** The first moment of a UTC day. */
export const dayBeginsSql = (day: string): string => `CAST(${literal(`${day} 00:00:00+00`)} AS TIMESTAMPTZ)`;

/** A moment, as every engine reads it. */
export const timeSql = (at: UnixMillis): string =>
  `CAST(${literal(isoTime(at).replace("T", " ").replace("Z", "+00"))} AS TIMESTAMPTZ)`;
