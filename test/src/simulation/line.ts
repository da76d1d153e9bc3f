import { millis, randomBelow, RoadstreamError, type Clock, type Random } from "@roadstream/shared";
import type { UplinkConnection, UplinkMessage } from "@roadstream/agent/testing";

const MAX_DELAY_MS = 30;

/** One direction of a TCP connection: in order, each message a little late. */
class Wire {
  readonly #clock: Clock;
  readonly #random: Random;
  #onTheWay: { deliver: (() => void) | null }[] = [];
  #lastDue = 0;
  #isMute = false;

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  send(deliver: () => void): void {
    if (this.#isMute) return;
    const message: { deliver: (() => void) | null } = { deliver };
    this.#onTheWay.push(message);
    const now = this.#clock.uptime();
    this.#lastDue = Math.max(this.#lastDue, now + randomBelow(this.#random, MAX_DELAY_MS));
    void this.#clock.sleep(millis(this.#lastDue - now)).then(() => {
      this.#onTheWay = this.#onTheWay.filter((other) => other !== message);
      message.deliver?.();
    });
  }

  /** The sender is gone: some of what it sent last does not arrive. */
  cut(): void {
    for (const lost of this.#onTheWay.slice(randomBelow(this.#random, this.#onTheWay.length + 1)))
      lost.deliver = null;
  }

  /** From now on nothing arrives, and nobody is told. */
  mute(): void {
    this.#isMute = true;
    for (const lost of this.#onTheWay) lost.deliver = null;
  }
}

/** What a gateway does with a car's connection. */
export interface GatewayEnd {
  received(message: UplinkMessage, packet: number): void;
  closed(): void;
}

/** A car's connection to a gateway. Acknowledgements travel as late and are lost as easily as messages. */
export class Line implements UplinkConnection {
  readonly closed: Promise<void>;
  readonly #up: Wire;
  readonly #down: Wire;
  readonly #unanswered = new Map<number, { resolve: () => void; reject: (gone: RoadstreamError) => void }>();
  #closeHere: () => void = () => undefined;
  #packets = 0;
  #isOpen = true;
  #isBroken = false;
  #gateway: GatewayEnd | null = null;
  #listener: (payload: Uint8Array) => void = () => undefined;

  constructor(clock: Clock, random: Random) {
    this.#up = new Wire(clock, random);
    this.#down = new Wire(clock, random);
    this.closed = new Promise((resolve) => {
      this.#closeHere = resolve;
    });
  }

  attach(gateway: GatewayEnd): void {
    this.#gateway = gateway;
  }

  publish(message: UplinkMessage): Promise<void> {
    return new Promise((resolve, reject) => {
      if (!this.#isOpen) return reject(gone());
      const packet = (this.#packets += 1);
      this.#unanswered.set(packet, { resolve, reject });
      this.#up.send(() => this.#gateway?.received(message, packet));
    });
  }

  /** There is one topic to hear of. */
  subscribe(_: string, listener: (payload: Uint8Array) => void): Promise<void> {
    this.#listener = listener;
    return Promise.resolve();
  }

  /** A message to the car, if it listens. */
  tell(payload: string): void {
    const bytes = new TextEncoder().encode(payload);
    this.#down.send(() => {
      if (this.#isOpen) this.#listener(bytes);
    });
  }

  /** PUBACK. */
  acknowledge(packet: number): void {
    this.#down.send(() => {
      this.#unanswered.get(packet)?.resolve();
      this.#unanswered.delete(packet);
    });
  }

  /** Either end, or something between, ends the connection; what is on its way may arrive or not. */
  break(): void {
    if (this.#isBroken) return;
    this.#isBroken = true;
    this.#up.cut();
    this.#down.cut();
    this.#up.send(() => this.#gateway?.closed());
    this.#down.send(() => this.#endHere());
  }

  /** The network goes dead; both ends go on believing. */
  mute(): void {
    this.#up.mute();
    this.#down.mute();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#endHere();
    this.break();
    return Promise.resolve();
  }

  #endHere(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    for (const { reject } of this.#unanswered.values()) reject(gone());
    this.#unanswered.clear();
    this.#closeHere();
  }
}

const gone = (): RoadstreamError => new RoadstreamError("unavailable", "the connection has ended");
