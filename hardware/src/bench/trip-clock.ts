import {
  millis,
  RoadstreamError,
  seconds,
  unixMillis,
  type Clock,
  type DurationMs,
  type UnixMillis,
  type UptimeMillis,
} from "@roadstream/shared";

/** Trip seconds per second, or as fast as its readers take what the trip gives. */
export type Pace = number | "max";

export const MIN_PACE = 0.1;
export const MAX_PACE = 10_000;

/** At full speed, who neither sleeps nor leaves holds the trip's time for so long at most. */
export const HOLD_LIMIT = seconds(2);
/** At full speed, the trip's time stands so long at its start, for all its followers to come together. */
export const START_GRACE = millis(250);
/** At full speed, so many moves of the time pass before the event loop gets a turn for sockets and files. */
const MOVES_PER_TURN = 32;

/** One who follows the trip's time: a channel, a poller, a camera. */
export interface TripTimer extends Disposable {
  /** Sleeps until a moment of the trip; false: the trip is over before it. Rejects with code `aborted`. */
  until(tripS: number, signal?: AbortSignal): Promise<boolean>;
  /** Sleeps for trip time. */
  sleep(duration: DurationMs, signal?: AbortSignal): Promise<boolean>;
}

interface Waiter {
  readonly tripS: number;
  wake(): void;
}

interface Member {
  waiter: Waiter | null;
}

/**
 * The time of a simulated trip. It begins with the first one who follows or reads it. At a pace it runs with the
 * machine's clock. At `max` it is a discrete-event clock: it stands while any follower is awake, and when all of them
 * sleep it jumps to the earliest moment that one of them waits for, so nothing is skipped and nothing waits.
 */
export class TripClock {
  readonly pace: Pace;
  readonly durationS: number;
  /** Where in the trip its time begins: a car whose agent was started again goes on from there. */
  readonly fromS: number;
  /** Fires once the trip's time has reached its end, or the clock was closed. */
  readonly over: AbortSignal;
  /** How often a follower held the time for longer than {@link HOLD_LIMIT} and was passed over. */
  passedOver = 0;
  readonly #clock: Clock;
  readonly #fixedStart: UnixMillis | null;
  readonly #members = new Set<Member>();
  readonly #closed = new AbortController();
  readonly #over = new AbortController();
  #begun: { readonly startAt: UnixMillis; readonly uptime: UptimeMillis } | null = null;
  #jumpedTo: number;
  #moves = 0;
  #isComplete = false;
  #hold: AbortController | null = null;

  constructor(options: {
    clock: Clock;
    pace: Pace;
    durationS: number;
    fromS?: number;
    startAt?: UnixMillis | null;
  }) {
    const { pace, durationS, fromS = 0 } = options;
    if (pace !== "max" && !(pace >= MIN_PACE && pace <= MAX_PACE)) {
      throw new RangeError(`a pace is "max" or from ${MIN_PACE} to ${MAX_PACE}`);
    }
    this.#clock = options.clock;
    this.pace = pace;
    this.durationS = durationS;
    this.fromS = Math.min(fromS, durationS);
    this.#jumpedTo = this.fromS;
    this.#fixedStart = options.startAt ?? null;
    this.over = this.#over.signal;
  }

  /** UTC at the trip's start, wherever in it the time begins. When not given: such that the trip ends about now, as the readers will then see it. */
  get startAt(): UnixMillis {
    return this.#begin().startAt;
  }

  /** The machine's monotonic time when the trip's time began to run. */
  get startUptime(): UptimeMillis {
    return this.#begin().uptime;
  }

