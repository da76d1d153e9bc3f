import { millis, RoadstreamError, splitPayload, type Clock } from "@roadstream/shared";
import type { ConnectUplink, UplinkConnection, UplinkMessage } from "../../ports.ts";

export interface Delivery {
  readonly at: number;
  readonly topic: string;
  readonly payload: Uint8Array;
  /** Null for a presence. */
  readonly run: {
    readonly bootId: string;
    readonly stream: string;
    readonly firstSeq: number;
    readonly lastSeq: number;
  } | null;
}

/** What the broker does with a publish: `acknowledge`, `ignore` (no PUBACK ever), or `hang_up`. */
export type Verdict = "acknowledge" | "ignore" | "hang_up";

/**
 * A broker behind a line of a given rate, in any clock's time. Publishes arrive one after the other, as in one socket;
 * connections before one that has ended are dead, and what was still on the line is lost.
 */
export class BrokerLine {
  readonly deliveries: Delivery[] = [];
  connections = 0;
  attempts = 0;
  /** Fault knobs. */
  connect: "accept" | "refuse_credentials" | "unreachable" | "never_answer" = "accept";
  verdict: (delivery: Delivery) => Verdict = () => "acknowledge";
  bytesPerSecond = 1_000_000;
  /** Of each publish, so many bytes go at once, as on a line that is throttled beyond a burst. */
  burstBytes = 0;
  subscriptions: "grant" | "refuse" | "never_answer" = "grant";
  /** Topics asked for, over all connections. */
  readonly subscribed: string[] = [];
  roundTripMs = 40;
  readonly #clock: Clock;
  #current: (() => void) | null = null;
  #listener: ((payload: Uint8Array) => void) | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The records that arrived, by identity, in the order of arrival. */
  get records(): readonly string[] {
    return this.deliveries.flatMap(({ run }) =>
      run === null
        ? []
        : Array.from(
            { length: run.lastSeq - run.firstSeq + 1 },
            (_, n) => `${run.stream}/${run.firstSeq + n}`,
          ),
    );
  }

  /** The line goes dead: whoever is connected is cut off. */
  cut(): void {
    this.#current?.();
    this.#current = null;
  }

  /** A message to whoever is connected and has subscribed. */
  tell(payload: string): void {
    this.#listener?.(new TextEncoder().encode(payload));
  }

  readonly connector: ConnectUplink = async (signal) => {
    this.attempts += 1;
    if (this.connect === "never_answer") await new Promise(() => undefined);
    await this.#clock.sleep(millis(this.roundTripMs), signal);
    if (this.connect === "refuse_credentials")
      throw new RoadstreamError("refused", "bad user name or password");
    if (this.connect === "unreachable") throw new RoadstreamError("unavailable", "no route to host");
    this.connections += 1;
    return this.#connection();
  };

  #connection(): UplinkConnection {
    let isOpen = true;
    let lineFreeAt = 0;
    const broken: (() => void)[] = [];
    const gone = (): RoadstreamError => new RoadstreamError("unavailable", "the connection has ended");
    let hangUp = (): void => undefined;
    const closed = new Promise<void>((resolve) => {
      hangUp = () => {
        isOpen = false;
        this.#listener = null;
        for (const reject of broken) reject();
        resolve();
      };
    });
    this.#current = hangUp;
    const arrive = async (message: UplinkMessage): Promise<void> => {
      const now = this.#clock.uptime();
      const throttled = Math.max(0, message.payload.length - this.burstBytes);
      lineFreeAt = Math.max(now, lineFreeAt) + (throttled * 1000) / this.bytesPerSecond;
      await this.#clock.sleep(millis(lineFreeAt - now + this.roundTripMs / 2));
      if (!isOpen) throw gone();
      const delivery = deliveryOf(message, this.#clock.uptime());
      const verdict = this.verdict(delivery);
      if (verdict === "hang_up") {
        hangUp();
        throw gone();
      }
      this.deliveries.push(delivery);
      if (verdict === "ignore") await new Promise(() => undefined);
      await this.#clock.sleep(millis(this.roundTripMs / 2));
      if (!isOpen) throw gone();
    };
    return {
      closed,
      publish: (message) =>
        new Promise((resolve, reject) => {
          broken.push(() => reject(gone()));
          arrive(message).then(resolve, reject);
        }),
      subscribe: async (topic, listener) => {
        this.subscribed.push(topic);
        if (this.subscriptions === "never_answer") await new Promise(() => undefined);
        await this.#clock.sleep(millis(this.roundTripMs));
        if (!isOpen) throw gone();
        if (this.subscriptions === "refuse") throw new RoadstreamError("refused", "not this topic");
        this.#listener = listener;
      },
      [Symbol.asyncDispose]: () => {
        hangUp();
        return Promise.resolve();
      },
    };
  }
}

const deliveryOf = ({ topic, payload }: UplinkMessage, at: number): Delivery => {
  const split = splitPayload(payload);
  return { at, topic, payload, run: split.kind === "with_header" ? split.header : null };
};
