import type { ClockSource, OwnColumns, StreamName, UnixMillis, UptimeMillis } from "@roadstream/shared";

/** What a source measured once, before the outbox gives it its identity. */
export interface SampledReadingOf<S extends StreamName> {
  readonly stream: S;
  /** By the source's own clock (a GNSS receiver's, a simulation's); null where the source knows none to be trusted. */
  readonly capturedAt: UnixMillis | null;
  /** Where `capturedAt` comes from; `unsynced` when it is null. */
  readonly clock: ClockSource;
  readonly clockErrorMs: number | null;
  /** The machine's monotonic clock when the bytes came in. */
  readonly uptime: UptimeMillis;
  /** The stream's own columns by their wire names, all of them. */
  readonly columns: OwnColumns<S>;
}

export type SampledReading = { [S in StreamName]: SampledReadingOf<S> }[StreamName];

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
