import { STEPS_OF_TRIPS } from "./driving-trip.ts";
import type { Relation } from "./relation.ts";
import {
  HARSH_MMS2,
  MAX_TYRES_MMS2,
  MIN_SPEEDING_MS,
  SAME_EVENT_MS,
  SAME_SPEEDING_MS,
  SPEEDING_TOLERANCE_KMH,
} from "./thresholds.ts";
import { whole } from "./words.ts";

/** Limits of roads, which no stream tells: given by whoever knows them, and empty until then. */
export const SPEED_LIMIT: Relation = {
  name: "speed_limit",
  reads: [],
  select: () => "SELECT CAST(NULL AS BIGINT) AS place_key, CAST(NULL AS INTEGER) AS limit_kmh WHERE 1 = 0",
};

interface Kind {
  readonly kind: string;
  /** Over the alias `t` of a step and, where limits are asked for, `l` of its limit. */
  readonly when: string;
  /** How much, as a whole number: mm/s² or thousandths of km/h. */
  readonly amount: string;
}

const HARSH: readonly Kind[] = [
  {
    kind: "harsh_braking",
    when: `t.along_mms2 BETWEEN ${-MAX_TYRES_MMS2} AND ${-HARSH_MMS2}`,
    amount: "-t.along_mms2",
  },
  {
    kind: "harsh_acceleration",
    when: `t.along_mms2 BETWEEN ${HARSH_MMS2} AND ${MAX_TYRES_MMS2}`,
    amount: "t.along_mms2",
  },
  {
    kind: "harsh_cornering",
    when: `ABS(t.across_mms2) BETWEEN ${HARSH_MMS2} AND ${MAX_TYRES_MMS2}`,
    amount: "ABS(t.across_mms2)",
  },
];

const moments = ({ kind, when, amount }: Kind, limit: string, join: string): string =>
  `SELECT t.vehicle_id, t.span, u.started_ms, t.at_ms, '${kind}' AS kind, ${amount} AS amount, ${limit} AS limit_kmh, t.speed_kmh, t.place_key
    FROM ${STEPS_OF_TRIPS.from}${join}
    WHERE ${when}`;

const MOMENTS = [
  ...HARSH.map((kind) => moments(kind, "CAST(NULL AS INTEGER)", "")),
  moments(
    {
      kind: "speeding",
      when: `t.speed_kmh > l.limit_kmh + ${SPEEDING_TOLERANCE_KMH}`,
      amount: whole("(t.speed_kmh - l.limit_kmh) * 1000"),
    },
    "l.limit_kmh",
    "\n    JOIN speed_limit AS l ON t.place_key = l.place_key",
  ),
].join("\n    UNION ALL\n    ");

const IN_ORDER = "PARTITION BY vehicle_id, span, started_ms, kind ORDER BY at_ms, amount";
const SAME = `CASE WHEN kind = 'speeding' THEN ${SAME_SPEEDING_MS} ELSE ${SAME_EVENT_MS} END`;

/** Runs of moments that are harsh or too fast, each one event. */
export const DRIVING_EVENT: Relation = {
  name: "driving_event",
  reads: [...STEPS_OF_TRIPS.reads, SPEED_LIMIT],
  select:
    () => `SELECT vehicle_id, span, started_ms, kind, MIN(at_ms) AS begun_ms, MAX(at_ms) AS over_ms, MAX(amount) AS amount,
  MIN(limit_kmh) AS limit_kmh, MAX(speed_kmh) AS fastest_kmh, MIN(speed_kmh) AS slowest_kmh, MIN(place_key) AS place_key
FROM (
  SELECT apart.*, SUM(is_new) OVER (${IN_ORDER} ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS event_no
  FROM (
    SELECT moments.*,
      CASE WHEN at_ms - LAG(at_ms) OVER (${IN_ORDER}) <= ${SAME} THEN 0 ELSE 1 END AS is_new
    FROM (
    ${MOMENTS}
    ) AS moments
  ) AS apart
) AS numbered
GROUP BY vehicle_id, span, started_ms, kind, event_no
HAVING kind <> 'speeding' OR MAX(at_ms) - MIN(at_ms) >= ${MIN_SPEEDING_MS}`,
};
