import type { SeqRanges } from "@roadstream/shared";
import type { AwaitedSeries } from "./earlier-checkpoints.ts";
import type { FleetStatements } from "./fleet-statements.ts";
import { judgeSeries, type SeriesVerdict } from "./judge-series.ts";
import type { Counts, SeriesReport } from "./report.ts";
import type { TableSeries, TableSeriesBook } from "./table-series.ts";

export interface JudgeTableOptions {
  readonly book: TableSeriesBook;
  readonly fleet: FleetStatements;
  readonly isRemovalKnown: boolean;
  /** Whether all tables have passed the log's ends of this vehicle's outbox. */
  readonly hasPassed: (vehicleId: string, bootId: string) => boolean;
}

export interface JudgedTable {
  readonly series: readonly SeriesReport[];
  /** What the newest checkpoints call acknowledged and may still be on its way through the log; none that is empty. */
  readonly awaited: readonly AwaitedSeries[];
}

/** Makes room in the book for the series of which only checkpoints speak. */
export const addSpokenOf = (book: TableSeriesBook, fleet: FleetStatements): void => {
  for (const vehicleId of fleet.vehicles()) {
    for (const outbox of fleet.outboxes(vehicleId)) {
      for (const [bootId, boot] of outbox.boots)
        if (boot.streams.has(book.stream)) book.of(vehicleId, bootId);
    }
  }
};

/** The verdicts of all series in one stream's book. */
export const judgeTable = (options: JudgeTableOptions): JudgedTable => {
  const { book } = options;
  const awaited: AwaitedSeries[] = [];
  const reports: SeriesReport[] = [];
  for (const series of book.all()) {
    const judged = judgeOne(series, options);
    const { vehicleId, bootId } = series;
    const { numbers } = judged;
    if (numbers.pieces > 0) awaited.push({ vehicleId, bootId, stream: book.stream, numbers });
    reports.push(judged.report);
  }
  return { series: reports, awaited };
};

const judgeOne = (
  series: TableSeries,
  options: JudgeTableOptions,
): { readonly report: SeriesReport; readonly numbers: SeqRanges } => {
  const { vehicleId, bootId } = series;
  const { fleet, book } = options;
  const outbox = fleet.outboxOf(vehicleId, bootId);
  const boot = outbox?.boots.get(bootId);
  const verdict = judgeSeries({
    ...series,
    statement: boot?.streams.get(book.stream) ?? null,
    hasPassed: options.hasPassed(vehicleId, bootId),
    isReplaced: outbox !== null && outbox !== fleet.newest(vehicleId),
    isRemovalKnown: options.isRemovalKnown,
  });
  const report = {
    vehicle_id: vehicleId,
    boot_id: bootId,
    stream: book.stream,
    ...countsOf(verdict),
    foreign: series.rows.minus(series.landed).size,
    doubled: series.doubled,
    missing: [...verdict.lost],
    closed: boot?.closed ?? false,
  };
  return { report, numbers: verdict.awaited };
};

const countsOf = (verdict: SeriesVerdict): Omit<Counts, "foreign" | "doubled"> => ({
  given: verdict.given,
  landed: verdict.landed.size,
  rejected: verdict.rejected.size,
  declared_gap: verdict.declaredGap.size,
  in_log: verdict.inLog.size,
  in_car: verdict.inCar.size,
  unknown: verdict.unknown.size,
  removed: verdict.removed.size,
  lost: verdict.lost.size,
});
