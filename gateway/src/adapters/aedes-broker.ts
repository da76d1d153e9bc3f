import { Aedes, type AedesOptions, type Client, type PublishPacket } from "aedes";
import {
  CONNECT_LIMIT,
  DRAIN_LIMIT,
  KEEPALIVE_LIMIT,
  MAX_RETAINED_STATUSES,
  MAX_TOPIC_LEVELS,
} from "../limits.ts";

type Done = (error?: Error) => void;
type PublishAs = (packet: PublishPacket, client: Client | null, done: Done) => void;

/** Decides whether a client's publish goes on to retention and subscribers; only a vehicle's status does. */
export type ForwardRule = (client: Client, packet: PublishPacket) => boolean;

const doNothing: Done = () => undefined;

/**
 * aedes 1.2 with the way behind the acknowledgement cut off: what vehicles publish belongs to the event log, which has
 * it when `authorizePublish` lets go, so nothing of it is queued, matched or stored here.
 */
export class GatewayBroker extends Aedes {
  readonly #forwards: ForwardRule;
  readonly #retained = new Set<string>();

  constructor(options: AedesOptions, forwards: ForwardRule) {
    super({
      connectTimeout: CONNECT_LIMIT,
      keepaliveLimit: KEEPALIVE_LIMIT / 1000,
      drainTimeout: DRAIN_LIMIT,
      maxTopicLevels: MAX_TOPIC_LEVELS,
      // MQTT 3.1 allows an id of 23 characters, every broker more; ours are checked by the contract's own rule.
      maxClientsIdLength: 64,
      ...options,
    });
    this.#forwards = forwards;
  }

  override publish(packet: PublishPacket, second?: Client | Done | null, third?: Done): void {
    const client = typeof second === "function" ? null : (second ?? null);
    const done = (typeof second === "function" ? second : third) ?? doNothing;
    if (client !== null && !this.#forwards(client, packet)) return done();
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
