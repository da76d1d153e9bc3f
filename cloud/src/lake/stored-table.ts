import type { TableMetadata } from "./table-metadata.ts";

/** A table's metadata pointer as its catalog holds it. */
export interface TablePointer {
  /** Counts up by one with each commit. */
  readonly version: number;
  readonly location: string;
  readonly bytes: Uint8Array;
  /** What the catalog compares when it swaps: Glue's VersionId; empty where the version says it all. */
  readonly token: string;
}

/** One version of a table, read once and never changed. */
export interface StoredTable {
  readonly pointer: TablePointer;
  readonly metadata: TableMetadata;
}

/** The compare-and-set of one table's metadata pointer: the only commit point of the lake. */
export interface TableCatalog {
  /** How the table's property `roadstream.catalog` names it: `file`, `glue:DATABASE`. */
  readonly name: string;
  /** Null when there is no such table. */
  load(): Promise<TablePointer | null>;
  /**
   * Makes `next` the successor of `base` (null: of nothing). `taken`: it is not the newest, which somebody else's is;
   * whether it came before that one or never, the head tells · `unknown`: no answer; ask again with the same bytes, which
   * must occur in no other commit.
   */
  swap(base: TablePointer | null, next: Uint8Array): Promise<SwapOutcome>;
  /**
   * Removes what asking for a successor of `base` may have left that surely is none and cannot become one: the table has
   * moved on without it. Never fails: what stays is forgotten with the old versions.
   */
  retract(base: TablePointer, next: Uint8Array): Promise<void>;
  /** After a commit: refreshes what other engines find the head by. */
  publish(head: TablePointer): Promise<void>;
  /** Housekeeping: forgets versions below the newest `keep`. */
  trim(head: TablePointer, keep: number): Promise<void>;
}

export type SwapOutcome =
  | { readonly kind: "swapped"; readonly pointer: TablePointer }
  | { readonly kind: "taken" }
  | { readonly kind: "unknown" };
