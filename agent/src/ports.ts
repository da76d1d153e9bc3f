import type { UnixMillis, UptimeMillis } from "@roadstream/shared";

/** The six streams a vehicle produces, under their names on the wire. */
type Stream =
  | "gps_data"
  | "vehicle_data"
  | "traffic_data"
  | "weather_data"
  | "agent_events"
  | "emergency_data";

/** Where `capturedAt` comes from. */
export type ClockSource = "gnss" | "ntp" | "rtc" | "unsynced" | "simulated";

/** A value of an own column: JSON's scalars, times as ISO 8601 text; absent is null. */
export type ColumnValue = string | number | boolean | null;

/** What a source measured once, before the outbox gives it its identity. */
export interface SampledReading {
  readonly stream: Stream;
  /** By the source's own clock (a GNSS receiver's, a simulation's); null where the source has none: the machine's clock is taken. */
  readonly capturedAt: UnixMillis | null;
  readonly clock: ClockSource;
  readonly clockErrorMs: number | null;
  /** The machine's monotonic clock when the bytes came in. */
  readonly uptime: UptimeMillis;
  /** The stream's own columns by their wire names, all of them. */
  readonly columns: Readonly<Record<string, ColumnValue>>;
}

/** What a source tells its surroundings. */
export interface SourceEvents {
  /** Resolves when the reading was accepted; a source awaits it before it reads on, so that a slow outbox slows a fast replay. */
  reading(reading: SampledReading): Promise<void>;
  /** The device went away or fell silent; the source goes on trying by itself. `reason` is a stable snake_case name. */
  lost(source: string, reason: string): void;
  /** The device delivers again. */
  back(source: string): void;
}

/** A stream of readings from one device. A lost device is an expected outcome, told to `lost`, not thrown. */
export interface Source {
  /** `gps`, `obd`, `camera`, ... */
  readonly name: string;
  /** Runs until the source has ended for good (a replayed file) or the signal fires. */
  run(sink: SourceEvents, signal: AbortSignal): Promise<"ended">;
}
