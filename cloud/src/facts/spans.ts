import type { StreamName } from "@roadstream/shared";
import type { Scope } from "./relation.ts";
import { EDGE_MS, REACH_MS, WEATHER_MINUTES } from "./thresholds.ts";
import { CLOCK_OF_ROW, correctedMs } from "./timed-rows.ts";
import { DAY_MS, dayOfMs, msOfDay, type Words } from "./words.ts";

/** The days of cars on which something changed, each as a span of its own. */
export const FACTS_DAY: Scope & { readonly kind: "spans" } = { kind: "spans", table: "facts_day" };
/** What trips have to be computed anew within: spans that begin and end where no trip can reach across. */
export const FACTS_SPAN: Scope & { readonly kind: "spans" } = { kind: "spans", table: "facts_span" };

const STREAMS: readonly StreamName[] = ["gps_data", "vehicle_data", "weather_data", "emergency_data"];

const eventDay = (words: Words): string => dayOfMs(words.msOf("r.event_at"), words);

/** Machine boots whose rows may have moved in time: rows of an unsynced clock came, or the word of what time it was. */
const boots = (touched: string, words: Words): string =>
  [
    ...STREAMS.map((stream) => ({ stream, where: "r.clock = 'unsynced'" })),
    { stream: "agent_events", where: "r.kind = 'clock_corrected'" },
  ]
    .map(
      ({ stream, where }) =>
        `SELECT r.vehicle_id, r.machine_boot FROM ${stream} AS r JOIN ${touched} AS w ON r.vehicle_id = w.vehicle_id AND w.day = ${eventDay(words)} WHERE ${where}`,
    )
    .join("\n  UNION ");

/** The days on which those rows stand as they landed, and as they are corrected. */
const moved = (words: Words): string =>
  STREAMS.flatMap((stream) =>
    [
      { day: eventDay(words), join: "" },
      { day: dayOfMs(correctedMs(words), words), join: `\n  ${CLOCK_OF_ROW}` },
    ].map(
      ({ day, join }) =>
        `SELECT r.vehicle_id, ${day} AS day FROM ${stream} AS r\n  JOIN boots AS b ON r.vehicle_id = b.vehicle_id AND r.machine_boot = b.machine_boot${join}\n  WHERE r.clock = 'unsynced'`,
    ),
  ).join("\n  UNION ");

const bounds = (words: Words, from: string, until: string): string =>
  `${from} AS from_ms, ${until} AS until_ms, ${words.timeOf(from)} AS from_at, ${words.timeOf(until)} AS until_at`;

/** Days concerned, out of the days that were touched. Needs driving_clock. */
export const daysSql = (touched: string, words: Words): string => `WITH boots AS (
  ${boots(touched, words)}
)
SELECT vehicle_id, day, ${bounds(words, "day_ms", `(day_ms + ${DAY_MS - 1})`)}
FROM (
  SELECT vehicle_id, day, ${msOfDay("day", words)} AS day_ms
  FROM (
  SELECT vehicle_id, day FROM ${touched}
  UNION ${moved(words)}
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
