import type { Clock, UptimeMillis } from "@roadstream/shared";
import type { Duplex } from "node:stream";
import { OrderedRelease } from "../ingest/ordered-release.ts";
import { PacketFramer, type ControlPacket } from "../ingest/packet-framer.ts";
import { CONNECT, parsePublish, pubacks, PUBLISH, type PublishPacket } from "../ingest/publish-packet.ts";
import { vehicleTopics, type VehicleTopics } from "../ingest/vehicle-topics.ts";
import {
  KEEPALIVE_LIMIT,
  MAX_CONNECT_PACKET_BYTES,
  MAX_PACKET_BYTES,
  MAX_PUBLISHES_PER_CLIENT,
} from "../limits.ts";
import type { Session } from "../ports.ts";
import type { FlowBudget } from "../route/flow-budget.ts";
import { BrokerSide } from "./broker-side.ts";

/** `greeting`: nothing has come. `waiting`: the CONNECT has, its answer has not gone out. */
type Stage = "greeting" | "waiting" | "ready" | "ended";

export interface VehicleConnectionOptions {
  readonly stream: Duplex;
  readonly budget: FlowBudget;
  readonly clock: Clock;
  readonly onPublish: (connection: VehicleConnection, publish: PublishPacket) => void;
}

/**
 * One client's connection, from accept to close. The acknowledgement of publishes is the gateway's own business, so the
 * MQTT library does not see them: packets are cut here, a PUBLISH goes to the router, and everything else to the broker.
 * What is held therefore keeps no PINGREQ waiting. Nothing is read while too much is held.
 */
export class VehicleConnection implements Session {
  readonly brokerSide: BrokerSide;
  readonly pending = new OrderedRelease();
  readonly #options: VehicleConnectionOptions;
  readonly #framer = new PacketFramer(MAX_CONNECT_PACKET_BYTES);
  readonly #goOn = (): void => this.#take();
  #stage: Stage = "greeting";
  #clientId = "";
  #topics: VehicleTopics | null = null;
  #isTaking = false;
  #isPaused = false;
  #brokerIsFull = false;
  /** Packet ids whose PUBACKs go out at the end of this task. */
  #acks: number[] = [];
  #heardAt: UptimeMillis;
  #silenceLimit: number = KEEPALIVE_LIMIT;
  /** Why we closed it; null while open and when the client did. */
  closeReason: string | null = null;
  subscriptions = 0;

