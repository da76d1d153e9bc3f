import { isRoadstreamError, RoadstreamError, type ByteChannel } from "@roadstream/shared";
import type { VirtualGpsReceiver } from "../receiver/virtual-gps-receiver.ts";
import type { TripClock } from "./trip-clock.ts";

/** The receiver's end of one serial line, from plugging in until unplugging. */
export class GpsChannel implements ByteChannel {
  readonly name = "bench:gps";
  readonly #receiver: VirtualGpsReceiver;
  readonly #trip: TripClock;
  readonly #unplugged = new AbortController();
  readonly #closed = new AbortController();

  constructor(receiver: VirtualGpsReceiver, trip: TripClock) {
    this.#receiver = receiver;
    this.#trip = trip;
  }

  /**
   * One epoch a chunk. The reader's own pace is the back-pressure: an epoch is made when it is asked for and never
   * queued. Ends with the trip.
   */
  async *read(signal: AbortSignal): AsyncIterable<Uint8Array> {
    using timer = this.#trip.follow();
    const stop = AbortSignal.any([signal, this.#unplugged.signal, this.#closed.signal]);
    const first = Math.ceil(this.#trip.tripS() * this.#receiver.rateHz);
    for (let index = first; ; index += 1) {
      let isDriving: boolean;
      try {
        isDriving = await timer.until(this.#receiver.epochS(index), stop);
      } catch (error) {
        if (this.#unplugged.signal.aborted) throw lost();
        if (isRoadstreamError(error, "aborted")) return;
        throw error;
      }
      if (!isDriving) return;
      const bytes = this.#receiver.epoch(index);
      if (bytes.length > 0) yield bytes;
    }
  }

  write(): Promise<void> {
    return Promise.reject(new RoadstreamError("refused", "the virtual receiver takes no commands"));
  }

  unplug(): void {
    this.#unplugged.abort();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort();
    return Promise.resolve();
  }
}

const lost = (): RoadstreamError => new RoadstreamError("channel_lost", "receiver unplugged");
