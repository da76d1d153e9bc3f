import type { PayloadHeader } from "../contract/payload-header.ts";
import { buildPayload, type Zstd } from "../contract/payload.ts";

export const VEHICLE = "car-1";
export const BOOT = "01936b2a-7c00-7abc-8def-0123456789ab";
export const OTHER_BOOT = "01936b2a-7c00-7abc-8def-0123456789ac";
export const MACHINE_BOOT = "machine-boot-1";

/** A valid gps_data record as an agent sends it: without what the header says. */
export const gpsRecord = (
  seq: number,
  more: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> => ({
  seq,
  captured_at: "2026-01-01T00:00:00.000Z",
  clock: "gnss",
  uptime_ms: 5000 + seq,
  fix: "3d",
  latitude: 41.2565,
  longitude: -95.9345,
  speed_kmh: 88.5,
  ...more,
});

export const headerOf = (
  first: number,
  last: number,
  more: Partial<PayloadHeader> = {},
): Omit<PayloadHeader, "encoding" | "count"> => ({
  vehicleId: VEHICLE,
  bootId: BOOT,
  stream: "gps_data",
  firstSeq: first,
  lastSeq: last,
  sentUptimeMs: 9000,
  machineBoot: MACHINE_BOOT,
  agent: "test",
  ...more,
});

export const lines = (records: readonly Readonly<Record<string, unknown>>[]): string[] =>
  records.map((record) => JSON.stringify(record));

/** A payload of gps_data records with seqs first..last. */
export const gpsPayload = (first: number, last: number, zstd: Zstd | null = null): Uint8Array => {
  const records = Array.from({ length: last - first + 1 }, (_, i) => gpsRecord(first + i));
  return buildPayload(headerOf(first, last), lines(records), zstd);
};

export const TOPIC = `dt/roadstream/v1/${VEHICLE}/gps_data`;
