import { PublishRouter, type Session } from "@roadstream/gateway";
import { afterTurn, OrderedRelease, ReceiptRelay } from "@roadstream/gateway/testing";
import {
  acceptor,
  MemoryMetrics,
  silentLogger,
  statusTopic,
  type Clock,
  type Random,
} from "@roadstream/shared";
import { nodeSha256 } from "@roadstream/shared/adapters";
import type { EventLogWriter } from "@roadstream/shared/event-log";
import type { SimulatedCloud } from "@roadstream/cloud/testing";
import { Life, never } from "./life.ts";
import { Line } from "./line.ts";

/** Before a group of records is in the log · when it is, before anybody has heard · when a PUBACK is on its way. */
export const GATEWAY_MOMENTS = ["before_append", "after_append", "after_puback"] as const;
export type GatewayMoment = (typeof GATEWAY_MOMENTS)[number];

interface Visit extends Session {
  readonly line: Line;
  readonly pending: OrderedRelease;
}

const noZstd = { compress: (bytes: Uint8Array) => bytes, decompress: () => null };

/** The gateway's acceptor and router as one process, with lines in the place of a broker's sockets. */
export class SimulatedGateway {
  readonly life: Life<GatewayMoment>;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #router: PublishRouter;
  readonly #visits = new Map<string, Visit>();

  private constructor(world: SimulatedCloud, writer: EventLogWriter, onDeath: (at: string) => void) {
    const dead = new AbortController();
    this.life = new Life((at) => {
      onDeath(at);
      dead.abort();
      for (const { line } of this.#visits.values()) line.break();
    });
    this.#clock = this.life.clock(world.clock);
    this.#random = world.random;
    this.#router = new PublishRouter({
      accept: acceptor({ topics: world.topics, sha256: nodeSha256, zstd: noZstd }),
      writer: this.#mortal(writer),
      clock: this.#clock,
      random: world.random,
      logger: silentLogger,
      metrics: new MemoryMetrics(),
      afterTurn,
    });
    const relay = new ReceiptRelay({
      log: world.log.open(),
      topic: world.topics.receipts,
      ingest: { sendReceipt: (vehicleId, payload) => this.#tell(vehicleId, payload) },
      clock: this.#clock,
      logger: silentLogger,
      metrics: new MemoryMetrics(),
    });
    void relay.run(dead.signal);
  }

  static async start(world: SimulatedCloud, onDeath: (at: string) => void): Promise<SimulatedGateway> {
    return new SimulatedGateway(world, await world.log.writer(), onDeath);
  }

  /** A vehicle connects; its former connection, if one is still believed in, ends. */
  connect(vehicleId: string, clock: Clock): Line {
    const line = new Line(clock, this.#random);
    const visit: Visit = { clientId: vehicleId, line, pending: new OrderedRelease() };
    const former = this.#visits.get(vehicleId);
    this.#visits.set(vehicleId, visit);
    if (former !== undefined) this.#left(former);
    line.attach({
      received: (message, packet) => this.#received(visit, message, packet),
      closed: () => this.#left(visit),
    });
    return line;
  }

  #received(visit: Visit, message: { topic: string; payload: Uint8Array }, packet: number): void {
    if (this.life.isDead || this.#visits.get(visit.clientId) !== visit) return;
    const { clientId, line } = visit;
    const settle = visit.pending.enter((settlement) => {
      if (this.life.isDead) return;
      if (settlement === "try_later") return line.break();
      line.acknowledge(packet);
      this.life.endsAt("after_puback");
    });
    if (message.topic === statusTopic(clientId)) return settle("durable");
    const { topic, payload } = message;
    const receivedAt = this.#clock.now();
    this.#router.take({ clientId, topic, payload, receivedAt }, { session: visit, settle });
  }

  #tell(vehicleId: string, payload: string): boolean {
    const visit = this.#visits.get(vehicleId);
    if (this.life.isDead || visit === undefined) return false;
    visit.line.tell(payload);
    return true;
  }

  #left(visit: Visit): void {
    if (this.life.isDead) return;
    visit.line.break();
    if (this.#visits.get(visit.clientId) === visit) this.#visits.delete(visit.clientId);
    visit.pending.clear();
    this.#router.leave(visit);
  }

  #mortal(writer: EventLogWriter): EventLogWriter {
    return {
      append: async (records) => {
        if (this.life.endsAt("before_append")) return never();
        const outcome = await this.life.awaits(writer.append(records));
        if (this.life.endsAt("after_append")) return never();
        return outcome;
      },
      [Symbol.asyncDispose]: () => writer[Symbol.asyncDispose](),
    };
  }
}
