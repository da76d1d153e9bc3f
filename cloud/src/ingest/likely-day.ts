import { days } from "@roadstream/shared";
import type { TableDefinition } from "../ports.ts";
import type { LandingRows } from "./landing-rows.ts";

const DAY_MS = days(1);
/** Looked at, evenly spread; the first and the last are among them. */
const SAMPLES = 5;
const RECEIVED = /"received_at":"(\d{4}-\d\d-\d\d)/;
const CAPTURED = /"captured_at":"(\d{4}-\d\d-\d\d)/;
const UNSYNCED = /"clock":"unsynced"/;

/**
 * The one UTC day (in days since 1970) on which all rows of a batch seem to lie; null when a few of them say that there
 * are more. A guess that saves work where it is right, as it mostly is: only the database knows.
 */
export const likelyDay = (table: TableDefinition, { values }: LandingRows): number | null => {
  const seen = new Set<string>();
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    const value = values[Math.round((sample * (values.length - 1)) / (SAMPLES - 1))] ?? "";
    const isByCapture = table.dayOf === "event_at" && !UNSYNCED.test(value);
    seen.add((isByCapture ? CAPTURED.exec(value) : null)?.[1] ?? RECEIVED.exec(value)?.[1] ?? "");
  }
  const [day = ""] = seen;
  const at = seen.size === 1 ? Date.parse(day) : Number.NaN;
  return Number.isNaN(at) ? null : at / DAY_MS;
};
