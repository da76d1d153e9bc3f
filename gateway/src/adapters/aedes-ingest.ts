import { millis, type Clock, type Logger, type Metrics, type Sha256 } from "@roadstream/shared";
import type { AuthenticateError, Client } from "aedes";
import type { Duplex } from "node:stream";
import { judgeConnect, type Credentials } from "../ingest/authenticate.ts";
import type { ListenAddress } from "../ingest/listen-url.ts";
import type { PublishPacket } from "../ingest/publish-packet.ts";
import { maySubscribe, vehicleTopics } from "../ingest/vehicle-topics.ts";
import {
  MAX_STATUS_BYTES,
  MAX_SUBSCRIPTIONS_PER_CLIENT,
  STOP_GOODBYE_LIMIT,
  SWEEP_INTERVAL,
} from "../limits.ts";
import type { Ingest } from "../ports.ts";
import type { PublishRouter } from "../route/publish-router.ts";
import { GatewayBroker } from "./aedes-broker.ts";
import { listenForMqtt, type MqttListener, type TlsFiles } from "./mqtt-listener.ts";
import { VehicleConnection } from "./vehicle-connection.ts";

export interface AedesIngestOptions {
  readonly address: ListenAddress;
  readonly tls: TlsFiles | null;
  readonly credentials: Credentials;
  readonly sha256: Sha256;
  readonly router: PublishRouter;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** MQTT 3.1.1 §3.2.2.3, table 3.1. */
const RETURN_CODES = { identifier_rejected: 2, bad_credentials: 4, not_authorized: 5 } as const;

/**
 * Where vehicles connect. A publish is acknowledged when the router says that the log has it, in the order in which the
 * publishes came (MQTT 3.1.1 §4.6). A client that is refused an acknowledgement sends it again at once, so it is cut off
 * only for "try later".
 */
export class AedesIngest implements Ingest {
  readonly #options: AedesIngestOptions;
  readonly #broker: GatewayBroker;
  readonly #connections = new Map<unknown, VehicleConnection>();
  readonly #certificates = new WeakMap<object, string>();
  readonly #byVehicle = new Map<string, VehicleConnection>();
  readonly #counts;
  readonly #stop = new AbortController();
  #listener: MqttListener | null = null;

