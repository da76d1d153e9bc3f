import { errorText, type Clock, type Logger, type UptimeMillis } from "@roadstream/shared";
import type { EventLogWriter, LogAppend } from "@roadstream/shared/event-log";
import { APPEND_LIMIT } from "../limits.ts";
import type { HeldPublish } from "./held-publish.ts";
import type { VehicleLane } from "./vehicle-lane.ts";

/** `unanswered`: the deadline passed, the records may be in the log or not. `failed`: the log threw. */
export type GroupOutcome = "durable" | "unavailable" | "full" | "unanswered" | "failed";

/** One append for some lanes: all of those that had something in one turn, or one alone that is in trouble. */
export class LaneGroup {
  readonly lanes: readonly VehicleLane[];
  readonly held: readonly HeldPublish[];
  readonly #since: UptimeMillis;
  #giveUp: (() => void) | null = null;

  constructor(lanes: readonly VehicleLane[], since: UptimeMillis) {
    this.lanes = lanes;
    this.held = lanes.flatMap((lane) => lane.begin());
    this.#since = since;
  }

  /** Never rejects, and always ends: at the latest when it has expired. */
  async append(writer: EventLogWriter, logger: Logger): Promise<GroupOutcome> {
    const entries: LogAppend[] = [];
    for (const { accepted } of this.held) entries.push(...accepted.entries);
    try {
      const unanswered = new Promise<null>((resolve) => {
        this.#giveUp = () => resolve(null);
      });
      const outcome = await Promise.race([writer.append(entries), unanswered]);
      if (outcome === null) return "unanswered";
      if (outcome.kind !== "durable")
        logger.debug("append_put_off", { outcome: outcome.kind, reason: outcome.reason });
      return outcome.kind;
    } catch (error) {
      logger.error("append_failed", { error: errorText(error) });
      return "failed";
    }
  }

  expire(now: ReturnType<Clock["uptime"]>): void {
    if (now - this.#since >= APPEND_LIMIT) this.#giveUp?.();
  }

  /** When the longest waiting of its publishes came in. */
  oldest(): number {
    let oldest = Number.POSITIVE_INFINITY;
    for (const { since } of this.held) oldest = Math.min(oldest, since);
    return oldest;
  }
}
