import { RoadstreamError, type ByteChannel, type OpenByteChannel } from "@roadstream/shared";
import type { ReceiverFaults, VirtualGpsReceiver } from "../receiver/virtual-gps-receiver.ts";
import { GpsChannel } from "./gps-channel.ts";
import type { TripClock } from "./trip-clock.ts";

/** Where the receiver is plugged in: each `open` is the port of that same receiver, in the middle of what it says. */
export class GpsSocket {
  readonly #receiver: VirtualGpsReceiver;
  readonly #trip: TripClock;
  #channel: GpsChannel | null = null;
  #isPlugged = true;

  constructor(receiver: VirtualGpsReceiver, trip: TripClock) {
    this.#receiver = receiver;
    this.#trip = trip;
  }

  get faults(): ReceiverFaults {
    return this.#receiver.faults;
  }

  readonly open: OpenByteChannel = async (): Promise<ByteChannel> => {
    if (!this.#isPlugged) throw new RoadstreamError("channel_lost", "no receiver in the socket");
    this.#channel?.unplug();
    this.#receiver.faults.midSentence = true;
    this.#channel = new GpsChannel(this.#receiver, this.#trip);
    return this.#channel;
  };

  /** The reader of the open channel sees `channel_lost`, and so does every opening until `plugIn`. */
  unplug(): void {
    this.#isPlugged = false;
    this.#channel?.unplug();
    this.#channel = null;
  }

  plugIn(): void {
    this.#isPlugged = true;
  }
}