  /** Seconds since the trip's start, at most the whole trip. */
  tripS(): number {
    const { uptime } = this.#begin();
    if (this.pace === "max") return this.#jumpedTo;
    return Math.min(this.durationS, this.fromS + ((this.#clock.uptime() - uptime) / 1000) * this.pace);
  }

  now(): UnixMillis {
    return unixMillis(Math.round(this.startAt + this.tripS() * 1000));
  }

  /** Joins; at `max` the time stands from now until this one sleeps or leaves. */
  follow(): TripTimer {
    const member: Member = { waiter: null };
    this.#members.add(member);
    const until = (tripS: number, signal?: AbortSignal): Promise<boolean> => {
      this.#begin();
      return this.pace === "max" ? this.#untilJump(member, tripS, signal) : this.#untilPaced(tripS, signal);
    };
    return {
      until,
      sleep: (duration, signal) => until(this.tripS() + duration / 1000, signal),
      [Symbol.dispose]: () => {
        this.#members.delete(member);
        this.#moveOn();
      },
    };
  }

  /** Ends the trip for all who follow it. */
  close(): void {
    this.#closed.abort();
    this.#over.abort();
  }

  #begin(): { readonly startAt: UnixMillis; readonly uptime: UptimeMillis } {
    if (this.#begun === null) {
      const realMs = this.pace === "max" ? 0 : ((this.durationS - this.fromS) * 1000) / this.pace;
      const endsNow = this.#clock.now() + realMs - this.durationS * 1000;
      const startAt = this.#fixedStart ?? unixMillis(Math.floor(endsNow / 1000) * 1000);
      this.#begun = { startAt, uptime: this.#clock.uptime() };
      if (this.pace !== "max") {
        const end = (): void => this.#over.abort();
        void this.#clock.sleep(millis(realMs), this.#closed.signal).then(end, end);
      } else {
        const complete = (): void => {
          this.#isComplete = true;
          this.#moveOn();
        };
        void this.#clock.sleep(START_GRACE, this.#closed.signal).then(complete, complete);
      }
    }
    return this.#begun;
  }

  async #untilPaced(tripS: number, signal?: AbortSignal): Promise<boolean> {
    const pace = this.pace === "max" ? 1 : this.pace;
    const wanted = Math.min(tripS, this.durationS);
    const leftMs = ((wanted - this.tripS()) * 1000) / pace;
    const stop = signal === undefined ? this.#closed.signal : AbortSignal.any([signal, this.#closed.signal]);
    if (stop.aborted) throw new RoadstreamError("aborted", "the trip was left");
    if (leftMs > 0) await this.#clock.sleep(millis(Math.ceil(leftMs)), stop);
    return tripS <= this.durationS;
  }

  async #untilJump(member: Member, tripS: number, signal?: AbortSignal): Promise<boolean> {
    const stop = signal === undefined ? this.#closed.signal : AbortSignal.any([signal, this.#closed.signal]);
    if (stop.aborted) throw new RoadstreamError("aborted", "the trip was left");
    this.#moves += 1;
    if (this.#moves % MOVES_PER_TURN === 0) await this.#clock.sleep(millis(0), stop);
    await new Promise<void>((resolve, reject) => {
      const leave = (): void => {
        member.waiter = null;
        reject(new RoadstreamError("aborted", "the trip was left"));
      };
      stop.addEventListener("abort", leave, { once: true });
      member.waiter = {
        tripS: Math.min(tripS, this.durationS),
        wake: () => {
          stop.removeEventListener("abort", leave);
          resolve();
        },
      };
      this.#moveOn();
    });
    return tripS <= this.durationS;
  }

  /** Jumps when nobody is awake; else sees to it that nobody holds the time for ever. */
  #moveOn(): void {
    if (this.pace !== "max" || !this.#isComplete) return;
    const waiting = [...this.#members].filter(({ waiter }) => waiter !== null).length;
    if (waiting === 0) return;
    if (waiting < this.#members.size) void this.#limitHold();
    else this.#jump();
  }

  #jump(): void {
    this.#hold?.abort();
    this.#hold = null;
    const waiters = [...this.#members].flatMap((member) =>
      member.waiter === null ? [] : [{ member, waiter: member.waiter }],
    );
    const target = Math.min(...waiters.map(({ waiter }) => waiter.tripS));
    this.#jumpedTo = Math.max(this.#jumpedTo, target);
    if (this.#jumpedTo >= this.durationS) this.#over.abort();
    for (const { member, waiter } of waiters) {
      if (waiter.tripS > this.#jumpedTo) continue;
      member.waiter = null;
      waiter.wake();
    }
  }

  async #limitHold(): Promise<void> {
    if (this.#hold !== null) return;
    const hold = new AbortController();
    this.#hold = hold;
    try {
      await this.#clock.sleep(HOLD_LIMIT, AbortSignal.any([hold.signal, this.#closed.signal]));
    } catch {
      // Cancelled: the time moved on by itself, or the bench was closed.
      return;
    }
    this.#hold = null;
    this.passedOver += 1;
    this.#jump();
  }
}
