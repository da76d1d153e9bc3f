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
  /** Numbers of which a rebuilt ledger may have forgotten the row or the refusal, at most. */
  readonly forgotten: number;
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
  const { vanished, ...judged } = judgeAll(options, false);
  return vanished === 0 || vanished > options.forgotten ? judged : judgeAll(options, true);
};

const judgeAll = (
  options: JudgeTableOptions,
  isForgotten: boolean,
): JudgedTable & { readonly vanished: number } => {
  const { book } = options;
  let vanished = 0;
  const awaited: AwaitedSeries[] = [];
  const reports: SeriesReport[] = [];
  for (const series of book.all()) {
    const judged = judgeOne(series, options, isForgotten);
    const { vehicleId, bootId } = series;
    const { numbers } = judged;
    vanished += judged.vanished;
    if (numbers.pieces > 0) awaited.push({ vehicleId, bootId, stream: book.stream, numbers });
    reports.push(judged.report);
  }
  return { series: reports, awaited, vanished };
};

const judgeOne = (
  series: TableSeries,
  options: JudgeTableOptions,
  isForgotten: boolean,
): { readonly report: SeriesReport; readonly numbers: SeqRanges; readonly vanished: number } => {
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
    isForgotten,
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
  return { report, numbers: verdict.awaited, vanished: verdict.vanished.size };
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
