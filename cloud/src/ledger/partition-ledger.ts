import { MAX_DEAD_LETTER_IDS, RETIRE_AFTER_SILENCE } from "./ledger-limits.ts";
import { noCounts, type CheckpointMark, type LedgerCounts, type LedgerDelta } from "./ledger-delta.ts";
import {
  keptSeries,
  keptSeriesText,
  mergedSeries,
  seriesText,
  type SeriesKey,
  type SeriesRanges,
} from "./series-ranges.ts";
import { Tombstones } from "./tombstones.ts";

const outboxText = (mark: CheckpointMark): string => `${mark.vehicleId}/${mark.checkpoint.outbox_id}`;

/**
 * All that one table knows of one log partition's records. Memory follows the table: it changes only by what a commit
 * holds, and is thrown away and loaded again whenever the table's head names a ledger file that is not this worker's.
 */
export class PartitionLedger {
  /** The newest file that this memory contains; null before the first. */
  key: string | null = null;
  /** Files since the last whole one, itself included. */
  depth = 0;
  /** Bytes of that one, and of those since. */
  wholeBytes = 0;
  differencesBytes = 0;
  /** What erased vehicles left: as final as what has landed, and never changed by a batch. */
  readonly erased: Tombstones;
  /** What is in here is never changed, only replaced: copies of this ledger share it. */
  readonly #series = new Map<string, SeriesRanges>();
  /** Which archive file holds the ranges of a retired series. */
  readonly #retired = new Map<string, string>();
  readonly #checkpoints = new Map<string, CheckpointMark>();
  readonly #counts: LedgerCounts = noCounts();
  /** Insertion order is age. */
  readonly #deadLetterIds = new Set<string>();

  constructor(erased: Tombstones = Tombstones.NONE) {
    this.erased = erased;
  }

  find(key: SeriesKey): SeriesRanges | null {
    return this.#series.get(seriesText(key)) ?? null;
  }

  /** The archive that must be read before a record of this series can be judged; null when it is not retired. */
  archiveOf(key: SeriesKey): string | null {
    return this.#retired.size === 0 ? null : (this.#retired.get(seriesText(key)) ?? null);
  }

  hasDeadLetter(id: string): boolean {
    return this.#deadLetterIds.has(id);
  }

  /** Whether letters may have landed that {@link hasDeadLetter} knows nothing of. */
  get hasForgottenLetters(): boolean {
    return this.#deadLetterIds.size >= MAX_DEAD_LETTER_IDS;
  }

  series(): Iterable<SeriesRanges> {
    return this.#series.values();
  }

  /** Series and the archive file that holds its ranges. */
  retired(): Iterable<readonly [series: string, archive: string]> {
    return this.#retired;
  }

  /** The newest of each outbox. */
  checkpoints(): Iterable<CheckpointMark> {
    return this.#checkpoints.values();
  }

  deadLetterIds(): Iterable<string> {
    return this.#deadLetterIds;
  }

  counts(): Readonly<LedgerCounts> {
    return this.#counts;
  }

  /** Only after the commit that holds it. */
  apply(delta: LedgerDelta): void {
    for (const [text, more] of delta.series) {
      if (more.landed.pieces + more.rejected.pieces === 0) continue;
      const known = this.#series.get(text);
      if (known === undefined) this.#series.set(keptSeriesText(more), mergedSeries(keptSeries(more), more));
      else this.#series.set(text, mergedSeries(known, more));
      // One that spoke again: the commit that recalled it holds all its ranges.
      this.#retired.delete(text);
    }
    for (const mark of delta.checkpoints) this.#checkpoints.set(outboxText(mark), mark);
    for (const id of delta.deadLetterIds) this.#rememberDeadLetter(id);
    this.#counts.received += delta.counts.received;
    this.#counts.landed += delta.counts.landed;
    this.#counts.doubled += delta.counts.doubled;
    this.#counts.rejected += delta.counts.rejected;
  }

  /** Takes over the retired series of a whole file. */
  restoreRetired(retired: Iterable<readonly [string, string]>): void {
    // A file says an archive's name with each of its series: one text for all.
    const names = new Map<string, string>();
    for (const [text, archive] of retired) {
      const name = names.get(archive) ?? archive;
      names.set(name, name);
      this.#retired.set(text, name);
    }
  }

  /** Takes a vehicle out of memory: its series, and how many checkpoints of it went. Not what is retired. */
  forget(vehicleId: string): { readonly series: readonly SeriesRanges[]; readonly checkpoints: number } {
    const series = [...this.#series.values()].filter((one) => one.vehicleId === vehicleId);
    for (const one of series) this.#series.delete(seriesText(one));
    const outboxes = [...this.#checkpoints].filter(([, mark]) => mark.vehicleId === vehicleId);
    for (const [outbox] of outboxes) this.#checkpoints.delete(outbox);
    return { series, checkpoints: outboxes.length };
  }

  /** A copy to prepare a whole file from, while this one stays what the table says. */
  clone(): PartitionLedger {
    const copy = new PartitionLedger(this.erased);
    for (const [text, series] of this.#series) copy.#series.set(text, series);
    copy.restoreRetired(this.#retired);
    for (const [text, mark] of this.#checkpoints) copy.#checkpoints.set(text, mark);
    for (const id of this.#deadLetterIds) copy.#deadLetterIds.add(id);
    Object.assign(copy.#counts, this.#counts);
    return copy;
  }

  /** The series that were silent too long, measured against the newest record of this partition. */
  silent(): readonly SeriesRanges[] {
    let newest = 0;
    for (const series of this.#series.values()) newest = Math.max(newest, series.lastAppendedAt);
    const since = newest - RETIRE_AFTER_SILENCE;
    return [...this.#series.values()].filter((series) => series.lastAppendedAt < since);
  }

  /** Forgets the ranges of series that `archive` holds; they are read from there if one speaks again. */
  retire(series: readonly SeriesRanges[], archive: string): void {
    for (const one of series) {
      this.#series.delete(seriesText(one));
      this.#retired.set(seriesText(one), archive);
    }
  }

  #rememberDeadLetter(id: string): void {
    this.#deadLetterIds.delete(id);
    this.#deadLetterIds.add(id);
    if (this.#deadLetterIds.size <= MAX_DEAD_LETTER_IDS) return;
    for (const oldest of this.#deadLetterIds) {
      this.#deadLetterIds.delete(oldest);
      return;
    }
  }
}