  constructor(options: VehicleConnectionOptions) {
    this.#options = options;
    const { stream, clock } = options;
    this.#heardAt = clock.uptime();
    this.brokerSide = new BrokerSide(stream, () => this.#brokerWantsMore());
    stream.on("data", (chunk: Buffer) => {
      this.#heardAt = clock.uptime();
      this.#framer.push(chunk);
      this.#take();
    });
    stream.on("drain", this.#goOn);
    stream.once("end", () => this.brokerSide.push(null));
    stream.on("error", (error) => this.brokerSide.destroy(error));
    stream.once("close", () => this.#closed());
  }

  get stream(): Duplex {
    return this.#options.stream;
  }

  /** Empty until the client is known. */
  get clientId(): string {
    return this.#clientId;
  }

  get topics(): VehicleTopics | null {
    return this.#topics;
  }

  get isOpen(): boolean {
    return this.#topics !== null && !this.stream.destroyed;
  }

  /** The client has proven who it is. */
  admit(clientId: string): void {
    this.#clientId = clientId;
    this.#topics = vehicleTopics(clientId);
  }

  /** It has been told so (CONNACK): publishes may come. */
  ready(): void {
    if (this.#stage !== "waiting") return;
    this.#stage = "ready";
    this.#framer.limit = MAX_PACKET_BYTES;
    this.#take();
  }

  /** §3.1.2.10: what the client promises, at most our own limit; half of it more is waited. */
  set keepalive(ms: number) {
    this.#silenceLimit = ms === 0 ? KEEPALIVE_LIMIT : Math.min(ms, KEEPALIVE_LIMIT);
  }

  /** Whether it has been silent for longer than it promised, or has not taken what was sent to it for as long. */
  isSilent(now: UptimeMillis): boolean {
    // What we do not read for our own sake we cannot hear.
    if (this.#isPaused && !this.stream.writableNeedDrain) return false;
    return now - this.#heardAt > 1.5 * this.#silenceLimit;
  }

  /** Acknowledges a publish; those of one task go out together. */
  acknowledge(packetId: number): void {
    this.#acks.push(packetId);
    if (this.#acks.length === 1) queueMicrotask(() => this.#flush());
  }

  /** Call when a publish was released: reading may go on. */
  released(): void {
    if (this.#isPaused && this.pending.size <= MAX_PUBLISHES_PER_CLIENT / 2) this.#take();
  }

  /** No more packets are taken from it; what is held may still be acknowledged. */
  stopReading(): void {
    this.#stage = "ended";
    this.#pause();
  }

  /** Ends our side. What the client still sends is thrown away, so that its own end of the stream is seen. */
  goodbye(reason: string): void {
    this.closeReason ??= reason;
    this.#stage = "ended";
    this.#flush();
    this.stream.removeAllListeners("data");
    this.stream.end();
    this.stream.resume();
  }

  destroy(reason: string): void {
    this.closeReason ??= reason;
    this.#stage = "ended";
    this.stream.destroy();
  }

  #closed(): void {
    this.#stage = "ended";
    this.pending.clear();
    this.#options.budget.forget(this.#goOn);
    this.brokerSide.destroy();
  }

  /** Takes what has come, as long as there is room for it; else the socket waits. */
  #take(): void {
    if (this.#isTaking) return;
    this.#isTaking = true;
    while (this.#hasRoom()) {
      const packet = this.#framer.next();
      if (packet === null) {
        this.#resume();
        break;
      }
      if (typeof packet === "string") this.destroy(packet);
      else this.#handle(packet);
    }
    this.#isTaking = false;
  }

  #handle(packet: ControlPacket): void {
    if (packet.type !== PUBLISH) {
      if (this.#stage === "greeting") this.#stage = "waiting";
      this.#brokerIsFull = !this.brokerSide.push(packet.bytes);
      return;
    }
    const publish = parsePublish(packet);
    if (publish === null) this.destroy("malformed_packet");
    else this.#options.onPublish(this, publish);
  }

  #hasRoom(): boolean {
    if (this.#stage === "greeting") return this.#greetsRightly();
    if (this.#stage === "ready" && !this.#brokerIsFull && !this.stream.writableNeedDrain) {
      const { budget } = this.#options;
      if (!budget.isFull && this.pending.size < MAX_PUBLISHES_PER_CLIENT) return true;
      if (budget.isFull) budget.whenRoom(this.#goOn);
    }
    this.#pause();
    return false;
  }

  /** §3.1.0: what is not a CONNECT is no client of ours, and is not waited for. */
  #greetsRightly(): boolean {
    const type = this.#framer.nextType;
    if (type === null || type === CONNECT) return true;
    this.destroy("no_connect");
    return false;
  }

  #pause(): void {
    if (this.#isPaused) return;
    this.#isPaused = true;
    this.stream.pause();
  }

  #resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    // Silence counts from here: what the client sent meanwhile has waited for us.
    this.#heardAt = this.#options.clock.uptime();
    this.stream.resume();
  }

  #brokerWantsMore(): void {
    if (!this.#brokerIsFull) return;
    this.#brokerIsFull = false;
    this.#take();
  }

  #flush(): void {
    if (this.#acks.length === 0) return;
    const bytes = pubacks(this.#acks);
    this.#acks = [];
    if (!this.stream.destroyed) this.stream.write(bytes);
  }
}
