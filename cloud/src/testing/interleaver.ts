import { randomBelow, type Random } from "@roadstream/shared";

interface Parked {
  readonly wake: () => void;
  readonly owner: number;
  /** Not woken before this step: a process that sleeps for long. */
  readonly from: number;
}

/** A process of a simulation; killed, it never goes on from where it waits. */
export interface SimulatedProcess {
  readonly id: number;
  alive: boolean;
}

/** Share of waits that last long, and how many steps at most. */
const LONG_SLEEPS = 0.02;
const LONG_STEPS = 400;

/**
 * Runs simulated processes one at a time: each runs until it waits, then a seeded choice says who goes on. Real work in
 * between (compression) does not disturb the order.
 */
export class Interleaver {
  readonly #random: Random;
  #parked: Parked[] = [];
  readonly #processes = new Map<number, SimulatedProcess>();
  #running = 0;
  #idle: () => void = () => undefined;
  #failure: unknown = null;
  step = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  spawn(work: (process: SimulatedProcess) => Promise<void>): SimulatedProcess {
    const process = { id: this.#processes.size, alive: true };
    this.#processes.set(process.id, process);
    this.#running += 1;
    void work(process)
      .catch((error: unknown) => {
        this.#failure ??= error;
      })
      .finally(() => this.#rest());
    return process;
  }

  /** Waits for its turn. */
  park(process: SimulatedProcess): Promise<void> {
    return new Promise<void>((resolve) => {
      const long = this.#random.next() < LONG_SLEEPS ? randomBelow(this.#random, LONG_STEPS) : 0;
      this.#parked.push({ wake: resolve, owner: process.id, from: this.step + long });
      this.#rest();
    });
  }

  /** Until nobody waits. `between` runs while all stand still. */
  async run(between: () => void): Promise<void> {
    for (;;) {
      if (this.#running > 0) await new Promise<void>((resolve) => (this.#idle = resolve));
      if (this.#failure !== null) throw this.#failure;
      between();
      if (this.#running > 0) continue;
      this.#parked = this.#parked.filter(({ owner }) => this.#processes.get(owner)?.alive === true);
      if (this.#parked.length === 0) return;
      this.step += 1;
      const awake = this.#parked.filter(({ from }) => from <= this.step);
      const ready = awake.length === 0 ? this.#parked : awake;
      const next = ready[randomBelow(this.#random, ready.length)];
      if (next === undefined) return;
      this.#parked = this.#parked.filter((one) => one !== next);
      this.#running += 1;
      next.wake();
    }
  }

  #rest(): void {
    this.#running -= 1;
    if (this.#running === 0) this.#idle();
  }
}
