import type { TableName } from "@roadstream/shared";

/**
 * A view over the lake's tables, as data: each engine's dialect prints it as its own SQL (duckdb-views.ts, athena-views.ts), so
 * that all engines give the same columns.
 */
export interface View {
  readonly name: string;
  readonly doc: string;
  /** One row of this table is one row of the view; values of it have the source `base`. */
  readonly base: TableName;
  readonly nearest: readonly Nearest[];
  readonly columns: readonly ViewColumn[];
}

/** The same vehicle's last row of another table at or before the base's event_at; nothing when that is too long ago. */
export interface Nearest {
  /** What values call this source. */
  readonly source: string;
  readonly table: TableName;
  readonly maxAgeS: number;
}

export interface ViewColumn {
  /** As engines print it; those that fold case give it in lower case. */
  readonly name: string;
  readonly value: Value;
}

export const BASE = "base";

export type Value =
  | { readonly kind: "column"; readonly source: string; readonly column: string }
  /** The record's id as on the wire: `vehicle/boot/stream/seq`. */
  | { readonly kind: "record_id" }
  /** `[latitude, longitude]` as text; null without a position. */
  | { readonly kind: "location" }
  /** A heading in degrees as one of eight compass points in words. */
  | { readonly kind: "compass"; readonly source: string; readonly column: string }
  /** An object's key as the URI under which it lies in the lake. */
  | { readonly kind: "object_uri"; readonly column: string }
  /** Seconds from the nearest row of that source to the base's event_at. */
  | { readonly kind: "age_s"; readonly source: string };

export const base = (column: string): Value => ({ kind: "column", source: BASE, column });