  private constructor(options: AedesIngestOptions) {
    this.#options = options;
    const { metrics } = options;
    this.#counts = {
      unacknowledged: metrics.counter(
        "roadstream_gateway_qos0_publishes_total",
        "Uplink publishes that their clients want no acknowledgement of",
      ),
      refused: metrics.counter(
        "roadstream_gateway_requests_refused_total",
        "Requests not granted, by reason",
        ["reason"],
      ),
      closed: metrics.counter("roadstream_gateway_connections_closed_total", "Connections ended, by reason", [
        "reason",
      ]),
      open: metrics.gauge("roadstream_gateway_connections", "Open connections"),
    };
    this.#broker = new GatewayBroker({
      preConnect: (client, packet, done) => {
        // No session outlives its connection here: nothing is queued for those who are away. Receipts are cumulative.
        packet.clean = true;
        done(this.#connectFault(client, packet), true);
      },
      authenticate: (client, username, password, done) => {
        const refusal = this.#admit(client, username ?? null, password ?? null);
        done(refusal, refusal === null);
      },
      // Publishes do not come this way, but a last will does.
      authorizePublish: (client, packet, done) => {
        const isStatus = client !== null && packet.topic === vehicleTopics(client.id).status;
        done(isStatus ? null : new Error("not the vehicle's status"));
      },
      authorizeSubscribe: (client, subscription, done) =>
        done(null, this.#maySubscribe(client, subscription.topic) ? subscription : null),
    });
    this.#broker.on("client", (client) => this.#registered(client));
    this.#broker.on("clientReady", (client) => this.#connections.get(client.conn)?.ready());
    this.#broker.on("connectionError", (_client, error) =>
      options.logger.debug("connection_refused", { error: error.message }),
    );
    this.#broker.on("clientError", (client, error) =>
      options.logger.debug("client_error", { client: client.id, error: error.message }),
    );
  }

  /** Starts broker and listener. Throws `usage` when it cannot listen. */
  static async open(options: AedesIngestOptions): Promise<AedesIngest> {
    const ingest = new AedesIngest(options);
    await ingest.#broker.listen();
    const { address, tls } = options;
    ingest.#listener = await listenForMqtt({
      address,
      tls,
      onConnection: (stream, name) => ingest.#connected(stream, name),
    });
    void ingest.#sweep();
    return ingest;
  }

  get url(): string {
    return this.#listener?.url ?? "";
  }

  sendReceipt(vehicleId: string, payload: string): boolean {
    const connection = this.#byVehicle.get(vehicleId);
    if (connection?.isOpen !== true) return false;
    const { receipts: topic } = vehicleTopics(vehicleId);
    this.#pass({ topic, payload: Buffer.from(payload), qos: 1, retain: false });
    return true;
  }

  /** Takes nothing new, acknowledges what the log takes in time, then closes. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#listener?.close();
    for (const connection of this.#connections.values()) connection.stopReading();
    await this.#options.router.drain();
    const open = [...this.#connections.values()];
    const goodbyes = open.map(
      (connection) => new Promise<void>((resolve) => connection.stream.once("close", resolve)),
    );
    for (const connection of open) connection.goodbye("stopped");
    await this.#atMost(STOP_GOODBYE_LIMIT, Promise.all(goodbyes));
    for (const connection of open) connection.destroy("stopped");
    await this.#atMost(STOP_GOODBYE_LIMIT, new Promise<void>((resolve) => this.#broker.close(resolve)));
  }

  async #atMost(limit: number, work: Promise<unknown>): Promise<void> {
    const timer = new AbortController();
    const late = this.#options.clock.sleep(millis(limit), timer.signal).catch(() => undefined);
    await Promise.race([work, late]);
    timer.abort();
  }

  #connected(stream: Duplex, certificateName: string | null): void {
    const { clock, router } = this.#options;
    const connection = new VehicleConnection({
      stream,
      budget: router.budget,
      clock,
      onPublish: (from, publish) => this.#take(from, publish),
    });
    const { brokerSide } = connection;
    this.#connections.set(brokerSide, connection);
    if (certificateName !== null) this.#certificates.set(connection, certificateName);
    this.#counts.open.set(this.#connections.size);
    stream.once("close", () => {
      this.#connections.delete(brokerSide);
      if (this.#byVehicle.get(connection.clientId) === connection)
        this.#byVehicle.delete(connection.clientId);
      router.leave(connection);
      this.#counts.open.set(this.#connections.size);
      this.#counts.closed.add(1, { reason: connection.closeReason ?? "by_client" });
    });
    this.#broker.handle(brokerSide);
  }

  /** A last will is a status of the vehicle itself; anything else is refused with the connection. */
  #connectFault(
    client: Client,
    packet: {
      clientId: string;
      keepalive?: number | undefined;
      will?: { topic: string; payload: string | Buffer } | undefined;
    },
  ): Error | null {
    const { will } = packet;
    const connection = this.#connections.get(client.conn);
    // The broker does not see every packet, so that it cannot know who is silent: the connection does.
    if (connection !== undefined) connection.keepalive = (packet.keepalive ?? 0) * 1000;
    packet.keepalive = 0;
    if (will === undefined) return null;
    const { status } = vehicleTopics(packet.clientId);
    if (will.topic === status && will.payload.length <= MAX_STATUS_BYTES) return null;
    this.#counts.refused.add(1, { reason: "bad_will" });
    return new Error("the last will is not the vehicle's status");
  }

  #admit(client: Client, username: string | null, password: Buffer | null): AuthenticateError | null {
    const connection = this.#connections.get(client.conn);
    if (connection === undefined)
      return Object.assign(new Error("connection closed"), { returnCode: RETURN_CODES.not_authorized });
    const { credentials, sha256, tls } = this.#options;
    const certificateName = this.#certificates.get(connection) ?? null;
    const claim = { clientId: client.id, username, password, certificateName };
    const refusal = judgeConnect(claim, {
      credentials,
      sha256,
      needsCertificate: (tls?.clientCa ?? null) !== null,
    });
    if (refusal === null) {
      connection.admit(client.id);
      return null;
    }
    this.#counts.refused.add(1, { reason: refusal });
    connection.closeReason = refusal;
    return Object.assign(new Error(refusal), { returnCode: RETURN_CODES[refusal] });
  }

  /**
   * aedes closes the former connection of a client id, but finds it only while its own list has it: a connection that
   * closes late deletes its successor from there (aedes 1.2, unregisterClient). So the former one is ended here too.
   */
  #registered(client: Client): void {
    const connection = this.#connections.get(client.conn);
    if (connection === undefined) return;
    const former = this.#byVehicle.get(client.id);
    this.#byVehicle.set(client.id, connection);
    if (former !== undefined && former !== connection) former.destroy("taken_over");
  }

  #maySubscribe(client: Client, filter: string): boolean {
    const connection = this.#connections.get(client.conn);
    const topics = connection?.topics ?? null;
    if (connection !== undefined && topics !== null && maySubscribe(topics, filter)) {
      connection.subscriptions += 1;
      if (connection.subscriptions <= MAX_SUBSCRIPTIONS_PER_CLIENT) return true;
    }
    this.#counts.refused.add(1, { reason: "subscription" });
    return false;
  }

  #take(connection: VehicleConnection, publish: PublishPacket): void {
    const { topic, payload, packetId, qos } = publish;
    if (qos === 2) {
      this.#counts.refused.add(1, { reason: "qos_2" });
      return connection.destroy("qos_2");
    }
    const isStatus = topic === connection.topics?.status;
    const settle = connection.pending.enter((settlement) => {
      if (settlement === "try_later" && qos === 1) return connection.destroy("try_later");
      if (isStatus) this.#status(publish);
      if (qos === 1) connection.acknowledge(packetId);
      connection.released();
    });
    if (isStatus) return settle("durable");
    if (qos === 0) this.#counts.unacknowledged.add();
    const { clock, router } = this.#options;
    const { clientId } = connection;
    router.take({ clientId, topic, payload, receivedAt: clock.now() }, { session: connection, settle });
  }

  #status({ topic, payload, qos, retain }: PublishPacket): void {
    if (payload.length > MAX_STATUS_BYTES) this.#counts.refused.add(1, { reason: "status_too_large" });
    else this.#pass({ topic, payload, qos, retain });
  }

  #pass(message: Pick<PublishPacket, "topic" | "payload" | "qos" | "retain">): void {
    this.#broker.publish({ cmd: "publish", dup: false, ...message });
  }

  /** Ends the connections of clients that have gone without a word, until the stop. */
  async #sweep(): Promise<void> {
    const { clock } = this.#options;
    while (!this.#stop.signal.aborted) {
      await clock.sleep(SWEEP_INTERVAL, this.#stop.signal).catch(() => undefined);
      const now = clock.uptime();
      for (const connection of this.#connections.values())
        if (connection.isSilent(now)) connection.destroy("silent");
    }
  }
}
