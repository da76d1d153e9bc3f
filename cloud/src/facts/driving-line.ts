import { degreesOf, DRIVING_SLICE } from "./driving-slice.ts";
import { chordSql } from "./place.ts";
import type { Relation } from "./relation.ts";
import {
  DRIVEN_KMH,
  DRIVEN_MM,
  EDGE_MS,
  ENGINE_HOLD_MS,
  MAX_BRIDGE_MS,
  MAX_SPEED_KMH,
  ODOMETER_SLACK_MM,
  STOOD_MM,
  TRIP_BREAK_MS,
} from "./thresholds.ts";
import { flag, whole, type Words } from "./words.ts";

const IN_ORDER = "PARTITION BY vehicle_id, span ORDER BY slice";
/** Redshift wants the frame said. */
const SO_FAR = `OVER (${IN_ORDER} ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)`;
const BEFORE = `OVER (${IN_ORDER} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)`;

const lag = (column: string, by: number): string => `LAG(${column}, ${by}) OVER (${IN_ORDER})`;
const lead = (column: string, by: number): string =>
  by === 0 ? column : `LEAD(${column}, ${by}) OVER (${IN_ORDER})`;

/** What was known last before a silence: of the two slices before it, where they are near in time. */
const knownBefore = (column: string): string =>
  `COALESCE(${lag(column, 1)}, CASE WHEN ${lag("last_ms", 1)} - ${lag("last_ms", 2)} <= ${EDGE_MS} THEN ${lag(column, 2)} END)`;

/** What was known first after it: a receiver that was started anew takes up to four slices to its first fix. */
const knownAfter = (column: string): string => {
  const later = [1, 2, 3, 4].map(
    (by) => `CASE WHEN ${lead("first_ms", by)} - first_ms <= ${EDGE_MS} THEN ${lead(column, by)} END`,
  );
  return `COALESCE(${[column, ...later].join(", ")})`;
};

const chord = (words: Words): string =>
  whole(chordSql(degreesOf("position_before", words), degreesOf("position_after", words)));
const COUNTED = whole("(odometer_after - odometer_before) * 1000000.0");

/** A road is longer than the chord; a car that changes place while its odometer stands is carried, and not driven. */
const MOVED = `CASE
      WHEN counted_mm + ${ODOMETER_SLACK_MM} < chord_mm THEN counted_mm
      WHEN counted_mm > chord_mm OR chord_mm IS NULL THEN counted_mm
      ELSE chord_mm END`;

const fasterThan = (kmh: number): string => `moved_mm >= quiet_ms * ${(kmh / 3.6).toFixed(4)}`;
const DRIVEN = flag(
  `moved_mm >= ${DRIVEN_MM} AND quiet_ms <= ${MAX_BRIDGE_MS} AND ${fasterThan(DRIVEN_KMH)} AND NOT (${fasterThan(MAX_SPEED_KMH)})`,
);

/** An engine that was seen running keeps a trip open for a moment without being seen. */
const STILL_ON = `last_ms - on_ms <= ${ENGINE_HOLD_MS} AND (off_ms IS NULL OR off_ms < on_ms)`;

const BRIDGED = `(driven = 1 AND last_ms_before - active_before_ms <= ${TRIP_BREAK_MS})`;
const BEGINS = flag(
  `first_active_ms IS NOT NULL AND (active_before_ms IS NULL OR (first_active_ms - active_before_ms > ${TRIP_BREAK_MS} AND NOT ${BRIDGED}))`,
);

/**
 * Each slice with what came before it. Silences are judged here: nothing told a speed for longer than usual (a tunnel and no
 * adapter, an agent that was started again); what the car did meanwhile, odometer and position on both sides tell.
 * `begins` marks where a trip begins.
 */
export const DRIVING_LINE: Relation = {
  name: "driving_line",
  reads: [DRIVING_SLICE],
  select: (words) => `SELECT judged.*, ${BEGINS} AS begins,
  CASE WHEN ${STILL_ON} THEN last_ms ELSE last_active_ms END AS in_use_ms,
  CASE WHEN driven = 1 THEN moved_mm ELSE 0 END AS unseen_mm,
  CASE WHEN stood = 0 THEN quiet_ms ELSE 0 END AS unseen_ms
FROM (
  SELECT told.*, ${DRIVEN} AS driven, ${flag(`quiet_ms IS NULL OR moved_mm < ${STOOD_MM}`)} AS stood
  FROM (
    SELECT sides.*, COALESCE(${MOVED}, guessed_mm) AS moved_mm
    FROM (
      SELECT known.*, CASE WHEN quiet_ms IS NOT NULL THEN ${chord(words)} END AS chord_mm,
        CASE WHEN quiet_ms IS NOT NULL THEN ${COUNTED} END AS counted_mm
      FROM (
        SELECT driving_slice.*, ${lag("last_ms", 1)} AS last_ms_before,
          MAX(last_active_ms) ${BEFORE} AS active_before_ms, MAX(last_on_ms) ${SO_FAR} AS on_ms, MAX(last_off_ms) ${SO_FAR} AS off_ms,
          ${knownBefore("last_position")} AS position_before, ${knownAfter("first_position")} AS position_after,
          ${knownBefore("last_odometer_km")} AS odometer_before, ${knownAfter("first_odometer_km")} AS odometer_after
        FROM driving_slice
      ) AS known
    ) AS sides
  ) AS told
) AS judged`,
};
