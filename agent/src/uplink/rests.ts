import { minutes, seconds } from "@roadstream/shared";
import type { SeqRun } from "../ports.ts";

const FIRST_REST = seconds(1);
const LONGEST_REST = minutes(5);

interface Rest {
  readonly ms: number;
  readonly until: number;
  /** Connections that have ended under it. */
  readonly ends: number;
  /** Of those, the ones between which something else was acknowledged: the line was good otherwise. */
  readonly aloneInIt: number;
  /** Acknowledgements of others at the last end. */
  readonly acknowledgedThen: number;
}

/**
 * What waits because a connection ended under it, whoever is to blame: others go first, so that nothing holds the line for
 * ever. It rests twice as long each time that others got through meanwhile. Where nothing does, the line is bad and not
 * the batch, and rests stay short: it would be the line's fault that an emergency comes late.
 */
export class Rests {
  /** By run: a batch that is built anew is no other. */
  readonly #rests = new Map<string, Rest>();

  has(run: SeqRun): boolean {
    return this.#rests.has(keyOf(run));
  }

  /** How many connections have ended under it. */
  ends(run: SeqRun): number {
    return this.#rests.get(keyOf(run))?.ends ?? 0;
  }

  /** The connection ended; returns how often that was so while others got through. */
  begin(run: SeqRun, at: number, acknowledged: number): number {
    const last = this.#rests.get(keyOf(run));
    const isAlone = last === undefined || acknowledged > last.acknowledgedThen;
    const before = last?.ms ?? FIRST_REST / 2;
    const ms = isAlone ? Math.min(LONGEST_REST, before * 2) : before;
    const aloneInIt = (last?.aloneInIt ?? 0) + (isAlone ? 1 : 0);
    this.#rests.set(keyOf(run), {
      ms,
      until: at + ms,
      ends: (last?.ends ?? 0) + 1,
      aloneInIt,
      acknowledgedThen: acknowledged,
    });
    return aloneInIt;
  }

  remainingMs(run: SeqRun, now: number): number {
    return Math.max(0, this.until(run) - now);
  }

  /** Long ago for what never rested. */
  until(run: SeqRun): number {
    return this.#rests.get(keyOf(run))?.until ?? -Infinity;
  }

  /** It has rested, and something else has got through. */
  isOver(run: SeqRun, now: number, acknowledged: number): boolean {
    const rest = this.#rests.get(keyOf(run));
    return rest === undefined || (rest.until <= now && acknowledged > rest.acknowledgedThen);
  }

  forget(run: SeqRun): void {
    this.#rests.delete(keyOf(run));
  }

  /** Forgets all others. */
  keepOnly(runs: readonly SeqRun[]): void {
    const kept = new Set(runs.map(keyOf));
    for (const key of this.#rests.keys()) if (!kept.has(key)) this.#rests.delete(key);
  }
}

/** The run as text. */
export const keyOf = ({ bootId, stream, firstSeq, lastSeq }: SeqRun): string =>
  `${bootId}/${stream}/${firstSeq}-${lastSeq}`;
