import { CORRECTED_STREAMS, FACTS_CLOCK } from "./known-clocks.ts";
import type { Scope } from "./relation.ts";
import { EDGE_MS, REACH_MS, WEATHER_MINUTES } from "./thresholds.ts";
import { DRIVING_CLOCK } from "./timed-rows.ts";
import { DAY_MS, dayOfMs, msOfDay, type Words } from "./words.ts";

/** The days of cars on which something changed, each as a span of its own. */
export const FACTS_DAY: Scope & { readonly kind: "spans" } = { kind: "spans", table: "facts_day" };
/** What trips have to be computed anew within: spans that begin and end where no trip can reach across. */
export const FACTS_SPAN: Scope & { readonly kind: "spans" } = { kind: "spans", table: "facts_span" };

const eventDay = (words: Words): string => dayOfMs(words.msOf("r.event_at"), words);

/** Where rows of touched days stand that have no clock of their own. Where they stood before they went, the load has noted. */
const corrected = (touched: string, words: Words): readonly string[] =>
  CORRECTED_STREAMS.map(
    (stream) =>
      `SELECT r.vehicle_id, ${dayOfMs("(r.uptime_ms + c.offset_ms)", words)} AS day FROM ${stream} AS r
  JOIN ${touched} AS w ON r.vehicle_id = w.vehicle_id AND w.day = ${eventDay(words)}
  JOIN ${DRIVING_CLOCK.name} AS c ON r.vehicle_id = c.vehicle_id AND r.machine_boot = c.machine_boot
  WHERE r.clock = 'unsynced'`,
  );

/** Where rows stood and stand of whose machine boot something else is known now: on the day of event_at while nothing is. */
const moved = (words: Words): readonly string[] =>
  CORRECTED_STREAMS.map(
    (stream) =>
      `SELECT r.vehicle_id, ${dayOfMs(`COALESCE(r.uptime_ms + b.offset_ms, ${words.msOf("r.event_at")})`, words)} AS day FROM ${stream} AS r
  JOIN shifts AS b ON r.vehicle_id = b.vehicle_id AND r.machine_boot = b.machine_boot
  WHERE r.clock = 'unsynced'`,
  );

const bounds = (words: Words, from: string, until: string): string =>
  `${from} AS from_ms, ${until} AS until_ms, ${words.timeOf(from)} AS from_at, ${words.timeOf(until)} AS until_at`;

/** Days concerned, out of the days that were touched. Needs driving_clock and facts_clock. */
export const daysSql = (touched: string, words: Words): string => `WITH shifts AS (
  SELECT vehicle_id, machine_boot, was_ms AS offset_ms FROM ${FACTS_CLOCK}
  UNION ALL SELECT vehicle_id, machine_boot, is_ms AS offset_ms FROM ${FACTS_CLOCK}
)
SELECT vehicle_id, day, ${bounds(words, "day_ms", `(day_ms + ${DAY_MS - 1})`)}
FROM (
  SELECT vehicle_id, day, ${msOfDay("day", words)} AS day_ms
  FROM (
  SELECT vehicle_id, day FROM ${touched}
  UNION ${[...corrected(touched, words), ...moved(words)].join("\n  UNION ")}
  ) AS days
) AS changed`;

/**
 * Spans concerned: each changed day with all trips, as they were, that begin or end near enough for a changed row to move
 * their bounds; a trip that runs past midnight is computed as a whole. Spans near each other become one, so that a
 * boundary between them is judged with both of its sides. `since` lies before, for weather that holds on.
 */
export const spansSql = (words: Words): string => {
  const [from, until] = ["from_ms", "until_ms"];
  const since = `(MIN(${from}) - ${WEATHER_MINUTES * 60_000})`;
  const started = words.msOf("f.started_at");
  const ended = words.msOf("f.ended_at");
  const near = `${started} <= d.until_ms + ${REACH_MS} AND ${ended} >= d.from_ms - ${REACH_MS}`;
  return `SELECT vehicle_id, ${bounds(words, `MIN(${from})`, `MAX(${until})`)}, ${since} AS since_ms, ${words.timeOf(since)} AS since_at
FROM (
  SELECT apart.*, SUM(is_new) OVER (PARTITION BY vehicle_id ORDER BY from_ms, until_ms ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS span_no
  FROM (
    SELECT pieces.*, CASE WHEN from_ms - MAX(until_ms) OVER (
      PARTITION BY vehicle_id ORDER BY from_ms, until_ms ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) <= ${REACH_MS} THEN 0 ELSE 1 END AS is_new
    FROM (
      SELECT vehicle_id, from_ms - ${EDGE_MS} AS from_ms, until_ms + ${EDGE_MS} AS until_ms FROM facts_day
      UNION
      SELECT f.vehicle_id, ${started} - ${EDGE_MS} AS from_ms, ${ended} + ${EDGE_MS} AS until_ms
      FROM fact_trip AS f
      JOIN facts_day AS d ON f.vehicle_id = d.vehicle_id AND ${near}
    ) AS pieces
  ) AS apart
) AS numbered
GROUP BY vehicle_id, span_no`;
};
