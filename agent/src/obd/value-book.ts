import type { UptimeMillis } from "@roadstream/shared";
import { PID_TABLE, type PidColumn, type PidValue, type PollPace } from "./pid-table.ts";
import { MAX_AGE_MS, OTHER_PACE } from "./polling-plan.ts";

export type BookColumn = PidColumn | "adapter_v" | "dtc_codes" | "vin";

const PACE_OF = new Map<BookColumn, PollPace>([
  ...PID_TABLE.map((row) => [row.column, row.pace] as const),
  ["adapter_v", OTHER_PACE.voltage],
  ["dtc_codes", OTHER_PACE.codes],
  ["vin", OTHER_PACE.vin],
]);

/** The last value of each column and when it was answered; one that is too old is the same as one never answered. */
export class ValueBook {
  readonly #entries = new Map<BookColumn, { readonly value: PidValue; readonly at: UptimeMillis }>();

  put(column: BookColumn, value: PidValue, at: UptimeMillis): void {
    this.#entries.set(column, { value, at });
  }

  /** What the readings of the cycle that began at `cycleStart` may use. */
  asOf(cycleStart: UptimeMillis): BookPage {
    const get = (column: BookColumn): PidValue | null => {
      const entry = this.#entries.get(column);
      if (entry === undefined) return null;
      return cycleStart - entry.at <= MAX_AGE_MS[PACE_OF.get(column) ?? "fast"] ? entry.value : null;
    };
    return {
      number: (column) => {
        const value = get(column);
        return typeof value === "number" ? value : null;
      },
      text: (column) => {
        const value = get(column);
        return typeof value === "string" ? value : null;
      },
      flag: (column) => {
        const value = get(column);
        return typeof value === "boolean" ? value : null;
      },
    };
  }
}

/** Values by type; null when absent, too old, or of another type. */
export interface BookPage {
  readonly number: (column: BookColumn) => number | null;
  readonly text: (column: BookColumn) => string | null;
  readonly flag: (column: BookColumn) => boolean | null;
}
