import { SeqRanges, type CheckpointStream, type SeqRange, type StreamName } from "@roadstream/shared";
import type { SeriesView, StoredSeries } from "../ports.ts";

interface SeriesIdentity {
  readonly bootId: string;
  readonly machineBoot: string;
  readonly stream: StreamName;
}

/** What became of the numbers of one series: given, and then acknowledged, dropped, or still held. */
export class SeriesLedger implements SeriesView {
  readonly bootId: string;
  readonly machineBoot: string;
  readonly stream: StreamName;
  #given = 0;
  readonly #acknowledged = new SeqRanges();
  readonly #dropped = new Map<string, SeqRanges>();
  /** Acknowledged or dropped. */
  readonly #settled = new SeqRanges();

  constructor(identity: SeriesIdentity) {
    this.bootId = identity.bootId;
    this.machineBoot = identity.machineBoot;
    this.stream = identity.stream;
  }

  static load(stored: StoredSeries, machineBoot: string): SeriesLedger {
    const ledger = new SeriesLedger({ ...stored, machineBoot });
    ledger.#given = stored.given;
    for (const [from, to] of stored.acknowledged) ledger.acknowledge(from, to);
    for (const { from, to, reason } of stored.dropped) ledger.drop(from, to, reason);
    return ledger;
  }

  /** A copy to try changes on: the original changes only once they are durable. */
  draft(): SeriesLedger {
    return SeriesLedger.load(this.stored(), this.machineBoot);
  }

  get given(): number {
    return this.#given;
  }

  get held(): number {
    return this.#given - this.#settled.size;
  }

  get isSettled(): boolean {
    return this.#settled.nextAbsent(1) > this.#given;
  }

  give(): number {
    this.#given += 1;
    return this.#given;
  }

  /** Returns how many held numbers that settled; what was dropped before stays dropped. */
  acknowledge(from: number, to: number): number {
    return this.#settle(this.#acknowledged, from, to);
  }

  /** The held ranges that this dropped. */
  drop(from: number, to: number, reason: string): readonly SeqRange[] {
    const held = this.heldWithin(from, to);
    const ranges = this.#dropped.get(reason) ?? new SeqRanges();
    this.#dropped.set(reason, ranges);
    for (const [first, last] of held) this.#settle(ranges, first, last);
    return held;
  }

  heldRunFrom(seq: number): SeqRange | null {
    const from = this.#settled.nextAbsent(Math.max(1, seq));
    if (from > this.#given) return null;
    const settledAgain = this.#settled.nextPresent(from);
    return [from, settledAgain === null ? this.#given : settledAgain - 1];
  }

  heldWithin(from: number, to: number): readonly SeqRange[] {
    const ranges: SeqRange[] = [];
    for (let run = this.heldRunFrom(from); run !== null && run[0] <= to; run = this.heldRunFrom(run[1] + 1))
      ranges.push([run[0], Math.min(run[1], to)]);
    return ranges;
  }

  stored(): StoredSeries {
    const { bootId, stream } = this;
    return {
      bootId,
      stream,
      given: this.#given,
      acknowledged: this.#acknowledged.toJSON(),
      dropped: this.#droppedRanges(),
    };
  }

  checkpoint(): CheckpointStream {
    return {
      given: this.#given,
      acknowledged: this.#acknowledged.toJSON().map(([from, to]): [number, number] => [from, to]),
      held: this.heldWithin(1, this.#given).map(([from, to]): [number, number] => [from, to]),
      dropped: this.#droppedRanges(),
    };
  }

  #droppedRanges(): { from: number; to: number; reason: string }[] {
    return [...this.#dropped].flatMap(([reason, ranges]) =>
      [...ranges].map(([from, to]) => ({ from, to, reason })),
    );
  }

  #settle(set: SeqRanges, from: number, to: number): number {
    let settled = 0;
    for (const [first, last] of this.heldWithin(from, Math.min(to, this.#given))) {
      set.add(first, last);
      this.#settled.add(first, last);
      settled += last - first + 1;
    }
    return settled;
  }
}
