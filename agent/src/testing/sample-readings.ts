import { uptimeMillis, type Clock } from "@roadstream/shared";
import { encodeReading } from "../outbox/encode-reading.ts";
import type { EncodedReading, SampledReadingOf } from "../ports.ts";

/** A fix near Des Moines, as a live receiver's row. */
export const gpsSample = (
  over: Partial<SampledReadingOf<"gps_data">> = {},
  columns: Partial<SampledReadingOf<"gps_data">["columns"]> = {},
): SampledReadingOf<"gps_data"> => ({
  stream: "gps_data",
  capturedAt: null,
  clock: "unsynced",
  clockErrorMs: null,
  uptime: uptimeMillis(5000),
  ...over,
  columns: {
    fix_at: "2026-01-01T00:00:00.000Z",
    fix: "3d",
    latitude: 41.5868,
    longitude: -93.625,
    altitude_m: 291.2,
    speed_kmh: 88.4,
    heading_deg: 92.1,
    satellites_used: 9,
    hdop: 0.9,
    vehicle_type: "car",
    ...columns,
  },
});

export const pictureSample = (bytes: number): SampledReadingOf<"traffic_data"> => ({
  stream: "traffic_data",
  capturedAt: null,
  clock: "unsynced",
  clockErrorMs: null,
  uptime: uptimeMillis(5000),
  columns: {
    camera_id: "front",
    latitude: null,
    longitude: null,
    trigger: "interval",
    media_type: "image/jpeg",
    width_px: 320,
    height_px: 180,
    size_bytes: bytes,
    snapshot: Buffer.alloc(bytes, 7).toString("base64"),
  },
});

export const emergencySample = (): SampledReadingOf<"emergency_data"> => ({
  stream: "emergency_data",
  capturedAt: null,
  clock: "unsynced",
  clockErrorMs: null,
  uptime: uptimeMillis(5000),
  columns: {
    incident_id: "i-1",
    type: "medical",
    status: "active",
    severity: "major",
    source: "button",
    latitude: null,
    longitude: null,
    description: null,
  },
});

/** Encodes a sample that is known to be right. */
export const encoded = (
  sample: Parameters<typeof encodeReading>[0],
  kind: Parameters<typeof encodeReading>[1] = "correctable",
): EncodedReading => {
  const outcome = encodeReading(sample, kind);
  if (!outcome.ok) throw new Error(`${outcome.column}: ${outcome.reason}`);
  return outcome.encoded;
};

/** A reading that can be told from others by its heading. */
export const numbered = (n: number, clock?: Clock): EncodedReading =>
  encoded(gpsSample(clock === undefined ? {} : { uptime: clock.uptime() }, { heading_deg: n % 360 }));
