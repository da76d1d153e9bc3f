import type { Words } from "./words.ts";

/** A question that people ask of the facts, as a view over the star schema: one SQL for all engines, but for a few words. */
export interface BiView {
  readonly name: string;
  readonly doc: string;
  readonly select: (words: Words) => string;
}

/** A ratio that is null, and no error, where there is nothing to divide by. */
export const ratio = (numerator: string, denominator: string): string =>
  `${numerator} / NULLIF(${denominator}, 0)`;

/** Seconds from one time to another. */
export const secondsBetween = (from: string, to: string, { msOf, double }: Words): string =>
  `(CAST(${msOf(to)} - ${msOf(from)} AS ${double}) / 1000.0)`;
