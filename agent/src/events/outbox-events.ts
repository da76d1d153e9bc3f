import { RoadstreamError, type Clock } from "@roadstream/shared";
import type { BestClock } from "../clock/best-clock.ts";
import type { OutboxEvents } from "../outbox/outbox-transaction.ts";
import { encodeEvent } from "./agent-event.ts";

/** The words of what the outbox says of itself: declared gaps and checkpoints. */
export const outboxEvents = (options: {
  readonly clock: Clock;
  readonly bestClock: BestClock;
}): OutboxEvents => {
  const { clock, bestClock } = options;
  return {
    dropped: (range) => {
      const outcome = encodeEvent(
        {
          kind: "dropped",
          about_boot_id: range.bootId,
          about_stream: range.stream,
          seq_from: range.firstSeq,
          seq_to: range.lastSeq,
          reason: range.reason,
        },
        bestClock,
        clock.uptime(),
      );
      if (outcome.ok) return outcome.encoded;
      throw new RoadstreamError(
        "invariant",
        `a declared gap breaks the contract: ${outcome.column} ${outcome.reason}`,
      );
    },
    checkpoint: (checkpoint) => {
      const event = { kind: "checkpoint" as const, detail: JSON.stringify(checkpoint) };
      const outcome = encodeEvent(event, bestClock, clock.uptime());
      return outcome.ok ? outcome.encoded : null;
    },
  };
};
