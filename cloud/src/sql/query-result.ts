/** A value as JSON has it: 64-bit integers and decimals are text, times ISO 8601 in UTC, bytes base64. */
export type Cell = null | boolean | number | string | readonly Cell[] | { readonly [key: string]: Cell };

export interface ResultColumn {
  /** Unique in its result. */
  readonly name: string;
  /** As the engine spells it. */
  readonly type: string;
  readonly isNumber: boolean;
}

/** Rows in the engine's own portions; they can be taken once. */
export interface QueryResult {
  readonly columns: readonly ResultColumn[];
  readonly batches: AsyncIterable<readonly (readonly Cell[])[]>;
}
