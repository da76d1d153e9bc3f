import { Aedes, type AedesOptions, type Client, type PublishPacket } from "aedes";
import { CONNECT_LIMIT, DRAIN_LIMIT, MAX_RETAINED_STATUSES, MAX_TOPIC_LEVELS } from "../limits.ts";

type Done = (error?: Error) => void;
type PublishAs = (packet: PublishPacket, client: Client | null, done: Done) => void;

const doNothing: Done = () => undefined;

/**
 * aedes 1.2 for what is not the way of the readings: sessions, subscriptions, statuses, receipts, last wills. Keepalive
 * is not its business, since it does not see every packet.
 */
export class GatewayBroker extends Aedes {
  readonly #retained = new Set<string>();

  constructor(options: AedesOptions) {
    super({
      connectTimeout: CONNECT_LIMIT,
      drainTimeout: DRAIN_LIMIT,
      maxTopicLevels: MAX_TOPIC_LEVELS,
      // MQTT 3.1 allows an id of 23 characters, every broker more; ours are checked by the contract's own rule.
      maxClientsIdLength: 64,
      ...options,
    });
  }

  override publish(packet: PublishPacket, second?: Client | Done | null, third?: Done): void {
    const client = typeof second === "function" ? null : (second ?? null);
    const done = (typeof second === "function" ? second : third) ?? doNothing;
    if (packet.retain) packet.retain = this.#mayRetain(packet);
    (super.publish as unknown as PublishAs).call(this, packet, client, done);
  }

  /** Retained messages have a number; an empty one deletes what is retained (MQTT 3.1.1 §3.3.1.3). */
  #mayRetain(packet: PublishPacket): boolean {
    if (packet.payload.length === 0) return this.#retained.delete(packet.topic);
    if (!this.#retained.has(packet.topic) && this.#retained.size >= MAX_RETAINED_STATUSES) return false;
    this.#retained.add(packet.topic);
    return true;
  }
}
