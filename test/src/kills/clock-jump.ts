/**
 * Loaded before an unchanged stage (`node --import`), this sets its wall clock some time after the start, as told by the
 * environment variable CLOCK_JUMP. The monotonic clock goes on.
 */
import type { ClockJump } from "./doom-plan.ts";

const jump = JSON.parse(process.env["CLOCK_JUMP"] ?? "null") as ClockJump | null;

if (jump !== null) {
  const WallDate = Date;
  let ahead = 0;
  class JumpedDate extends WallDate {
    constructor(...given: readonly unknown[]) {
      if (given.length === 0) super(WallDate.now() + ahead);
      else super(...(given as [number]));
    }

    static override now(): number {
      return WallDate.now() + ahead;
    }
  }
  globalThis.Date = JumpedDate as DateConstructor;
  setTimeout(() => {
    ahead = jump.byMs;
    process.stderr.write(`${JSON.stringify({ event: "clock_set", by_ms: jump.byMs })}\n`);
  }, jump.afterMs).unref();
}
