import { errorText, type Clock, type Logger, type UptimeMillis } from "@roadstream/shared";
import type { EventLogWriter, LogEntry } from "@roadstream/shared/event-log";
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
  #ended: ((outcome: GroupOutcome) => void) | null = null;

  constructor(lanes: readonly VehicleLane[], since: UptimeMillis) {
    this.lanes = lanes;
    this.held = lanes.flatMap((lane) => lane.begin());
    this.#since = since;
  }

  /** Calls `ended` once, in any case: at the latest when it has expired. */
  append(writer: EventLogWriter, logger: Logger, ended: (outcome: GroupOutcome) => void): void {
    const entries: LogEntry[] = [];
    for (const { accepted } of this.held) entries.push(...accepted.entries);
    this.#ended = ended;
    writer.append(entries).then(
      (outcome) => {
        if (outcome.kind !== "durable")
          logger.debug("append_put_off", { outcome: outcome.kind, reason: outcome.reason });
        this.#end(outcome.kind);
      },
      (error: unknown) => {
        logger.error("append_failed", { error: errorText(error) });
        this.#end("failed");
      },
    );
  }

  expire(now: ReturnType<Clock["uptime"]>): void {
    if (now - this.#since >= APPEND_LIMIT) this.#end("unanswered");
  }

  #end(outcome: GroupOutcome): void {
    const ended = this.#ended;
    this.#ended = null;
    ended?.(outcome);
  }

  /** When the longest waiting of its publishes came in. */
  oldest(): number {
    let oldest = Number.POSITIVE_INFINITY;
    for (const { since } of this.held) oldest = Math.min(oldest, since);
    return oldest;
  }
}
