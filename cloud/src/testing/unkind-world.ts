import { millis, randomBelow, type Random } from "@roadstream/shared";
import type { AppendFault } from "@roadstream/shared/testing";
import type { GlueFault, GlueOperation } from "./memory-glue-tables.ts";
import type { StoreFault, StoreOperation } from "./memory-object-store.ts";

/** Of so many requests to the store one meets a fault, and of so many appends to the log. */
const STORE_FAULT_EVERY = 40;
const APPEND_FAULT_EVERY = 15;
/** Of updates of Glue, of which a commit makes but one. */
const GLUE_FAULT_EVERY = 6;
const GLUE_FAULTS: readonly GlueFault[] = ["lost_request", "lost_answer", "late", "repeated"];
const PUT_FAULTS: readonly StoreFault[] = ["lost_request", "lost_answer", "late", "repeated"];
const APPEND_FAULTS: readonly AppendFault["kind"][] = [
  "lost_answer",
  "late_answer",
  "slow",
  "unavailable",
  "full",
];
const APPEND_DELAY_MS = 500;

/** What is wrong around simulated workers; all of it follows from the seed. */
export class UnkindWorld {
  /** Now and then an operation on the store or the log is lost, unanswered, late or repeated. */
  faults = true;
  /** No request reaches the store. */
  isStoreAway = false;
  /** The store has no room for another object. */
  isStoreFull = false;
  /** The folders where workers build files have no room. */
  isScratchFull = false;
  /** Each request takes up to so long, and so do answers; 0: all is done at once. */
  latencyMs = 0;
  /** Each request of this kind to the store takes so long, and so does its answer. */
  delayMs: (operation: StoreOperation, key: string) => number = () => 0;
  /** How often the catalog met what. */
  readonly met = new Map<string, number>();
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  heal(): void {
    this.faults = false;
    this.isStoreAway = false;
    this.isStoreFull = false;
    this.isScratchFull = false;
  }

  storeFault(operation: StoreOperation): StoreFault | null {
    if (this.isStoreAway) return "lost_request";
    const writes = operation === "put" || operation === "putIfAbsent";
    if (this.isStoreFull && writes) return "full";
    if (!this.faults || randomBelow(this.#random, STORE_FAULT_EVERY) > 0) return null;
    if (operation === "putIfAbsent") return this.#anyOf(PUT_FAULTS);
    return operation === "get" ? "lost_request" : null;
  }

  glueFault(operation: GlueOperation): GlueFault | null {
    if (this.isStoreAway) return "lost_request";
    const every = operation === "get" ? STORE_FAULT_EVERY : GLUE_FAULT_EVERY;
    if (!this.faults || randomBelow(this.#random, every) > 0) return null;
    if (operation === "get") return "lost_request";
    const fault = this.#anyOf(GLUE_FAULTS);
    if (operation === "replace") this.meet(`update of Glue, ${fault}`);
    return fault;
  }

  meet(what: string): void {
    this.met.set(what, (this.met.get(what) ?? 0) + 1);
  }

  appendFault(): AppendFault | null {
    if (!this.faults || randomBelow(this.#random, APPEND_FAULT_EVERY) > 0) return null;
    const kind = this.#anyOf(APPEND_FAULTS);
    return kind === "late_answer" || kind === "slow"
      ? { kind, after: millis(randomBelow(this.#random, APPEND_DELAY_MS)) }
      : { kind };
  }

  #anyOf<T>(all: readonly T[]): T {
    return all[randomBelow(this.#random, all.length)] as T;
  }
}
