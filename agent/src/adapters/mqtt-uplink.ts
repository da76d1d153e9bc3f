import { connect as mqttConnect, type IClientOptions, type MqttClient } from "mqtt";
import { errorText, RoadstreamError, seconds } from "@roadstream/shared";
import type { ConnectUplink, UplinkConnection, UplinkMessage } from "../ports.ts";

export interface MqttUplinkOptions {
  /** mqtt, mqtts, ws or wss. */
  readonly url: string;
  /** The vehicle id. */
  readonly clientId: string;
  readonly username: string | null;
  readonly password: string | null;
  /** PEM texts. */
  readonly ca: string | null;
  readonly cert: string | null;
  readonly key: string | null;
  readonly will: UplinkMessage;
}

/**
 * Long, because a gateway that holds an acknowledgement back does not see pings behind it, and because the uplink's own
 * deadline finds a dead connection as soon as there is anything to send.
 */
const KEEPALIVE_S = 300;
const CONNECT_LIMIT_MS = seconds(15);
/** CONNACK: not authorised, bad user name or password, identifier rejected (MQTT 3.1.1 §3.2.2.3). */
const REFUSALS: ReadonlySet<unknown> = new Set([2, 4, 5]);

const clientOptions = (options: MqttUplinkOptions): IClientOptions => ({
  clientId: options.clientId,
  protocolVersion: 4,
  // Sessions and the library's own stores are not trusted: the outbox sends again what was not acknowledged.
  clean: true,
  reconnectPeriod: 0,
  resubscribe: false,
  queueQoSZero: false,
  connectTimeout: CONNECT_LIMIT_MS,
  keepalive: KEEPALIVE_S,
  will: {
    topic: options.will.topic,
    payload: Buffer.from(options.will.payload),
    qos: 1,
    retain: options.will.keep === "retained",
  },
  ...(options.username === null ? {} : { username: options.username }),
  ...(options.password === null ? {} : { password: options.password }),
  ...(options.ca === null ? {} : { ca: options.ca }),
  ...(options.cert === null ? {} : { cert: options.cert }),
  ...(options.key === null ? {} : { key: options.key }),
});

const connectError = (error: unknown): RoadstreamError => {
  const code = (error as { code?: unknown }).code;
  return REFUSALS.has(code)
    ? new RoadstreamError("refused", `the broker refused the connection: ${errorText(error)}`, {
        cause: error,
      })
    : new RoadstreamError("unavailable", `cannot connect: ${errorText(error)}`, { cause: error });
};

const opened = (client: MqttClient, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    let problem: RoadstreamError | null = null;
    const stop = (): void => fail(new RoadstreamError("aborted", "connect cancelled"));
    const fail = (error: RoadstreamError): void => {
      signal.removeEventListener("abort", stop);
      client.end(true);
      reject(error);
    };
    client.on("error", (error) => {
      problem = connectError(error);
    });
    client.once("close", () => fail(problem ?? connectError(new Error("the connection was closed"))));
    client.once("connect", () => {
      signal.removeEventListener("abort", stop);
      resolve();
    });
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
  });

class MqttConnection implements UplinkConnection {
  readonly closed: Promise<void>;
  readonly #client: MqttClient;
  /** Rejects what is not acknowledged when the connection ends: the library's own callbacks may never fire. */
  readonly #unanswered = new Set<(gone: RoadstreamError) => void>();
  #isOpen = true;

  constructor(client: MqttClient) {
    this.#client = client;
    this.closed = new Promise((resolve) => {
      client.once("close", () => {
        this.#isOpen = false;
        const gone = new RoadstreamError("unavailable", "the connection has ended");
        for (const reject of this.#unanswered) reject(gone);
        this.#unanswered.clear();
        resolve();
      });
    });
  }

  publish(message: UplinkMessage): Promise<void> {
    return new Promise((resolve, reject) => {
      // A client that is closed would queue the message for a reconnection that never comes.
      if (!this.#isOpen) {
        reject(new RoadstreamError("unavailable", "the connection has ended"));
        return;
      }
      this.#unanswered.add(reject);
      const packet = { qos: 1, retain: message.keep === "retained" } as const;
      this.#client.publish(message.topic, Buffer.from(message.payload), packet, (error) => {
        this.#unanswered.delete(reject);
        if (error === undefined || error === null) resolve();
        else reject(new RoadstreamError("unavailable", errorText(error), { cause: error }));
      });
    });
  }

  subscribe(topic: string, listener: (payload: Uint8Array) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      if (!this.#isOpen) {
        reject(new RoadstreamError("unavailable", "the connection has ended"));
        return;
      }
      this.#unanswered.add(reject);
      this.#client.on("message", (from, payload) => {
        if (from === topic) listener(payload);
      });
      this.#client.subscribe(topic, { qos: 1 }, (error, granted) => {
        this.#unanswered.delete(reject);
        // SUBACK 128: failure (MQTT 3.1.1 §3.9.3); the library makes an error of it in some versions.
        const isGranted = error === null && (granted ?? []).every(({ qos }) => qos < 128);
        if (isGranted) resolve();
        else reject(new RoadstreamError("refused", `the broker refused to send ${topic}`, { cause: error }));
      });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // A clean end would wait for every acknowledgement, and the last will is then kept back.
    const isClean = this.#isOpen && this.#unanswered.size === 0;
    await new Promise<void>((resolve) => this.#client.end(!isClean, {}, () => resolve()));
  }
}

/** Connections to an MQTT 3.1.1 broker over TCP, TLS or WebSocket. Each is made anew and never reconnects by itself. */
export const mqttUplink =
  (options: MqttUplinkOptions): ConnectUplink =>
  async (signal) => {
    const client = mqttConnect(options.url, clientOptions(options));
    await opened(client, signal);
    return new MqttConnection(client);
  };
