import type { Client } from "aedes";
import type { Duplex } from "node:stream";
import { OrderedRelease } from "../ingest/ordered-release.ts";
import { PacketGuard } from "../ingest/packet-guard.ts";
import { vehicleTopics, type VehicleTopics } from "../ingest/vehicle-topics.ts";
import { MAX_CONNECT_PACKET_BYTES, MAX_PACKET_BYTES, MAX_PUBLISHES_PER_CLIENT } from "../limits.ts";
import type { Session } from "../ports.ts";
import type { FlowBudget } from "../route/flow-budget.ts";

/**
 * One client's connection, from accept to close. aedes 1.2 takes bytes by `conn.read()` and knows neither a packet size
 * limit nor back-pressure beyond one read; so `read` is ours: it follows the packets' framing, and gives nothing while
 * too much is held. (aedes' own pause() loses count of the packets being handled and never reads again.)
 */
export class VehicleConnection implements Session {
  readonly stream: Duplex;
  readonly pending = new OrderedRelease();
  readonly #budget: FlowBudget;
  readonly #takeBytes: Duplex["read"];
  readonly #guard = new PacketGuard(MAX_CONNECT_PACKET_BYTES);
  readonly #readAgain = (): void => this.#resume();
  #client: Client | null = null;
  #topics: VehicleTopics | null = null;
  #isWaiting = false;
  #isStopped = false;
  /** Why we closed it; null while open and when the client did. */
  closeReason: string | null = null;
  subscriptions = 0;

  constructor(stream: Duplex, budget: FlowBudget) {
    this.stream = stream;
    this.#budget = budget;
    this.#takeBytes = stream.read.bind(stream);
    stream.read = (size?: number): unknown => this.#read(size);
  }

  /** Empty until the client is known. */
  get clientId(): string {
    return this.#client?.id ?? "";
  }

  get topics(): VehicleTopics | null {
    return this.#topics;
  }

  get isOpen(): boolean {
    return this.#client !== null && !this.stream.destroyed;
  }

  /** The client has proven who it is; from here on publishes may come. */
  admit(client: Client): void {
    this.#client = client;
    this.#topics = vehicleTopics(client.id);
    this.#guard.limit = MAX_PACKET_BYTES;
  }

  /** Call when a publish was released: reading may go on. */
  released(): void {
    if (this.#isWaiting && this.pending.size <= MAX_PUBLISHES_PER_CLIENT / 2) this.#resume();
  }

  /** No more publishes are taken from it; what is held may still be acknowledged. */
  stopReading(): void {
    this.#isStopped = true;
  }

  /** Ends our side. What the client still sends is thrown away, so that its own end of the stream is seen. */
  goodbye(reason: string): void {
    this.closeReason ??= reason;
    const discard = (): void => {
      while (this.#takeBytes() !== null);
    };
    this.stream.removeAllListeners("readable");
    this.stream.on("readable", discard);
    this.stream.end();
    discard();
  }

  destroy(reason: string): void {
    this.closeReason ??= reason;
    this.stream.destroy();
  }

  /** Call when the stream has closed. */
  closed(): void {
    this.pending.clear();
    this.#budget.forget(this.#readAgain);
  }

  #read(size: number | undefined): unknown {
    if (this.#mustWait()) return null;
    const chunk: unknown = this.#takeBytes(size);
    if (chunk instanceof Uint8Array && !this.#guard.push(chunk)) {
      this.destroy("packet_too_large");
      return null;
    }
    return chunk;
  }

  #mustWait(): boolean {
    if (this.#client === null) return false;
    if (this.#isStopped) return true;
    const isFull = this.#budget.isFull;
    if (isFull) this.#budget.whenRoom(this.#readAgain);
    this.#isWaiting = isFull || this.pending.size >= MAX_PUBLISHES_PER_CLIENT;
    return this.#isWaiting;
  }

  #resume(): void {
    this.#isWaiting = false;
    if (!this.stream.destroyed) this.stream.emit("readable");
  }
}
