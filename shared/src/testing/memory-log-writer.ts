import { isRoadstreamError } from "../errors.ts";
import type { AppendOutcome, EventLogWriter, LogAppend, LogEntry } from "../event-log/event-log.ts";
import { singleRecords } from "../event-log/log-block.ts";
import { checkedAppendBytes } from "../event-log/log-limits.ts";
import type { Clock } from "../time/clock.ts";
import type { DurationMs } from "../time/time.ts";
import type { MemoryLogStore } from "./memory-log-store.ts";

/** What happens to one append instead of the normal course. */
export type AppendFault =
  /** Durable, but the answer is lost: the caller hears `unavailable` and will double. */
  | { readonly kind: "lost_answer" }
  /** Not written. */
  | { readonly kind: "unavailable" }
  /** Not written: the budget is used up. */
  | { readonly kind: "full" }
  /** Durable at once, the answer comes late: later appends may be answered first. */
  | { readonly kind: "late_answer"; readonly after: DurationMs }
  /** Durable only after a while; later appends wait behind it. */
  | { readonly kind: "slow"; readonly after: DurationMs };

export class MemoryLogWriter implements EventLogWriter {
  readonly #clock: Clock;
  readonly #store: MemoryLogStore;
  readonly #fault: (records: readonly LogAppend[]) => AppendFault | null;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: {
    clock: Clock;
    store: MemoryLogStore;
    fault: (records: readonly LogAppend[]) => AppendFault | null;
  }) {
    this.#clock = options.clock;
    this.#store = options.store;
    this.#fault = options.fault;
  }

  async append(entries: readonly LogEntry[]): Promise<AppendOutcome> {
    checkedAppendBytes(entries);
    const records = singleRecords(entries);
    const fault = this.#fault(records);
    const stored = this.#turn.then(async () => {
      if (fault?.kind === "slow") await this.#clock.sleep(fault.after);
      return this.#write(records, fault);
    });
    this.#turn = stored;
    const outcome = await stored;
    if (fault?.kind === "late_answer") await this.#clock.sleep(fault.after);
    if (fault?.kind === "lost_answer") return { kind: "unavailable", reason: "the answer was lost" };
    return outcome;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#turn;
  }

  #write(records: readonly LogAppend[], fault: AppendFault | null): AppendOutcome {
    if (this.#store.away || fault?.kind === "unavailable")
      return { kind: "unavailable", reason: "set to be unavailable" };
    if (fault?.kind === "full") return { kind: "full", reason: "set to be full" };
    try {
      const positions = this.#store.append(records);
      return positions === null
        ? { kind: "full", reason: "capacity is used up" }
        : { kind: "durable", positions };
    } catch (error) {
      if (isRoadstreamError(error, "unavailable")) return { kind: "unavailable", reason: error.message };
      throw error;
    }
  }
}
