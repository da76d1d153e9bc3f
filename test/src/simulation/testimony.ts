export interface Identity {
  readonly vehicleId: string;
  readonly bootId: string;
  readonly seq: number;
}

export const identityText = ({ vehicleId, bootId, seq }: Identity): string => `${vehicleId}/${bootId}/${seq}`;

/**
 * What the cars know to be true, kept outside of everything that dies. A reading is told from all others by its mark,
 * which is part of what it says and no part of its identity.
 */
export class Testimony {
  readonly #offered = new Set<string>();
  readonly #accepted = new Map<string, Identity>();

  /** A mark for a reading that is about to be given to an outbox. */
  offer(): string {
    const mark = `reading-${this.#offered.size + 1}`;
    this.#offered.add(mark);
    return mark;
  }

  /** The outbox has said that it keeps the reading. */
  accepted(mark: string, as: Identity): void {
    this.#accepted.set(mark, as);
  }

  wasOffered(mark: string): boolean {
    return this.#offered.has(mark);
  }

  get acceptances(): ReadonlyMap<string, Identity> {
    return this.#accepted;
  }
}
