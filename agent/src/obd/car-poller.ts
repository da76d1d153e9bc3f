import type { Clock, UptimeMillis } from "@roadstream/shared";
import type { ElmSession, QueryOutcome, SessionEnd } from "./elm-session.ts";
import type { ObdCounters } from "./obd-counters.ts";
import type { TimeSpan } from "../ports.ts";
import type { ObdMessage } from "./obd-message.ts";
import { pidRow } from "./pid-table.ts";
import { planCycle, type OtherAsk } from "./polling-plan.ts";
import { decodeService01, type AnswerFault } from "./service-01.ts";
import { codesText, decodeTroubleCodes, type CodeService } from "./trouble-codes.ts";
import type { ValueBook } from "./value-book.ts";
import { decodeVin, VIN_PID } from "./vin.ts";

/** Requests with several PIDs in a row that had to be asked again one by one, before they are given up. */
const SEVERAL_PIDS_FAILURES = 2;
/** Requests in a row with no usable answer at all, before the adapter is started again. */
const DEAF_REQUESTS = 4;
/** Cycles in which others answered and this PID, though named as supported, did not: it is asked no more. */
const PID_MISSES = 5;
/** A VIN that does not come is asked for so often. */
const VIN_TRIES = 3;

export interface CycleResult {
  /** Some ECU gave a value. */
  readonly answered: boolean;
  /** When the last of the service 01 answers was in. */
  readonly measuredAt: UptimeMillis;
  /** When the speed was asked for and answered, in the car's time; null where it was not. */
  readonly speedBetween: TimeSpan | null;
  readonly end: SessionEnd | null;
}

/** Asks one car, cycle by cycle, what the plan says, and writes what it believes into the book. */
export class CarPoller {
  readonly #session: ElmSession;
  readonly #clock: Clock;
  readonly #carTime: () => UptimeMillis;
  readonly #counters: ObdCounters;
  readonly #book: ValueBook;
  readonly #supported: ReadonlySet<number>;
  readonly #askedAt = new Map<number | OtherAsk, UptimeMillis>();
  readonly #settled = new Set<number | OtherAsk>();
  readonly #misses = new Map<number | OtherAsk, number>();
  #severalPids: boolean;
  #severalFailures = 0;
  #deaf = 0;
  #speedBetween: TimeSpan | null = null;
  #end: SessionEnd | null = null;

  constructor(options: {
    session: ElmSession;
    clock: Clock;
    /** The monotonic time in which values grow old and fall due: a simulated car's runs faster than the machine's. */
    carTime: () => UptimeMillis;
    counters: ObdCounters;
    book: ValueBook;
    supported: ReadonlySet<number>;
  }) {
    this.#session = options.session;
    this.#clock = options.clock;
    this.#carTime = options.carTime;
    this.#counters = options.counters;
    this.#book = options.book;
    this.#supported = options.supported;
    this.#severalPids = options.session.takesSeveralPids;
  }

