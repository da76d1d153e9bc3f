import type { UptimeMillis } from "@roadstream/shared";
import { SentenceDecoder, SENTENCE_TYPES, type SentenceType } from "./decode-sentence.ts";
import { EpochGrouper, type EpochCounts } from "./epoch-grouper.ts";
import type { Epoch } from "./epoch.ts";
import { NmeaFramer, type DiscardReason, type FramerCounts } from "./framer.ts";
import type { Fault } from "./sentence.ts";

export interface NmeaCounts {
  readonly framer: FramerCounts;
  readonly epochs: EpochCounts;
  readonly sentences: Readonly<Record<SentenceType, number>>;
  readonly unsupported: number;
  readonly refused: Readonly<Partial<Record<Fault, number>>>;
  /** Bytes by reason. */
  readonly discarded: Readonly<Partial<Record<DiscardReason, number>>>;
}

/**
 * Bytes in, epochs out: framer, decoders and grouping in a row, without I/O or a clock. Push a chunk with the time at
 * which it came, pull epochs until null. Call {@link expire} when {@link deadline} has passed and no bytes have come: only
 * who waits for them can tell a silent device from a late reader.
 */
export class NmeaParser {
  readonly #framer = new NmeaFramer();
  readonly #decoder = new SentenceDecoder();
  readonly #grouper = new EpochGrouper();
  readonly #sentences = Object.fromEntries(SENTENCE_TYPES.map((type) => [type, 0])) as Record<
    SentenceType,
    number
  >;
  readonly #refused: Partial<Record<Fault, number>> = {};
  readonly #discarded: Partial<Record<DiscardReason, number>> = {};
  #unsupported = 0;
  #accepted = 0;
  #ended = false;

  get counts(): NmeaCounts {
    return {
      framer: this.#framer.counts,
      epochs: this.#grouper.counts,
      sentences: { ...this.#sentences },
      unsupported: this.#unsupported,
      refused: { ...this.#refused },
      discarded: { ...this.#discarded },
    };
  }

  /** Sentences decoded so far: grows only while the device speaks NMEA. */
  get accepted(): number {
    return this.#accepted;
  }

  get deadline(): UptimeMillis | null {
    return this.#grouper.deadline;
  }

  push(bytes: Uint8Array): void {
    this.#framer.push(bytes);
  }

  /** No more bytes come; `next` then gives what is left. */
  end(): void {
    this.#framer.end();
    this.#ended = true;
  }

  /** The epoch that silence has ended, if `now` is past the deadline. */
  expire(now: UptimeMillis): Epoch | null {
    return this.#grouper.expire(now);
  }

  /** The next complete epoch of the bytes pushed, which came in at `now`; null when there is none yet. */
  next(now: UptimeMillis): Epoch | null {
    for (let item = this.#framer.next(); item !== null; item = this.#framer.next()) {
      if (item.kind === "discarded") {
        this.#discarded[item.reason] = (this.#discarded[item.reason] ?? 0) + item.bytes;
        continue;
      }
      const sentence = this.#decoder.decode(item);
      if (sentence.type === "unsupported") {
        this.#unsupported += 1;
        continue;
      }
      if (sentence.type === "refused") {
        this.#refused[sentence.reason] = (this.#refused[sentence.reason] ?? 0) + 1;
        continue;
      }
      this.#sentences[sentence.type] += 1;
      this.#accepted += 1;
      const epoch = this.#grouper.accept(sentence, now);
      if (epoch !== null) return epoch;
    }
    return this.#ended ? this.#grouper.end() : null;
  }
}
