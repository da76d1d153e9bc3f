/** Rules between the columns of one row, once for JavaScript and once for SQL; a property test keeps the two alike. */
export interface RowRule {
  /** The rejection's reason. */
  readonly reason: "half_position" | "position_without_fix" | "time_without_clock";
  readonly doc: string;
  /** The columns that it looks at. */
  readonly columns: readonly string[];
  /** True when the row keeps the rule. `get` gives a column's value, null when absent. */
  readonly holds: (get: (column: string) => unknown) => boolean;
  /** The same as a SQL condition that is never NULL. */
  readonly sql: string;
}

export const POSITION_IS_WHOLE: RowRule = {
  reason: "half_position",
  doc: "latitude and longitude are both given or both null",
  columns: ["latitude", "longitude"],
  holds: (get) => (get("latitude") === null) === (get("longitude") === null),
  sql: "(latitude IS NULL) = (longitude IS NULL)",
};

export const FIX_NONE_HAS_NO_POSITION: RowRule = {
  reason: "position_without_fix",
  doc: "a row whose fix is none has no position",
  columns: ["fix", "latitude"],
  holds: (get) => get("fix") !== "none" || get("latitude") === null,
  sql: "(fix <> 'none' OR latitude IS NULL)",
};

export const TIME_NEEDS_CLOCK: RowRule = {
  reason: "time_without_clock",
  doc: "captured_at is null only where clock is unsynced",
  columns: ["captured_at", "clock"],
  holds: (get) => get("captured_at") !== null || get("clock") === "unsynced",
  sql: "(captured_at IS NOT NULL OR clock = 'unsynced')",
};
