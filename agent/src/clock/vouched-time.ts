import { unixMillis, type UnixMillis, type UptimeMillis } from "@roadstream/shared";

/** The machine's wall clock where something vouches for it. */
export interface MachineTime {
  readonly at: UnixMillis;
  readonly source: "ntp" | "rtc";
}

/** No time of now is before this program was written; raised with releases. */
export const BUILD_FLOOR = unixMillis(Date.UTC(2026, 0, 1));

/** How fast a machine's quartz may run away from the true time, as a share of what has passed. */
export const DRIFT = 50e-6;

/** How far time servers on a bad line and a receiver's slow sentences may disagree. */
const NTP_ERROR_MS = 5000;

/** A machine's time of now, at another uptime of the same machine boot. */
export const carriedTo = (
  uptime: UptimeMillis,
  machine: MachineTime | null,
  now: UptimeMillis,
): MachineTime | null =>
  machine === null ? null : { at: unixMillis(Math.round(machine.at + uptime - now)), source: machine.source };

/**
 * How far a time may be from that of time servers and still be the same. The clock was set at some moment since the
 * machine started, and has run by itself at most since then.
 */
export const ntpTolerance = (uptime: UptimeMillis): number => NTP_ERROR_MS + uptime * DRIFT;
