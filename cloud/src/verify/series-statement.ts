import { SeqRanges, type CheckpointStream } from "@roadstream/shared";

/** What the car's checkpoints say of one series, all together. */
export interface SeriesStatement {
  /** Numbers 1..given were given to readings. */
  readonly given: number;
  readonly acknowledged: SeqRanges;
  readonly held: SeqRanges;
  readonly dropped: SeqRanges;
}

export const seriesStatement = (said: CheckpointStream): SeriesStatement => ({
  given: said.given,
  acknowledged: SeqRanges.of(said.acknowledged),
  held: SeqRanges.of(said.held),
  dropped: SeqRanges.of(said.dropped.map(({ from, to }) => [from, to] as const)),
});

const union = (a: SeqRanges, b: SeqRanges): SeqRanges => {
  const all = a.clone();
  all.addAll(b);
  return all;
};

const above = (set: SeqRanges, bound: number): SeqRanges => {
  const rest = set.clone();
  rest.remove(1, bound);
  return rest;
};

/**
 * What two checkpoints say together, in whatever order they came: lanes have no order, a late one may be older. All but
 * `held` only grows; a number is still held when both say so, or when only the one that goes so far knows it.
 */
export const joinStatements = (a: SeriesStatement, b: SeriesStatement): SeriesStatement => {
  const held = a.held.intersect(b.held);
  held.addAll(above(a.held, b.given));
  held.addAll(above(b.held, a.given));
  return {
    given: Math.max(a.given, b.given),
    acknowledged: union(a.acknowledged, b.acknowledged),
    dropped: union(a.dropped, b.dropped),
    held,
  };
};
