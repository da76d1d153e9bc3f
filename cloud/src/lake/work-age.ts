import type { Clock, UnixMillis, UptimeMillis } from "@roadstream/shared";

/** When work on a commit began, by both clocks of the machine that does it. */
export interface WorkBegin {
  readonly wall: UnixMillis;
  readonly uptime: UptimeMillis;
}

/** Before anything is written that the commit will name. */
export const beginWork = (clock: Clock): WorkBegin => ({ wall: clock.now(), uptime: clock.uptime() });

/**
 * Milliseconds since then. The greater of the two: the wall clock may have been set back meanwhile, and the monotonic one
 * stands still while the machine sleeps.
 */
export const workAge = (clock: Clock, begun: WorkBegin): number =>
  Math.max(clock.now() - begun.wall, clock.uptime() - begun.uptime);
