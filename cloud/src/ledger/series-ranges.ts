import { SeqRanges } from "@roadstream/shared";

/** Whose sequence numbers: in a stream's table `stream` is always that stream, in dead_letters any text or null. */
export interface SeriesKey {
  readonly vehicleId: string;
  readonly bootId: string;
  readonly stream: string;
}

/** What one log partition's share of a table knows of one series. */
export interface SeriesRanges extends SeriesKey {
  readonly landed: SeqRanges;
  /** Refused, and not landed: a landed number overrides its refusals, a refusal never makes a later copy a double. */
  readonly rejected: SeqRanges;
  /** The log's append time of its newest record, Unix milliseconds. */
  lastAppendedAt: number;
}

export const seriesText = (key: SeriesKey): string => `${key.stream}/${key.vehicleId}/${key.bootId}`;

export const emptySeries = ({ vehicleId, bootId, stream }: SeriesKey): SeriesRanges => ({
  vehicleId,
  bootId,
  stream,
  landed: new SeqRanges(),
  rejected: new SeqRanges(),
  lastAppendedAt: 0,
});

/**
 * A text of its own. What a regular expression takes out of a record keeps the whole record in memory with it, and what
 * was put together keeps its parts: for a ledger, which holds a text for weeks, that is several times the text.
 */
const own = (text: string): string => Buffer.from(text, "utf8").toString("utf8");

/** The first that a ledger hears of a series, to be kept there. */
export const keptSeries = (key: SeriesKey): SeriesRanges =>
  emptySeries({ vehicleId: own(key.vehicleId), bootId: own(key.bootId), stream: own(key.stream) });

export const keptSeriesText = (key: SeriesKey): string => own(seriesText(key));

/** Both, and neither changed. */
export const mergedSeries = (known: SeriesRanges, more: SeriesRanges): SeriesRanges => {
  const both = { ...known, landed: known.landed.clone(), rejected: known.rejected.clone() };
  mergeSeries(both, more);
  return both;
};

/** Adds what a commit brought. */
export const mergeSeries = (into: SeriesRanges, more: SeriesRanges): void => {
  into.landed.addAll(more.landed);
  into.rejected.addAll(more.rejected);
  if (into.rejected.pieces > 0) for (const [from, to] of more.landed) into.rejected.remove(from, to);
  if (more.rejected.pieces > 0) for (const [from, to] of into.landed) into.rejected.remove(from, to);
  into.lastAppendedAt = Math.max(into.lastAppendedAt, more.lastAppendedAt);
};
