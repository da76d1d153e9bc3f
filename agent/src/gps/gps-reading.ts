import { isoTime, type ClockSource, type UnixMillis, type UptimeMillis } from "@roadstream/shared";
import type { Fix } from "../nmea/fix.ts";
import type { SampledReadingOf } from "../ports.ts";

/** The receiver's statement of an epoch's time is exact to its last digit; serial delay does not enter it. */
const GNSS_CLOCK_ERROR_MS = 1;

export interface GpsSample {
  readonly fix: Fix;
  /** The receiver's UTC as it said it, also of a past year; null where it did not. */
  readonly fixAt: UnixMillis | null;
  readonly uptime: UptimeMillis;
  /** What `fixAt` is trusted as; null where it is not. */
  readonly trustedAs: Extract<ClockSource, "gnss" | "simulated"> | null;
  readonly vehicleType: string | null;
}

/** One row of gps_data. */
export const gpsReading = ({
  fix,
  fixAt,
  uptime,
  trustedAs,
  vehicleType,
}: GpsSample): SampledReadingOf<"gps_data"> => {
  const isTrusted = fixAt !== null && trustedAs !== null;
  return {
    stream: "gps_data",
    capturedAt: isTrusted ? fixAt : null,
    clock: isTrusted ? trustedAs : "unsynced",
    // Without a fix the receiver's clock runs free, and nobody knows how far.
    clockErrorMs: isTrusted && fix.kind !== "none" ? GNSS_CLOCK_ERROR_MS : null,
    uptime,
    columns: {
      fix_at: fixAt === null ? null : isoTime(fixAt),
      fix: fix.kind,
      latitude: fix.latitude,
      longitude: fix.longitude,
      altitude_m: fix.altitudeM,
      speed_kmh: fix.speedKmh,
      heading_deg: fix.headingDeg,
      satellites_used: fix.satellitesUsed,
      hdop: fix.hdop,
      vehicle_type: vehicleType,
    },
  };
};
