import { millis, minutes, SeqRanges, type SeqRange, type StreamName } from "@roadstream/shared";
import type { SeqRun } from "../ports.ts";

/**
 * Readings that the cloud has passed without settling them are sent again after so long, and a series that nothing was
 * heard of for so long is asked about. Dead letters and the tables' own rhythms make some receipts later than others.
 */
export const RECEIPT_GRACE = minutes(10);
/** What the broker acknowledges within so long is kept together: this is how exact "passed" is. */
const PARCEL_SPAN = millis(RECEIPT_GRACE / 10);
/** Of one series; beyond it neighbours are joined, so that an outage of weeks costs no more memory than one of a day. */
const MAX_PARCELS = 1024;

type SeriesOf = Pick<SeqRun, "bootId" | "stream">;

/** Readings that were acknowledged at about the same time. */
interface Parcel {
  readonly at: number;
  readonly numbers: SeqRanges;
  /** When a receipt first covered something that was acknowledged later. */
  passedAt: number | null;
}

interface Series {
  readonly bootId: string;
  readonly stream: StreamName;
  /** Oldest first. */
  parcels: Parcel[];
  /** When something of the series was last acknowledged or settled. */
  newsAt: number;
}

/**
 * What the broker has acknowledged and no receipt has covered yet. Nothing is sent again because time goes by: a cloud
 * stage that is away for a day would get that day ten times. A reading is doubted only when the log, which keeps a
 * series in order, has evidently been read beyond it; and where nothing later was sent that could tell, the series' last
 * reading is sent once more: its double makes the cloud say what it has.
 */
export class AwaitingReceipts {
  readonly #series = new Map<string, Series>();

  /** How many readings. */
  get records(): number {
    let records = 0;
    for (const { parcels } of this.#series.values())
      for (const { numbers } of parcels) records += numbers.size;
    return records;
  }

  acknowledged(run: SeqRun, now: number): void {
    const series = this.#open(run);
    const newest = series.parcels.at(-1);
    series.newsAt = now;
    if (newest !== undefined && newest.passedAt === null && now - newest.at < PARCEL_SPAN) {
      newest.numbers.add(run.firstSeq, run.lastSeq);
      return;
    }
    if (series.parcels.length >= MAX_PARCELS) series.parcels = inPairs(series.parcels);
    series.parcels.push({ at: now, numbers: SeqRanges.of([[run.firstSeq, run.lastSeq]]), passedAt: null });
  }

  /** A receipt has covered these. */
  settled(of: SeriesOf, ranges: readonly SeqRange[], now: number): void {
    const series = this.#series.get(keyOf(of));
    if (series === undefined) return;
    let progress = -1;
    for (const { at, numbers } of series.parcels) {
      const before = numbers.size;
      for (const [from, to] of ranges) numbers.remove(from, to);
      if (numbers.size < before) progress = at;
    }
    if (progress < 0) return;
    series.newsAt = now;
    for (const parcel of series.parcels) if (parcel.at < progress) parcel.passedAt ??= now;
    this.#prune(series);
  }

  /** Takes out what the outbox holds no more, dropped or settled meanwhile, and returns it. */
  keepHeld(heldOf: (series: SeriesOf, range: SeqRange) => readonly SeqRange[]): readonly SeqRun[] {
    const gone: SeqRun[] = [];
    for (const series of this.#series.values()) {
      for (const { numbers } of series.parcels) {
        const { bootId, stream } = series;
        for (const range of numbers.toJSON())
          for (const [firstSeq, lastSeq] of SeqRanges.of([range]).minus(
            SeqRanges.of(heldOf(series, range)),
          )) {
            numbers.remove(firstSeq, lastSeq);
            gone.push({ bootId, stream, firstSeq, lastSeq });
          }
      }
      this.#prune(series);
    }
    return gone;
  }

  /** Takes out what is to be sent again. */
  overdue(now: number): readonly SeqRun[] {
    const runs: SeqRun[] = [];
    for (const series of this.#series.values()) {
      const due = new SeqRanges();
      for (const { passedAt, numbers } of series.parcels)
        if (passedAt !== null && now - passedAt >= RECEIPT_GRACE) due.addAll(numbers);
      if (now - series.newsAt >= RECEIPT_GRACE) {
        const last = series.parcels.at(-1)?.numbers.last ?? 0;
        if (last > 0) due.add(last);
        series.newsAt = now;
      }
      for (const { numbers } of series.parcels) for (const [from, to] of due) numbers.remove(from, to);
      for (const [firstSeq, lastSeq] of due)
        runs.push({ bootId: series.bootId, stream: series.stream, firstSeq, lastSeq });
      this.#prune(series);
    }
    return runs;
  }

  /** Whether something is overdue. */
  isDue(now: number): boolean {
    for (const { newsAt, parcels } of this.#series.values())
      if (parcels.some(({ passedAt }) => now - (passedAt ?? newsAt) >= RECEIPT_GRACE)) return true;
    return false;
  }

  /** How long nothing becomes overdue; null: nothing is awaited. */
  waitMs(now: number): number | null {
    let due = Infinity;
    for (const { newsAt, parcels } of this.#series.values())
      for (const { passedAt } of parcels) due = Math.min(due, (passedAt ?? newsAt) + RECEIPT_GRACE);
    return due === Infinity ? null : Math.max(1, due - now);
  }

  #open(of: SeriesOf): Series {
    const key = keyOf(of);
    const known = this.#series.get(key);
    if (known !== undefined) return known;
    const made: Series = { bootId: of.bootId, stream: of.stream, parcels: [], newsAt: 0 };
    this.#series.set(key, made);
    return made;
  }

  #prune(series: Series): void {
    series.parcels = series.parcels.filter(({ numbers }) => numbers.pieces > 0);
    if (series.parcels.length === 0) this.#series.delete(keyOf(series));
  }
}

/** Half as many in the same order: nothing looks passed that is not. */
const inPairs = (parcels: readonly Parcel[]): Parcel[] => {
  const joined: Parcel[] = [];
  for (let i = 0; i < parcels.length; i += 2) {
    const later = parcels[i + 1] ?? parcels[i];
    if (later === undefined) break;
    const numbers = later.numbers.clone();
    if (parcels[i] !== later) for (const [from, to] of parcels[i]?.numbers ?? []) numbers.add(from, to);
    joined.push({ at: later.at, numbers, passedAt: later.passedAt });
  }
  return joined;
};

const keyOf = ({ bootId, stream }: SeriesOf): string => `${bootId}/${stream}`;