  async cycle(): Promise<CycleResult> {
    const plan = planCycle({
      at: this.#carTime(),
      supported: this.#supported,
      memory: { askedAt: this.#askedAt, settled: this.#settled },
      severalPids: this.#severalPids,
    });
    this.#speedBetween = null;
    const asked: number[] = [];
    const got = new Set<number>();
    for (const request of plan.requests) {
      if (this.#end !== null) break;
      asked.push(...request);
      for (const pid of await this.#ask(request)) got.add(pid);
    }
    const measuredAt = this.#clock.uptime();
    if (got.size > 0) this.#countMisses(asked.filter((pid) => !got.has(pid)));
    for (const pid of got) this.#misses.delete(pid);
    for (const other of plan.others) {
      if (this.#end === null) await this.#askOther(other, got.size > 0);
    }
    return { answered: got.size > 0, measuredAt, speedBetween: this.#speedBetween, end: this.#end };
  }

  /** The PIDs that were answered. One by one where the request for several brought not all. */
  async #ask(request: readonly number[]): Promise<ReadonlySet<number>> {
    const together = request.length === 1 || this.#severalPids;
    const got = together ? await this.#askOnce(request) : new Set<number>();
    if (together && request.length > 1 && got.size === request.length) this.#severalFailures = 0;
    if (request.length === 1 || got.size === request.length || this.#end !== null) return got;
    const all = new Set(got);
    for (const pid of request.filter((pid) => !got.has(pid))) {
      const alone = await this.#askOnce([pid]);
      // Neither together nor alone: the car is silent, not the way of asking.
      if (this.#end !== null || (all.size === 0 && alone.size === 0)) return all;
      if (alone.size > 0) all.add(pid);
    }
    if (all.size > got.size) this.#severalFailures += 1;
    if (this.#severalFailures >= SEVERAL_PIDS_FAILURES) this.#severalPids = false;
    return all;
  }

  async #askOnce(pids: readonly number[]): Promise<ReadonlySet<number>> {
    const from = this.#carTime();
    const outcome = await this.#session.query(0x01, pids);
    const at = this.#carTime();
    for (const pid of pids) this.#askedAt.set(pid, at);
    const got = new Set<number>();
    for (const message of this.#messages(outcome)) {
      const answer = decodeService01(message, pids);
      if (answer.kind === "rejected") {
        this.#reject(answer.reason);
        continue;
      }
      for (const [pid, data] of answer.data) {
        if (this.#believe(pid, data, { from, to: at }, got.has(pid))) got.add(pid);
      }
    }
    return got;
  }

  /**
   * Several ECUs may answer the same PID: the lowest address, which is the engine's (ISO 15765-4), is taken, but the
   * lamp is on if any says so. True: the PID counts as answered.
   */
  #believe(pid: number, data: Uint8Array, between: TimeSpan, known: boolean): boolean {
    const row = pidRow(pid);
    const value = row?.decode(data) ?? null;
    if (row === null || (value === null && row.pace !== "once")) return false;
    if (row.pace === "once") this.#settled.add(pid);
    if (value !== null && (!known || (row.column === "mil_on" && value === true)))
      this.#book.put(row.column, value, between.to);
    if (row.column === "speed_kmh") this.#speedBetween = between;
    return true;
  }

  async #askOther(other: OtherAsk, awake: boolean): Promise<void> {
    if (other !== "voltage" && !awake) return;
    this.#askedAt.set(other, this.#carTime());
    if (other === "voltage") await this.#askVoltage();
    else if (other === "codes") await this.#askCodes();
    else await this.#askVin();
  }

  async #askVoltage(): Promise<void> {
    const volts = await this.#session.voltage();
    if (volts === "unresponsive" || volts === "reset") this.#end = volts;
    else if (volts !== null) this.#book.put("adapter_v", volts, this.#carTime());
  }

  /** Stored codes must be answered for the column to be known; pending ones are added where the car has that service. */
  async #askCodes(): Promise<void> {
    const stored = await this.#codesOf(0x03);
    if (stored === null || this.#end !== null) return;
    const pending = (await this.#codesOf(0x07)) ?? [];
    const { text, cut } = codesText([...stored, ...pending]);
    if (cut > 0) this.#counters.rejected.add(cut, { reason: "too_many_codes" });
    this.#book.put("dtc_codes", text, this.#carTime());
  }

  async #codesOf(service: CodeService): Promise<readonly string[] | null> {
    const messages = this.#messages(await this.#session.query(service));
    let codes: string[] | null = null;
    for (const message of messages) {
      const answer = decodeTroubleCodes(message, service);
      if (answer.kind === "rejected") this.#reject(answer.reason);
      else codes = [...(codes ?? []), ...answer.codes];
    }
    return codes;
  }

  async #askVin(): Promise<void> {
    const messages = this.#messages(await this.#session.query(0x09, [VIN_PID]));
    const byEcu = Map.groupBy(messages, (message) => message.ecu);
    for (const ofEcu of byEcu.values()) {
      const answer = decodeVin(ofEcu);
      if (answer.kind === "vin") {
        this.#book.put("vin", answer.vin, this.#carTime());
        this.#settled.add("vin");
        return;
      }
      this.#reject(answer.reason);
    }
    this.#countMisses(["vin"], VIN_TRIES);
  }

  /** In ascending order of address; empty when there is nothing to believe. Keeps count of how deaf the adapter is. */
  #messages(outcome: QueryOutcome): readonly ObdMessage[] {
    if (outcome.kind === "unresponsive" || outcome.kind === "reset") {
      this.#end = outcome.kind;
      return [];
    }
    const heard = outcome.kind === "messages" || (outcome.kind === "error" && outcome.error === "no_data");
    this.#deaf = heard ? 0 : this.#deaf + 1;
    if (this.#deaf >= DEAF_REQUESTS) this.#end = "unresponsive";
    if (outcome.kind !== "messages") return [];
    return [...outcome.messages].sort((a, b) => (a.ecu < b.ecu ? -1 : 1));
  }

  #countMisses(keys: readonly (number | OtherAsk)[], limit: number = PID_MISSES): void {
    for (const key of keys) {
      const misses = (this.#misses.get(key) ?? 0) + 1;
      this.#misses.set(key, misses);
      if (misses >= limit) this.#settled.add(key);
    }
  }

  #reject(reason: AnswerFault): void {
    this.#counters.rejected.add(1, { reason });
  }
}
