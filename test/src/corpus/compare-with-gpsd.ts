import type { Verdicts } from "./gpsd-verdicts.ts";
import type { GpsRow } from "./replay-log.ts";

const DIFFERENCE_KINDS = [
  /** We have a row for an epoch of which gpsd reported nothing. */
  "only_ours",
  /** gpsd reported an epoch for which we have no row. */
  "only_gpsd",
  "fix_only_ours",
  "fix_only_gpsd",
  "position",
  /** One of the two has a fix without a position. */
  "position_absent",
  "speed",
  "speed_only_ours",
  "speed_only_gpsd",
  "time",
  /** gpsd had a fix but no date yet. */
  "time_only_ours",
  /** gpsd says "no fix" at a time for which we have no row of that time. */
  "void_only_gpsd",
] as const;
export type DifferenceKind = (typeof DIFFERENCE_KINDS)[number];

export interface Difference {
  readonly kind: DifferenceKind;
  readonly detail: string;
}

const DEGREES = 1e-6;
const METRES_PER_SECOND = 0.05;
const KMH_PER_MPS = 3.6;
const DAY_MS = 86_400_000;

const timeOfDay = (row: GpsRow): number | null =>
  row.columns.fix_at === null ? null : Date.parse(row.columns.fix_at) % DAY_MS;

/** Every way in which our rows and gpsd's reports of one log differ. */
export const compareWithGpsd = (rows: readonly GpsRow[], verdicts: Verdicts): readonly Difference[] => {
  const found: Difference[] = [];
  const add = (kind: DifferenceKind, detail: unknown): void =>
    void found.push({ kind, detail: JSON.stringify(detail) });
  const byTime = new Map(verdicts.timed.map((verdict) => [verdict.timeOfDayMs, verdict]));
  const seen = new Set<number>();
  for (const { columns } of rows.filter((row) => timeOfDay(row) !== null)) {
    const key = Date.parse(columns.fix_at ?? "") % DAY_MS;
    const verdict = byTime.get(key);
    seen.add(key);
    if (verdict === undefined) {
      add("only_ours", columns);
      continue;
    }
    const hasFix = columns.fix !== "none";
    if (hasFix !== verdict.hasFix) {
      add(hasFix ? "fix_only_ours" : "fix_only_gpsd", { columns, verdict });
      continue;
    }
    if (!hasFix) continue;
    if (verdict.time === null) add("time_only_ours", { columns, verdict });
    else if (verdict.time !== columns.fix_at) add("time", { columns, verdict });
    if (
      columns.latitude === null ||
      columns.longitude === null ||
      verdict.latitude === null ||
      verdict.longitude === null
    ) {
      add("position_absent", { columns, verdict });
    } else if (
      Math.abs(columns.latitude - verdict.latitude) > DEGREES ||
      Math.abs(columns.longitude - verdict.longitude) > DEGREES
    ) {
      add("position", { columns, verdict });
    }
    compareSpeed(columns.speed_kmh, verdict.speedMps, (kind) => add(kind, { columns, verdict }));
  }
  for (const verdict of verdicts.timed) {
    if (!seen.has(verdict.timeOfDayMs)) add(verdict.hasFix ? "only_gpsd" : "void_only_gpsd", verdict);
  }
  return found;
};

const compareSpeed = (kmh: number | null, mps: number | null, add: (kind: DifferenceKind) => void): void => {
  if (kmh === null && mps === null) return;
  if (kmh === null || mps === null) add(kmh === null ? "speed_only_gpsd" : "speed_only_ours");
  else if (Math.abs(kmh / KMH_PER_MPS - mps) > METRES_PER_SECOND) add("speed");
};
