import {
  isRoadstreamError,
  millis,
  RoadstreamError,
  type ByteChannel,
  type Clock,
  type OpenByteChannel,
  type Random,
} from "@roadstream/shared";
import { VirtualElm327, type VirtualElm327Options } from "./virtual-elm327.ts";

export type Elm327SocketOptions = VirtualElm327Options & {
  readonly clock: Clock;
  /** Output is handed over in pieces of at most this many bytes, cut anywhere. */
  readonly chunkBytes?: number;
};

/**
 * The car's diagnostic socket with an adapter in it: each `open` is a cable to that same adapter; `unplug` pulls it out
 * in the middle of anything, and a new one starts when it is plugged in again.
 */
export class Elm327Socket {
  readonly #options: Elm327SocketOptions;
  #adapter: VirtualElm327 | null;
  #cable: Cable | null = null;

  constructor(options: Elm327SocketOptions) {
    this.#options = options;
    this.#adapter = new VirtualElm327({ ...options, now: options.clock.uptime() });
  }

  /** Null while unplugged. */
  get adapter(): VirtualElm327 | null {
    return this.#adapter;
  }

  readonly open: OpenByteChannel = (): Promise<ByteChannel> => {
    if (this.#adapter === null)
      return Promise.reject(new RoadstreamError("channel_lost", "no adapter in the socket"));
    this.#cable?.lose();
    this.#cable = new Cable(this.#adapter, this.#options);
    return Promise.resolve(this.#cable);
  };

  unplug(): void {
    this.#adapter = null;
    this.#cable?.lose();
    this.#cable = null;
  }

  plugIn(): void {
    this.unplug();
    this.#adapter = new VirtualElm327({ ...this.#options, now: this.#options.clock.uptime() });
  }

  /** The supply dips; see {@link VirtualElm327.brownOut}. */
  brownOut(): void {
    this.#adapter?.brownOut(this.#options.clock.uptime());
    this.#cable?.wake();
  }
}

class Cable implements ByteChannel {
  readonly name = "bench:elm327";
  readonly #adapter: VirtualElm327;
  readonly #clock: Clock;
  readonly #chunkBytes: number;
  readonly #random: Random;
  #state: "open" | "lost" | "closed" = "open";
  #wake: (() => void) | null = null;

  constructor(adapter: VirtualElm327, options: Elm327SocketOptions) {
    this.#adapter = adapter;
    this.#clock = options.clock;
    this.#chunkBytes = options.chunkBytes ?? 64;
    this.#random = options.random;
  }

  lose(): void {
    if (this.#state === "open") this.#state = "lost";
    this.wake();
  }

  wake(): void {
    this.#wake?.();
  }

  async *read(signal: AbortSignal): AsyncIterable<Uint8Array> {
    for (;;) {
      if (this.#state === "lost") throw new RoadstreamError("channel_lost", "adapter unplugged");
      if (this.#state === "closed" || signal.aborted) return;
      const due = this.#adapter.pull(this.#clock.uptime());
      for (let at = 0; at < due.length;) {
        const size = 1 + Math.floor(this.#random.next() * this.#chunkBytes);
        yield due.subarray(at, at + size);
        at += size;
      }
      if (due.length === 0) await this.#change(signal);
    }
  }

  write(bytes: Uint8Array): Promise<void> {
    if (this.#state !== "open")
      return Promise.reject(new RoadstreamError("channel_lost", "adapter unplugged"));
    this.#adapter.push(bytes, this.#clock.uptime());
    this.wake();
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    if (this.#state === "open") this.#state = "closed";
    this.wake();
    return Promise.resolve();
  }

  /** Resolves when output is due, something was written, or the cable or the reader has gone. */
  async #change(signal: AbortSignal): Promise<void> {
    const timer = new AbortController();
    const stop = (): void => timer.abort();
    signal.addEventListener("abort", stop, { once: true });
    const changed = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    const next = this.#adapter.nextAt;
    const waits: Promise<void>[] = [changed];
    const gone = Promise.withResolvers<void>();
    timer.signal.addEventListener("abort", () => gone.resolve(), { once: true });
    waits.push(gone.promise);
    if (next !== null) {
      const wait = this.#clock.sleep(millis(Math.max(0, next - this.#clock.uptime())), timer.signal);
      waits.push(
        wait.catch((error: unknown) => {
          if (!isRoadstreamError(error, "aborted")) throw error;
        }),
      );
    }
    try {
      await Promise.race(waits);
    } finally {
      signal.removeEventListener("abort", stop);
      timer.abort();
      this.#wake = null;
    }
  }
}
