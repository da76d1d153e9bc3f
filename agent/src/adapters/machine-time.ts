import { existsSync } from "node:fs";
import { seconds, type Clock } from "@roadstream/shared";
import { BUILD_FLOOR, type MachineTime } from "../clock/vouched-time.ts";

/** What the user says of the machine's clock; `auto`: what the system says of it. */
export type SystemClockTrust = "auto" | "ntp" | "rtc" | "none";

/** systemd-timesyncd makes this file when it has set the clock, and systemd-time-wait-sync for other daemons. */
const SYNCHRONIZED = "/run/systemd/timesync/synchronized";
const LOOK_EVERY_MS = seconds(10);

/**
 * The machine's wall time where something vouches for it. On other systems than Linux the system keeps it right. A time
 * from before this program was written is a flat battery's, whoever vouches for it.
 */
export const machineTime = (trust: SystemClockTrust, clock: Clock): (() => MachineTime | null) => {
  const vouchedAs = voucher(trust, clock);
  return () => {
    const source = vouchedAs();
    const at = clock.now();
    return source === null || at < BUILD_FLOOR ? null : { at, source };
  };
};

const voucher = (trust: SystemClockTrust, clock: Clock): (() => MachineTime["source"] | null) => {
  if (trust === "none") return () => null;
  if (trust !== "auto") return () => trust;
  if (process.platform !== "linux") return () => "ntp";
  let isSynchronized = false;
  let lookAt = -Infinity;
  return () => {
    if (!isSynchronized && clock.uptime() >= lookAt) {
      lookAt = clock.uptime() + LOOK_EVERY_MS;
      isSynchronized = existsSync(SYNCHRONIZED);
    }
    return isSynchronized ? "ntp" : null;
  };
};
