import {
  isRoadstreamError,
  millis,
  type ByteChannel,
  type Clock,
  type DurationMs,
  type UptimeMillis,
} from "@roadstream/shared";
import type { Epoch } from "../nmea/epoch.ts";
import { NmeaParser, type NmeaCounts } from "../nmea/nmea-parser.ts";

/** `spoke`: at least one sentence came, so the device is worth asking again soon. */
export type SessionEnd =
  | { readonly why: "ended" }
  | {
      readonly why: "lost";
      readonly reason: "open_failed" | "channel_lost" | "silent" | "no_nmea";
      readonly spoke: boolean;
    };

export interface GpsSessionOptions {
  readonly channel: ByteChannel;
  readonly clock: Clock;
  readonly mode: "live" | "replay";
  readonly silence: DurationMs;
  readonly onSentence: () => void;
  readonly onEpoch: (epoch: Epoch) => Promise<void>;
  readonly onCounts: (counts: NmeaCounts) => void;
}

/** Long enough for bytes that have arrived to be seen before silence is declared. */
const LEAST_WAIT_MS = 20;

type Event =
  | { readonly kind: "chunk"; readonly bytes: Uint8Array }
  | { readonly kind: "closed" }
  | { readonly kind: "failed"; readonly error: unknown }
  | { readonly kind: "timer" }
  | { readonly kind: "cancelled" };

const eventOf = (result: IteratorResult<Uint8Array>): Event =>
  result.done === true ? { kind: "closed" } : { kind: "chunk", bytes: result.value };

/** Reads one channel until it ends, is lost, falls silent or is cancelled. */
export class GpsSession {
  readonly #options: GpsSessionOptions;
  readonly #parser = new NmeaParser();
  #lastSentenceAt: UptimeMillis;
  #bytesSinceSentence = 0;
  #timer: AbortController | null = null;

  constructor(options: GpsSessionOptions) {
    this.#options = options;
    this.#lastSentenceAt = options.clock.uptime();
  }

  async run(signal: AbortSignal): Promise<SessionEnd> {
    const stop = new AbortController();
    const cancel = (): void => {
      stop.abort();
      this.#timer?.abort();
    };
    if (signal.aborted) cancel();
    signal.addEventListener("abort", cancel, { once: true });
    try {
      return await this.#read(stop.signal);
    } finally {
      signal.removeEventListener("abort", cancel);
      stop.abort();
    }
  }

  async #read(signal: AbortSignal): Promise<SessionEnd> {
    const { channel, mode, clock, onEpoch, onCounts } = this.#options;
    const chunks = channel.read(signal)[Symbol.asyncIterator]();
    const nextChunk = (): Promise<Event> =>
      chunks.next().then(eventOf, (error: unknown): Event => ({ kind: "failed", error }));
    let pending = nextChunk();
    while (!signal.aborted) {
      const event = mode === "replay" ? await pending : await Promise.race([pending, this.#wake()]);
      this.#timer?.abort();
      switch (event.kind) {
        case "chunk":
          await this.#takeBytes(event.bytes);
          pending = nextChunk();
          break;
        case "timer": {
          const epoch = this.#parser.expire(clock.uptime());
          if (epoch !== null) await onEpoch(epoch);
          onCounts(this.#parser.counts);
          break;
        }
        case "closed":
          await this.#finish();
          return { why: "ended" };
        case "failed":
          if (signal.aborted) return { why: "ended" };
          if (!isRoadstreamError(event.error, "channel_lost")) throw event.error;
          await this.#finish();
          return this.#lost("channel_lost");
        case "cancelled":
          return { why: "ended" };
      }
      if (this.#isSilent()) {
        await this.#finish();
        return this.#lost(this.#bytesSinceSentence === 0 ? "silent" : "no_nmea");
      }
    }
    return { why: "ended" };
  }

  /** The moment at which silence means something: the end of the epoch, or of patience. */
  #wake(): Promise<Event> {
    const { clock, silence } = this.#options;
    const due = Math.min(this.#parser.deadline ?? Number.POSITIVE_INFINITY, this.#lastSentenceAt + silence);
    this.#timer = new AbortController();
    return clock.sleep(millis(Math.max(LEAST_WAIT_MS, due - clock.uptime())), this.#timer.signal).then(
      (): Event => ({ kind: "timer" }),
      (): Event => ({ kind: "cancelled" }),
    );
  }

  async #takeBytes(bytes: Uint8Array): Promise<void> {
    const { clock, onEpoch, onSentence, onCounts } = this.#options;
    const now = clock.uptime();
    const before = this.#parser.accepted;
    this.#parser.push(bytes);
    this.#bytesSinceSentence += bytes.length;
    for (let epoch = this.#parser.next(now); epoch !== null; epoch = this.#parser.next(now))
      await onEpoch(epoch);
    if (this.#parser.accepted > before) {
      this.#lastSentenceAt = clock.uptime();
      this.#bytesSinceSentence = 0;
      onSentence();
    }
    onCounts(this.#parser.counts);
  }

  /** Gives out the epoch under way: what the receiver said is said. */
  async #finish(): Promise<void> {
    this.#parser.end();
    const { clock, onEpoch, onCounts } = this.#options;
    const now = clock.uptime();
    for (let epoch = this.#parser.next(now); epoch !== null; epoch = this.#parser.next(now))
      await onEpoch(epoch);
    onCounts(this.#parser.counts);
  }

  #isSilent(): boolean {
    const { mode, clock, silence } = this.#options;
    return mode === "live" && clock.uptime() - this.#lastSentenceAt >= silence;
  }

  #lost(reason: Extract<SessionEnd, { why: "lost" }>["reason"]): SessionEnd {
    return { why: "lost", reason, spoke: this.#parser.accepted > 0 };
  }
}
