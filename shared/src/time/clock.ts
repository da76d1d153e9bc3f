import type { DurationMs, UnixMillis, UptimeMillis } from "./time.ts";

/** The only way to learn or await time. Real one: adapters/system-clock.ts; in tests: testing/virtual-clock.ts. */
export interface Clock {
  /** Wall time; may jump. */
  now(): UnixMillis;
  /** Monotonic time since the machine booted; comparable between processes of one machine boot. */
  uptime(): UptimeMillis;
  /** Names the boot that `uptime` counts from. */
  readonly machineBoot: string;
  /** Resolves after `duration`; rejects with code `aborted` when the signal fires first. */
  sleep(duration: DurationMs, signal?: AbortSignal): Promise<void>;
}
