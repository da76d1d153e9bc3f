import type { Clock } from "@roadstream/shared";

/** A process that may be killed at the n-th time that it passes a named moment. */
export class Life<Moment extends string> {
  #doom: { readonly moment: Moment; left: number } | null = null;
  #isDead = false;
  readonly #onDeath: (at: Moment | "any") => void;

  constructor(onDeath: (at: Moment | "any") => void) {
    this.#onDeath = onDeath;
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  dieAt(moment: Moment, nth: number): void {
    this.#doom = { moment, left: nth };
  }

  /** True when the process does not live on from here. */
  endsAt(moment: Moment): boolean {
    if (!this.#isDead && this.#doom?.moment === moment) {
      this.#doom.left -= 1;
      if (this.#doom.left === 0) this.die(moment);
    }
    return this.#isDead;
  }

  die(at: Moment | "any" = "any"): void {
    if (this.#isDead) return;
    this.#isDead = true;
    this.#onDeath(at);
  }

  /** What a dead process waits for never happens to it. */
  async awaits<T>(work: Promise<T>): Promise<T> {
    try {
      const result = await work;
      if (this.#isDead) await never();
      return result;
    } catch (error) {
      if (this.#isDead) await never();
      throw error;
    }
  }

  /** The clock as this process sees it. */
  clock(clock: Clock): Clock {
    return {
      machineBoot: clock.machineBoot,
      now: () => clock.now(),
      uptime: () => clock.uptime(),
      sleep: (duration, signal) => this.awaits(clock.sleep(duration, signal)),
    };
  }
}

export const never = (): Promise<never> => new Promise<never>(() => undefined);
