import type { SeqRange, SeqRanges, StreamName } from "@roadstream/shared";
import type { SeqRun, SeriesView } from "../ports.ts";

/** What goes first where several streams wait. Pictures go last: one is as long as a thousand other readings. */
export const STREAM_ORDER: readonly StreamName[] = [
  "emergency_data",
  "agent_events",
  "gps_data",
  "vehicle_data",
  "weather_data",
  "traffic_data",
];

/** The numbers of a series that are on their way, or acknowledged and not yet forgotten. */
export type TakenRanges = (series: { bootId: string; stream: StreamName }) => SeqRanges | null;

/** The first run of held numbers within the limits that is not taken, or null. */
export const freeRun = (view: SeriesView, limits: SeqRange, taken: SeqRanges | null): SeqRun | null => {
  let [from, to] = limits;
  to = Math.min(to, view.given);
  while (from <= to) {
    const run = view.heldRunFrom(from);
    if (run === null || run[0] > to) return null;
    const first = taken?.nextAbsent(run[0]) ?? run[0];
    if (first > run[1]) {
      from = first;
      continue;
    }
    if (first > to) return null;
    const takenAgain = taken?.nextPresent(first) ?? null;
    const lastSeq = Math.min(run[1], to, takenAgain === null ? to : takenAgain - 1);
    return { bootId: view.bootId, stream: view.stream, firstSeq: first, lastSeq };
  }
  return null;
};

/** What the backfill lane sends next: the most urgent stream, in it the oldest boot, in it the lowest number. */
export const pickBackfill = (
  views: readonly SeriesView[],
  endOf: (view: SeriesView) => number,
  taken: TakenRanges,
): SeqRun | null => {
  for (const stream of STREAM_ORDER) {
    for (const view of views) {
      if (view.stream !== stream) continue;
      const run = freeRun(view, [1, endOf(view)], taken(view));
      if (run !== null) return run;
    }
  }
  return null;
};
