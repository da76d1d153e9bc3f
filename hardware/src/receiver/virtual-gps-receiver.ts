import type { Random, UnixMillis } from "@roadstream/shared";
import type { GnssEpoch } from "../simulator/gnss.ts";
import { epochText, type ReceiverOrder } from "./epoch-bytes.ts";
import { spoil, type ByteFault } from "./receiver-faults.ts";
import { skyAt } from "./sky.ts";

export const MAX_RATE_HZ = 10;

/** What the receiver is told to do wrong from now on. */
export interface ReceiverFaults {
  bytes: ByteFault | null;
  silent: boolean;
  /** The next epoch begins in the middle of a sentence, as when a port is opened on a running receiver. */
  midSentence: boolean;
}

/**
 * A GPS receiver that speaks NMEA 0183 about one trip. It is asked for one epoch at a time and has no clock; whoever
 * owns the wire decides when.
 */
export class VirtualGpsReceiver {
  readonly rateHz: number;
  readonly faults: ReceiverFaults = { bytes: null, silent: false, midSentence: true };
  readonly #order: ReceiverOrder;
  readonly #read: (tripS: number) => GnssEpoch;
  readonly #random: Random;
  readonly #startAt: () => UnixMillis;

  constructor(options: {
    readonly read: (tripS: number) => GnssEpoch;
    /** UTC of trip second 0; asked when the first epoch is made. */
    readonly startAt: () => UnixMillis;
    readonly random: Random;
    readonly rateHz?: number;
    readonly order?: ReceiverOrder;
  }) {
    const rateHz = options.rateHz ?? 1;
    if (!Number.isInteger(rateHz) || rateHz < 1 || rateHz > MAX_RATE_HZ) {
      throw new RangeError(`a receiver's rate is a whole number from 1 to ${MAX_RATE_HZ} Hz`);
    }
    this.rateHz = rateHz;
    this.#order = options.order ?? "ublox";
    this.#read = options.read;
    this.#random = options.random;
    this.#startAt = options.startAt;
  }

  /** The trip second of an epoch, counted from 0. */
  epochS(index: number): number {
    return index / this.rateHz;
  }

  /** The bytes of one epoch; empty while silent. */
  epoch(index: number): Uint8Array {
    if (this.faults.silent) return new Uint8Array(0);
    const tripS = this.epochS(index);
    const { solution, timeKnown, satellitesInView } = this.#read(tripS);
    const at = timeKnown ? ((this.#startAt() + Math.round(tripS * 1000)) as UnixMillis) : null;
    const sky = skyAt(tripS, satellitesInView, solution === null);
    const text = epochText({ at, solution, sky }, this.#order, index);
    const bytes = spoil(text, this.faults.bytes, this.#random);
    if (!this.faults.midSentence) return bytes;
    this.faults.midSentence = false;
    return bytes.subarray(Math.min(17, bytes.length));
  }
}
