import { SeqRanges, type Sha256, type StreamName } from "@roadstream/shared";
import type { SeriesRanges } from "../ledger/series-ranges.ts";
import { graveOf, type Tombstone } from "../ledger/tombstones.ts";
import type { RowIsland } from "./ports.ts";

/** In reports, in the place of a name: no vehicle can have this one. */
export const ERASED_VEHICLE = "(erased)";

/** One series of a table from every side but the car's. */
export interface TableSeries {
  readonly vehicleId: string;
  readonly bootId: string;
  readonly landed: SeqRanges;
  readonly rows: SeqRanges;
  readonly rejected: SeqRanges;
  readonly dropped: SeqRanges;
  /** Had landed, and was erased with its vehicle. */
  readonly erased: SeqRanges;
  inLog: SeqRanges | null;
  /** What refused headers in the log claim to be. */
  readonly claimed: SeqRanges;
  doubled: number;
}

/** All series of one stream's table, filled from the ledger, the rows, the dead letters and the log. */
export class TableSeriesBook {
  readonly stream: StreamName;
  readonly #vehicle: string | null;
  readonly #series = new Map<string, TableSeries>();
  readonly #looksInLog: boolean;

  constructor(stream: StreamName, options: { vehicle: string | null; looksInLog: boolean }) {
    this.stream = stream;
    this.#vehicle = options.vehicle;
    this.#looksInLog = options.looksInLog;
  }

  /** Null for a vehicle that is not asked about. */
  of(vehicleId: string, bootId: string): TableSeries | null {
    if (this.#vehicle !== null && this.#vehicle !== vehicleId) return null;
    const key = `${vehicleId}/${bootId}`;
    const found = this.#series.get(key);
    if (found !== undefined) return found;
    const made: TableSeries = {
      vehicleId,
      bootId,
      landed: new SeqRanges(),
      rows: new SeqRanges(),
      rejected: new SeqRanges(),
      dropped: new SeqRanges(),
      erased: new SeqRanges(),
      inLog: this.#looksInLog ? new SeqRanges() : null,
      claimed: new SeqRanges(),
      doubled: 0,
    };
    this.#series.set(key, made);
    return made;
  }

  addLedger(ranges: SeriesRanges): void {
    const series = this.of(ranges.vehicleId, ranges.bootId);
    series?.landed.addAll(ranges.landed);
    series?.rejected.addAll(ranges.rejected);
  }

  /**
   * Gives tombstones to the series that they are of, once all series are known that somebody else names. What is left
   * is nobody's any more: a series under its hash alone, and no answer to who asks about one vehicle.
   */
  addErased(tombstones: readonly Tombstone[], sha256: Sha256): void {
    if (tombstones.length === 0) return;
    const known = new Map(this.all().map((one) => [graveOf({ ...one, stream: this.stream }, sha256), one]));
    for (const { grave, stream, landed, rejected } of tombstones) {
      if (stream !== this.stream) continue;
      const series = known.get(grave) ?? this.of(ERASED_VEHICLE, grave);
      series?.erased.addAll(landed);
      series?.rejected.addAll(rejected);
    }
  }

  addIsland(island: RowIsland): void {
    const series = this.of(island.vehicleId, island.bootId);
    if (series === null) return;
    series.doubled += island.doubled + overlap(series.rows, island);
    series.rows.add(island.from, island.to);
  }

  /** By vehicle, then boot: boots are named after their time. */
  all(): readonly TableSeries[] {
    return [...this.#series.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, series]) => series);
  }

  /** Lets the ranges go once they are judged. */
  clear(): void {
    this.#series.clear();
  }
}

/** How many of an island's numbers stand in other files too. */
const overlap = (rows: SeqRanges, { from, to }: RowIsland): number => {
  let numbers = 0;
  for (let at = rows.nextPresent(from); at !== null && at <= to;) {
    const end = rows.nextAbsent(at);
    numbers += Math.min(end - 1, to) - at + 1;
    at = rows.nextPresent(end);
  }
  return numbers;
};
