import { seconds, type DurationMs, type UptimeMillis } from "@roadstream/shared";
import type { SampledReading } from "../ports.ts";

/** A position older than this says nothing of where the car is now. */
const FIX_MAX_AGE: DurationMs = seconds(5);

export interface Position {
  readonly latitude: number;
  readonly longitude: number;
}

/** Where the car was last known to be. */
export class LastFix {
  #fix: (Position & { readonly uptime: UptimeMillis }) | null = null;

  observe(reading: SampledReading): void {
    if (reading.stream !== "gps_data") return;
    const { latitude, longitude } = reading.columns;
    if (latitude !== null && longitude !== null) this.#fix = { latitude, longitude, uptime: reading.uptime };
  }

  at(uptime: UptimeMillis): Position | null {
    if (this.#fix === null || Math.abs(uptime - this.#fix.uptime) >= FIX_MAX_AGE) return null;
    const { latitude, longitude } = this.#fix;
    return { latitude, longitude };
  }
}
