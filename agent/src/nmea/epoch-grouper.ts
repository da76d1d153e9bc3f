import { uptimeMillis, type UptimeMillis } from "@roadstream/shared";
import type { Decoded } from "./decode-sentence.ts";
import type { Epoch, TimedSentence } from "./epoch.ts";
import type { Zda } from "./zda.ts";

/**
 * Groups sentences into epochs by their UTC time field, because no sentence is the first of a cycle everywhere: u-blox
 * begins with RMC, SiRF and MTK with GGA, Quectel ends with RMC.
 *
 * - A timed sentence with another time than the epoch under way ends it. So does one of a type that the epoch has
 *   already with another position (a receiver that is faster than the digits of its time field), or, where the time
 *   is blank, any repetition of a type.
 * - A timed sentence with a blank time joins the epoch under way if its type is not there yet.
 * - VTG, GSA and GSV have no time: they belong to the epoch under way.
 * - {@link EPOCH_SILENCE_MS} without a sentence ends the epoch too, so that the last one does not wait for the next;
 *   what still comes for it later is counted as late and makes no second row.
 */
export const EPOCH_SILENCE_MS = 300;

export interface EpochCounts {
  readonly epochs: number;
  /** Sentences of an epoch that silence had already ended. */
  readonly late: number;
  /** VTG, GSA, GSV before the first epoch or after its end. */
  readonly unattached: number;
}

type Open = { -readonly [K in keyof Epoch]: Epoch[K] };
type Place = "rmc" | "gga" | "gns" | "gll" | "zda";
const PLACES: Readonly<Record<TimedSentence["type"], Place>> = {
  RMC: "rmc",
  GGA: "gga",
  GNS: "gns",
  GLL: "gll",
  ZDA: "zda",
};

const openEpoch = (timeOfDayMs: number | null, uptime: UptimeMillis): Open => ({
  uptime,
  timeOfDayMs,
  rmc: null,
  gga: null,
  gns: null,
  gll: null,
  zda: null,
  vtg: null,
  gsa: null,
});

export class EpochGrouper {
  #open: Open | null = null;
  #lastAt: UptimeMillis | null = null;
  /** The epoch that silence ended last: only sentences of its time can be late. */
  #silenced: Epoch | null = null;
  #epochs = 0;
  #late = 0;
  #unattached = 0;

  get counts(): EpochCounts {
    return { epochs: this.#epochs, late: this.#late, unattached: this.#unattached };
  }

  /** When {@link expire} is due; null while no epoch is under way. */
  get deadline(): UptimeMillis | null {
    return this.#open === null || this.#lastAt === null
      ? null
      : uptimeMillis(this.#lastAt + EPOCH_SILENCE_MS);
  }

  /** Takes the next sentence; gives the epoch that it ended, if any. */
  accept(sentence: Decoded, now: UptimeMillis): Epoch | null {
    switch (sentence.type) {
      case "VTG":
        this.#attach(now, (open) => (open.vtg = sentence));
        return null;
      case "GSA":
        this.#attach(now, (open) => {
          // A receiver without satellites of one system says "no fix" for that system alone.
          if (open.gsa === null || (sentence.fix ?? 0) >= (open.gsa.fix ?? 0)) open.gsa = sentence;
        });
        return null;
      case "GSV":
        this.#attach(now, () => undefined);
        return null;
      case "RMC":
      case "GGA":
      case "GNS":
      case "GLL":
      case "ZDA": {
        return this.#timed(sentence, now);
      }
    }
    return sentence satisfies never;
  }

  /** Ends the epoch under way if silence has lasted long enough. */
  expire(now: UptimeMillis): Epoch | null {
    const { deadline } = this;
    if (deadline === null || now < deadline) return null;
    this.#silenced = this.#open;
    return this.#close();
  }

  /** Ends the epoch under way because nothing more comes. */
  end(): Epoch | null {
    return this.#close();
  }

  #attach(now: UptimeMillis, place: (open: Open) => void): void {
    if (this.#open === null) {
      this.#unattached += 1;
      return;
    }
    this.#lastAt = now;
    place(this.#open);
  }

  #timed(sentence: TimedSentence, now: UptimeMillis): Epoch | null {
    const open = this.#open;
    if (open === null && this.#isLate(sentence)) {
      this.#late += 1;
      return null;
    }
    this.#lastAt = now;
    if (open !== null && belongs(open, sentence)) {
      put(open, sentence);
      return null;
    }
    const ended = this.#close();
    this.#silenced = null;
    this.#open = openEpoch(sentence.timeOfDayMs, now);
    put(this.#open, sentence);
    return ended;
  }

  #isLate(sentence: TimedSentence): boolean {
    const last = this.#silenced;
    return last !== null && last.timeOfDayMs === sentence.timeOfDayMs && last[PLACES[sentence.type]] === null;
  }

  #close(): Epoch | null {
    const ended = this.#open;
    this.#open = null;
    if (ended !== null) this.#epochs += 1;
    return ended;
  }
}

const belongs = (open: Open, sentence: TimedSentence): boolean => {
  const before = open[PLACES[sentence.type]];
  if (sentence.timeOfDayMs === null) return before === null;
  if (sentence.timeOfDayMs !== open.timeOfDayMs) return false;
  return before === null || before.talker !== sentence.talker || saysTheSame(before, sentence);
};

const saysTheSame = (a: TimedSentence, b: TimedSentence): boolean => {
  if (a.type === "ZDA" || b.type === "ZDA") return true;
  return a.latitude === b.latitude && a.longitude === b.longitude && isVoid(a) === isVoid(b);
};

const isVoid = (sentence: Exclude<TimedSentence, Zda>): boolean => {
  if (sentence.type === "GGA") return sentence.quality === 0;
  return sentence.mode === "not_valid" || (sentence.type !== "GNS" && !sentence.active);
};

/**
 * The first of a type stays, but a void one takes its place: a fix that one talker denies is none. Of GNS only the first
 * speaks for the whole receiver.
 */
const put = (open: Open, sentence: TimedSentence): void => {
  switch (sentence.type) {
    case "RMC":
      if (open.rmc === null || isVoid(sentence)) open.rmc = sentence;
      return;
    case "GGA":
      if (open.gga === null || isVoid(sentence)) open.gga = sentence;
      return;
    case "GLL":
      if (open.gll === null || isVoid(sentence)) open.gll = sentence;
      return;
    case "GNS":
      open.gns ??= sentence;
      return;
    case "ZDA":
      open.zda ??= sentence;
  }
};
