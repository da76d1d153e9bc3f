import { RoadstreamError, type Clock } from "@roadstream/shared";
import type { BestClock } from "../clock/best-clock.ts";
import type { Outbox } from "../ports.ts";
import { encodeEvent, type AgentEvent } from "./agent-event.ts";

/** Says things of the agent itself, into the outbox like any reading. */
export class AgentVoice {
  readonly #outbox: Outbox;
  readonly #clock: Clock;
  readonly #bestClock: BestClock;

  constructor(options: { readonly outbox: Outbox; readonly clock: Clock; readonly bestClock: BestClock }) {
    this.#outbox = options.outbox;
    this.#clock = options.clock;
    this.#bestClock = options.bestClock;
  }

  /** Resolves when it is durable, or was refused by an outbox that is full or closed, which counts it. */
  async say(event: AgentEvent): Promise<void> {
    const outcome = encodeEvent(event, this.#bestClock, this.#clock.uptime());
    if (!outcome.ok)
      throw new RoadstreamError(
        "invariant",
        `event ${event.kind} breaks the contract: ${outcome.column} ${outcome.reason}`,
      );
    await this.#outbox.accept(outcome.encoded);
  }
}
