import {
  parseDuration,
  parseIsoTime,
  RoadstreamError,
  isoTime,
  unixMillis,
  type UnixMillis,
} from "@roadstream/shared";

/** Which letters are meant; null: all. */
export interface LetterFilter {
  readonly since: UnixMillis | null;
  readonly reason: string | null;
  readonly vehicle: string | null;
  readonly stream: string | null;
  readonly id: string | null;
}

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** The condition as SQL; always one that can follow WHERE. */
export const letterWhere = (filter: LetterFilter): string => {
  const equal = {
    reason: filter.reason,
    vehicle_id: filter.vehicle,
    stream: filter.stream,
    dead_letter_id: filter.id,
  };
  const conditions = Object.entries(equal).flatMap(([column, value]) =>
    value === null ? [] : [`${column} = ${quoted(value)}`],
  );
  if (filter.since !== null) conditions.push(`received_at >= TIMESTAMPTZ ${quoted(isoTime(filter.since))}`);
  return conditions.length === 0 ? "true" : conditions.join(" AND ");
};

/** `2026-05-01T12:00:00Z`, `2026-05-01`, or a duration before now: `2h`, `7d`. Throws `usage` for anything else. */
export const sinceTime = (text: string, now: UnixMillis): UnixMillis => {
  const ago = parseDuration(text);
  if (ago !== null) return unixMillis(now - ago);
  const spelt = /^\d{4}-\d\d-\d\d$/.test(text)
    ? `${text}T00:00:00.000Z`
    : text.replace(/(:\d\d)Z$/, "$1.000Z");
  const at = parseIsoTime(spelt);
  if (at !== null) return at;
  throw new RoadstreamError("usage", `--since ${text}: neither a time nor a duration`, {
    hint: "2026-05-01T12:00:00Z, 2026-05-01, 2h or 7d",
  });
};
