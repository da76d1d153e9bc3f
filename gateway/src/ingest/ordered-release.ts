import type { Settlement } from "../ports.ts";

interface Ticket {
  settlement: Settlement | null;
  readonly release: (settlement: Settlement) => void;
}

/** Publishes of one connection: numbered at entry, released in that order (MQTT 3.1.1 §4.6), whatever settles first. */
export class OrderedRelease {
  #tickets: Ticket[] = [];

  /** How many are not released yet. */
  get size(): number {
    return this.#tickets.length;
  }

  /** Returns what to call when the publish is settled; `release` is called in turn. */
  enter(release: (settlement: Settlement) => void): (settlement: Settlement) => void {
    const ticket: Ticket = { settlement: null, release };
    this.#tickets.push(ticket);
    return (settlement) => {
      ticket.settlement ??= settlement;
      this.#releaseSettled();
    };
  }

  /** Forgets everything unreleased: the connection is gone. */
  clear(): void {
    this.#tickets = [];
  }

  #releaseSettled(): void {
    for (;;) {
      const [first] = this.#tickets;
      if (first === undefined || first.settlement === null) return;
      this.#tickets.shift();
      first.release(first.settlement);
    }
  }
}
